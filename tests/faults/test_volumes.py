"""Bad volumes in a real run: named, alone in failing, and mended by the same command."""

from pathlib import Path
from typing import Any

import pytest

from support.image_volumes import run as extract
from support.image_volumes import write_volume
from support.projects import Project
from support.volume_projects import ARGUMENTS, errors, manifest
from tomocalc.errors import TomocalcError
from tomocalc.image import extraction

CANDIDATES = "results/dataset/candidates.parquet"


def test_an_empty_slice_is_named_and_stops_its_volume_only(own: Project) -> None:
    slice_ = own.folder / "raw/v2/s3.png"
    whole = slice_.read_bytes()
    slice_.write_bytes(b"")
    run = own.snakemake(CANDIDATES, *ARGUMENTS, ok=False)
    assert run.returncode == 1
    (line,) = errors(run)
    assert "E201" in line
    assert "raw/v2/s3.png" in line
    assert "Traceback" not in run.stderr
    assert [manifest(own, name).exists() for name in ("v1", "v2", "v3")] == [True, False, True]
    slice_.write_bytes(whole)
    assert own.planned(CANDIDATES, *ARGUMENTS)["extract_features"] == 1
    own.snakemake(CANDIDATES, *ARGUMENTS)


def test_quarantined_slices_are_listed_and_too_many_stop_the_merge(own: Project) -> None:
    (own.folder / "raw/v2/s0.png").write_bytes(b"")
    damaged = own.folder / "raw/v3/s4.png"
    damaged.write_bytes(damaged.read_bytes()[:3000])
    quarantine = (*ARGUMENTS, "--config", "image={on_bad_slice: quarantine}")
    run = own.snakemake(CANDIDATES, *quarantine, ok=False)
    (line,) = errors(run)
    assert "E306" in line
    assert "2 of 15 slices" in line
    sheet = own.folder / "results/qc/quarantine.tsv"
    rows = [row.split("\t") for row in sheet.read_text().splitlines()]
    assert rows[0] == ["volume_id", "slice", "reason", "fix"]
    assert [row[:2] for row in rows[1:]] == [["v2", "0"], ["v3", "4"]]
    assert rows[1][2].startswith("[E201]")
    assert rows[2][2].startswith("[E202]")
    assert str(own.folder) not in sheet.read_text()
    own.snakemake(CANDIDATES, *quarantine, "dataset={max_bad_fraction: 0.2}")


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
