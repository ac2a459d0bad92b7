"""What one job of `extract_features` has measured: a manifest and a picture per volume."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from tomocalc.accounts.base import Account, Record
from tomocalc.files import file_sha256


class MeasuredVolume(Record, frozen=True, kw_only=True):
    """Files of one volume, relative to the folder of the account, with their checksums."""

    volume_id: str
    manifest: str
    manifest_sha256: str
    overlay: str
    overlay_sha256: str


class Batch(Account, frozen=True, kw_only=True):
    """The volumes of one batch, sorted by their id."""

    volumes: tuple[MeasuredVolume, ...]

    @classmethod
    def of(cls, folders: Iterable[Path], *, place: Path) -> Self:
        """Return the account of the volumes in *folders*, to be written into folder *place*.

        Each folder has its volume's id for a name, and holds ``manifest.json`` and
        ``overlay.png``.
        """
        return cls(volumes=tuple(_measured(folder, place) for folder in sorted(folders)))


def _measured(folder: Path, place: Path) -> MeasuredVolume:
    manifest, overlay = folder / "manifest.json", folder / "overlay.png"
    return MeasuredVolume(
        volume_id=folder.name,
        manifest=os.path.relpath(manifest, place),
        manifest_sha256=file_sha256(manifest),
        overlay=os.path.relpath(overlay, place),
        overlay_sha256=file_sha256(overlay),
    )
