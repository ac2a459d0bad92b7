"""The list of measured volumes: one file for what follows to depend on, instead of many."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from tomocalc.dataset.shards import read_manifest
from tomocalc.errors import TomocalcError
from tomocalc.files import file_sha256, sheet_text, write_text

COLUMNS = (
    "volume_id",
    "patient_id",
    "slices",
    "candidates",
    "quarantined",
    "manifest",
    "sha256",
    "picture",
)
"""Of the sheet; manifests with their checksums, and paths relative to its folder."""


def write_listing(path: str | Path, manifests: Sequence[str], pictures: Sequence[str]) -> int:
    """List volumes, sorted by their id, and return how many there are.

    Parameters
    ----------
    path
        Of the sheet.
    manifests, pictures
        Of the volumes, in the same order.
    """
    folder = Path(path).parent
    rows = []
    for manifest, picture in zip(manifests, pictures, strict=True):
        facts = read_manifest(manifest)
        rows.append(
            {
                "volume_id": facts["volume_id"],
                "patient_id": facts.get("patient_id"),
                "slices": facts["slices"],
                "candidates": facts.get("candidates"),
                "quarantined": len(facts["quarantined"]),
                "manifest": os.path.relpath(manifest, folder),
                "sha256": file_sha256(manifest),
                "picture": os.path.relpath(picture, folder),
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
    return [_checked(place, row["sha256"]) for row, place in _places(path, "manifest")]


def listed_pictures(path: str | Path | None) -> list[str]:
    """Return the pictures of a list of volumes; none without a list."""
    return [place for _, place in _places(path, "picture")]


def _places(path: str | Path | None, column: str) -> list[tuple[dict[str, str], str]]:
    """Return every row with the path in one of its columns, from the working directory."""
    if path is None:
        return []
    with Path(path).open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    folder = Path(path).parent
    return [(row, os.path.normpath(folder / row[column])) for row in rows]


def _checked(manifest: str, sha256: str) -> str:
    """Return the path of a manifest whose content is the listed one."""
    if not Path(manifest).is_file() or file_sha256(manifest) != sha256:
        raise TomocalcError(
            "E301",
            what="a manifest cannot be used",
            where=manifest,
            why="it is missing or differs from the checksum in the list of volumes",
            fix=f"delete {manifest} and run the same command again",
        )
    return manifest
