"""Bad volumes in a real run: named, alone in failing, and mended by the same command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.image_volumes import run as extract
from support.image_volumes import write_volume
from support.projects import Project, copy_project
from support.volume_projects import ARGUMENTS, add_volumes, errors, manifest
from tomocalc.errors import TomocalcError
from tomocalc.image import extraction

CANDIDATES = "results/dataset/candidates.parquet"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return add_volumes(copy_project(tmp_path / "project"))


def test_an_empty_slice_is_named_and_stops_its_volume_only(project: Project) -> None:
    slice_ = project.folder / "raw/v2/s3.png"
    whole = slice_.read_bytes()
    slice_.write_bytes(b"")
    run = project.snakemake(CANDIDATES, *ARGUMENTS, ok=False)
    assert run.returncode == 1
    (line,) = errors(run)
    assert "E201" in line
    assert "raw/v2/s3.png" in line
    assert "Traceback" not in run.stderr
    assert [manifest(project, name).exists() for name in ("v1", "v2", "v3")] == [True, False, True]
    slice_.write_bytes(whole)
    assert project.planned(CANDIDATES, *ARGUMENTS)["extract_features"] == 1
    project.snakemake(CANDIDATES, *ARGUMENTS)


def test_quarantined_slices_are_listed_and_too_many_stop_the_merge(project: Project) -> None:
    (project.folder / "raw/v2/s0.png").write_bytes(b"")
    damaged = project.folder / "raw/v3/s4.png"
    damaged.write_bytes(damaged.read_bytes()[:3000])
    quarantine = (*ARGUMENTS, "--config", "image={on_bad_slice: quarantine}")
    run = project.snakemake(CANDIDATES, *quarantine, ok=False)
    (line,) = errors(run)
    assert "E306" in line
    assert "2 of 15 slices" in line
    sheet = project.folder / "results/qc/quarantine.tsv"
    rows = [row.split("\t") for row in sheet.read_text().splitlines()]
    assert rows[0] == ["volume_id", "slice", "reason", "fix"]
    assert [row[:2] for row in rows[1:]] == [["v2", "0"], ["v3", "4"]]
    assert rows[1][2].startswith("[E201]")
    assert rows[2][2].startswith("[E202]")
    assert str(project.folder) not in sheet.read_text()
    project.snakemake(CANDIDATES, *quarantine, "dataset={max_bad_fraction: 0.2}")


def test_a_volume_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_volume(tmp_path / "raw")
    search = extraction.find_candidates

    def copied_meanwhile(*stack: Any, **options: Any) -> Any:
        late = source / "s2.png"
        late.write_bytes(late.read_bytes())
        return search(*stack, **options)

    monkeypatch.setattr(extraction, "find_candidates", copied_meanwhile)
    with pytest.raises(TomocalcError, match=r"E208.*changed while it was read.*s2\.png"):
        extract(source, tmp_path / "out")
    assert not (tmp_path / "out/manifest.json").exists()
