"""What a detector sees of a volume: a slice and its neighbours in depth, grey levels in noise."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from tomocalc.image.slices import prepare
from tomocalc.readers.volume import Volume

DEPTH_MM = 2.0
"""Distance of the neighbours: a vessel along the beam is as sharp there, a calcification is not."""
WINDOW_MM = 2.8
"""Side of the square in which mean and noise are those of a pixel's surroundings."""
QUIET = 0.5
"""Smallest noise that is believed, in grey levels."""
ENDS = (-8.0, 16.0)
"""Standard deviations beyond which nothing more is told apart."""
SCALE = 4.0
"""Standard deviations of local noise to one unit, so that networks see numbers around 1."""

Plane = NDArray[np.float32]


class Planes:
    """The slices of a volume as detectors see them; the last few are kept.

    Parameters
    ----------
    volume
        Whose slices they are.
    unreadable
        Slices that are in quarantine.
    """

    def __init__(self, volume: Volume, unreadable: Collection[int] = ()) -> None:
        self.volume = volume
        self._unreadable = frozenset(unreadable)
        self._step = max(1, round(DEPTH_MM / volume.header.slice_spacing_mm))
        self._kept: dict[int, tuple[Plane, NDArray[np.bool_]] | None] = {}

    def at(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]] | None:
        """Return a slice and its neighbours, and where the breast is; None without contrast.

        Returns
        -------
        planes, breast
            (plane, row, column): `DEPTH_MM` above, the slice itself, below; and (row, column).
            Where a neighbour is missing the slice stands in.
        """
        middle = self._plane(index)
        if middle is None:
            return None
        beside = [self._plane(index - self._step), self._plane(index + self._step)]
        above, below = (middle if one is None else one for one in beside)
        for old in [it for it in self._kept if it < index - self._step]:
            del self._kept[old]
        return np.stack([above[0], middle[0], below[0]]), middle[1]

    def _plane(self, index: int) -> tuple[Plane, NDArray[np.bool_]] | None:
        if index not in self._kept:
            self._kept[index] = self._computed(index)
        return self._kept[index]

    def _computed(self, index: int) -> tuple[Plane, NDArray[np.bool_]] | None:
        if not 0 <= index < len(self.volume) or index in self._unreadable:
            return None
        prepared = prepare(self.volume.read(index), self.volume.header.spacing_mm)
        if prepared is None:
            return None
        grey = prepared.grey.table[prepared.raw]
        window = round(WINDOW_MM / max(self.volume.header.spacing_mm))
        mean, square = (uniform_filter(it, window, mode="reflect") for it in (grey, grey**2))
        noise = np.sqrt(np.maximum(square - mean**2, QUIET**2))
        plane = np.clip((grey - mean) / noise, *ENDS) / np.float32(SCALE)
        return plane.astype(np.float32), prepared.breast.pixels(grey.shape)
