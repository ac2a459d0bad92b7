"""The list of measured volumes: one file for what follows to depend on, instead of many."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from tomocalc.dataset.cohort import cohort_doubts
from tomocalc.errors import TomocalcError
from tomocalc.files import file_sha256, sheet_text, write_text
from tomocalc.image.shards import read_manifest, remains
from tomocalc.parquet import REMEDY

COLUMNS = (
    "volume_id",
    "patient_id",
    "slices",
    "candidates",
    "quarantined",
    "doubts",
    "manifest",
    "sha256",
)
"""Of the sheet; doubts by their codes, manifests relative to its folder, with their checksums."""


def write_listing(path: str | Path, manifests: Sequence[str]) -> int:
    """List volumes, sorted by their id, and return how many there are.

    Parameters
    ----------
    path
        Of the sheet.
    manifests
        Of the volumes.
    """
    folder = Path(path).parent
    read = {manifest: read_manifest(manifest).lean() for manifest in manifests}
    doubts = cohort_doubts(read.values())
    rows = []
    for manifest, facts in read.items():
        rows.append(
            {
                "volume_id": facts.volume_id,
                "patient_id": facts.patient_id,
                "slices": facts.slices,
                "candidates": facts.candidates,
                "quarantined": len(facts.quarantined),
                "doubts": " ".join(doubt.code for doubt in doubts[facts.volume_id]),
                "manifest": os.path.relpath(manifest, folder),
                "sha256": file_sha256(manifest),
            }
        )
    write_text(path, sheet_text(COLUMNS, sorted(rows, key=lambda row: row["volume_id"])))
    return len(rows)


def listed_manifests(path: str | Path | None) -> list[str]:
    """Return the manifests of a list, each compared with its checksum; none without a list.

    Raises
    ------
    TomocalcError
        ``E301`` for a manifest that is missing or altered.
    """
    if path is None:
        return []
    folder = Path(path).parent
    return [checked(folder / row["manifest"], row["sha256"]) for row in _rows(path)]


def listed_volumes(path: str | Path | None) -> list[str]:
    """Return the ids of the listed volumes; none without a list."""
    return [] if path is None else [row["volume_id"] for row in _rows(path)]


def _rows(path: str | Path) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))


def checked(path: Path, sha256: str) -> str:
    """Return the path of a volume's file, once its content is seen to be the listed one.

    Raises
    ------
    TomocalcError
        ``E301`` when it is missing or altered.
    """
    path = Path(os.path.normpath(path))
    if not path.is_file() or file_sha256(path) != sha256:
        raise TomocalcError(
            "E301",
            what="a file of a measured volume cannot be used",
            where=str(path),
            why="it is missing or differs from the checksum in the list of volumes",
            fix=REMEDY.format(path=remains(path)),
        )
    return str(path)
