"""The list of measured volumes names manifests, pictures and counts."""

from pathlib import Path
from typing import Any

import pytest

from support.manifests import manifest
from tomocalc.accounts.doubts import Doubt
from tomocalc.accounts.manifest import Batch, QuarantinedSlice
from tomocalc.dataset.listing import COLUMNS, listed_manifests, listed_volumes, write_listing
from tomocalc.errors import TomocalcError
from tomocalc.files import file_sha256

BAD = QuarantinedSlice(slice=1, reason="[E202] damaged: cut", fix="copy it again")


def written(folder: Path, name: str, **facts: Any) -> str:
    """Write a manifest and return its path."""
    path = folder / "features" / name / "manifest.json"
    path.parent.mkdir(parents=True)
    manifest(name, **{"slices": 2, "candidates": 4} | facts).write(path)
    return str(path)


def test_volumes_are_listed_sorted_with_paths_from_the_sheet(tmp_path: Path) -> None:
    manifests = [
        written(tmp_path, "w", patient_id="p", candidates=7),
        written(
            tmp_path, "v", quarantined=(BAD,), doubts=(Doubt(code="quarantined"), Doubt(code="gap"))
        ),
    ]
    sheet = tmp_path / "features/volumes.tsv"
    assert write_listing(sheet, manifests) == 2
    assert [line.split("\t") for line in sheet.read_text().splitlines()] == [
        [*COLUMNS],
        ["v", "p", "2", "4", "1", "quarantined gap", "v/manifest.json", file_sha256(manifests[1])],
        ["w", "p", "2", "7", "0", "", "w/manifest.json", file_sha256(manifests[0])],
    ]
    assert listed_manifests(sheet) == manifests[::-1]
    assert listed_volumes(sheet) == ["v", "w"]


def test_without_a_list_there_are_no_volumes() -> None:
    assert listed_manifests(None) == listed_volumes(None) == []


def test_a_manifest_that_is_altered_or_missing_is_named(tmp_path: Path) -> None:
    manifest = written(tmp_path, "v")
    sheet = tmp_path / "features/volumes.tsv"
    write_listing(sheet, [manifest])
    account = tmp_path / "batches/v.json"
    (Path(manifest).parent / "overlay.png").touch()
    Batch.of([Path(manifest).parent], place=account.parent).write(account)
    Path(manifest).write_text("{}")
    with pytest.raises(
        TomocalcError, match=rf"E301.*{manifest}.*delete it .*: rm {account} {sheet}"
    ):
        listed_manifests(sheet)
    Path(manifest).unlink()
    with pytest.raises(TomocalcError, match="E301"):
        listed_manifests(sheet)
