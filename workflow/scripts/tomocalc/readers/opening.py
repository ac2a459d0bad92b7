"""Volumes as a run reads them: opened by a row of the sheet, and decoded once, if read twice."""

import contextlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.doubts import refuse_doubts
from tomocalc.readers.dicom_lists import VIEWS
from tomocalc.readers.volume import Volume, doubted, open_volume
from tomocalc.sections import ReadingSection

log = logging.getLogger(__name__)


def open_row(
    source: str | Path,
    row: Mapping[str, Any],
    image: ReadingSection,
    put_in: Callable[[Volume], Volume] | None = None,
) -> Volume:
    """Open the volume of a sheet's *row*; see `open_volume`.

    Parameters
    ----------
    source
        File, folder or pattern that holds it.
    row
        Its laterality, pixel_spacing_mm and slice_spacing_mm are used, and its view is compared.
    image
        Section of the configuration.
    put_in
        What lays something over the slices, if anything does.

    Raises
    ------
    TomocalcError
        Those of `open_volume`, and ``E209`` for a doubt that the configuration refuses.
    """
    volume = open_volume(
        source,
        pixel_spacing_mm=row["pixel_spacing_mm"],
        slice_spacing_mm=row["slice_spacing_mm"],
        laterality=row["laterality"],
        max_pixels=image["max_pixels"],
        min_size=image["min_size"],
        side_mismatch=image["side_mismatch"],
    )
    given, stated = (row.get("view") or "").upper(), volume.header.view
    if given in VIEWS and stated not in (given, None):
        volume = doubted(volume, "view_differs", {})
    if put_in is not None:
        volume = put_in(volume)
    refuse_doubts(volume.header.doubts, image, f"volume {row['volume_id']}, {source}")
    return volume


class Spool(Volume):
    """A volume that keeps its decoded slices in a scratch file, not in memory.

    It asks that volume itself, of whatever kind, for slices and keys. Slices stored as they are
    take no longer to read again than from a scratch file, and are not kept. Threads may read at
    once.
    """

    def __init__(self, volume: Volume, scratch: int) -> None:
        super().__init__(header=volume.header, planes=volume.planes, scale=volume.scale)
        self._volume = volume
        self._scratch = scratch
        self._dtype = np.dtype(volume.header.dtype)
        self._size = volume.header.rows * volume.header.columns * self._dtype.itemsize
        self._kept: set[int] = set()
        self._full = False

    def read(self, index: int) -> NDArray[Any]:
        """Return one slice, as `Volume.read` does; decode it the first time only."""
        if index in self._kept:
            return self._again(index)
        image = self._volume.read(index)
        if self._compressed(index) and image.nbytes == self._size and not self._full:
            self._keep(index, image)
        return image

    def key(self, index: int) -> str:
        """Return what `Volume.key` does: of the volume that is kept."""
        return self._volume.key(index)

    def _compressed(self, index: int) -> bool:
        return sum(length for _, length in self._plane(index).spans) < self._size

    def _keep(self, index: int, image: NDArray[Any]) -> None:
        content, offset = image.data.cast("B"), index * self._size
        try:
            written = 0
            while written < self._size:
                written += os.pwrite(self._scratch, content[written:], offset + written)
        except OSError as error:
            self._full = True
            log.warning("slices are decoded twice: no scratch space (%s)", error.strerror)
        else:
            self._kept.add(index)

    def _again(self, index: int) -> NDArray[Any]:
        image = np.empty((self.header.rows, self.header.columns), self._dtype)
        content, offset = image.data.cast("B"), index * self._size
        have = 0
        while have < self._size:
            step = os.preadv(self._scratch, [content[have:]], offset + have)
            if step == 0:
                return self._volume.read(index)
            have += step
        return image


@contextlib.contextmanager
def spooled(volume: Volume) -> Iterator[Volume]:
    """Yield *volume* such that every slice is decoded at most once.

    The scratch file has no name, lies in the folder for temporary files (``TMPDIR``), takes the
    decoded size of the compressed slices at most, and is gone after the block, or after a kill.
    """
    with tempfile.TemporaryFile(prefix="tomocalc-") as scratch:
        yield Spool(volume, scratch.fileno())
