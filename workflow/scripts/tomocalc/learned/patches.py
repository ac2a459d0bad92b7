"""What the network sees of an object: a square of the slice around it, as two planes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tomocalc.image.slices import Prepared

SIDE = 48
"""Pixels of a patch, in each direction; the network sees all of it at half the resolution."""
MIDDLE = 16
"""Pixels of its middle that the network sees at full resolution."""
LEVEL = 32
"""Pixels of its middle whose mean and deviation are those of the tissue around the object."""
QUIET = 0.5
"""Smallest deviation that is believed, in grey levels."""
ENDS = (-8.0, 16.0)
"""Standard deviations beyond which nothing more is told apart."""


def patches(
    prepared: Prepared, row: NDArray[np.floating], col: NDArray[np.floating]
) -> NDArray[np.float16]:
    """Cut the patches around some places of a slice.

    Beyond the border the slice is continued by reflection: an edge of zeros would look like an
    object's.

    Parameters
    ----------
    prepared
        The slice.
    row, col
        Centres in pixels, shape (object,).

    Returns
    -------
    numpy.ndarray
        Grey levels, (object, row, column); 16 bits tell a tenth of a level apart.
    """
    raw = prepared.raw
    table = prepared.scale.table(np.iinfo(raw.dtype).max + 1).astype(np.float16)
    # Pixels of every patch: (object, row) and (object, column), reflected into the slice.
    offset = np.arange(SIDE) - SIDE // 2
    down = _reflected(np.rint(row).astype(np.int64)[:, None] + offset, raw.shape[0])[:, :, None]
    across = _reflected(np.rint(col).astype(np.int64)[:, None] + offset, raw.shape[1])[:, None, :]
    return table[raw[down, across]]


def planes(grey: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return what the network sees of patches.

    Returns
    -------
    numpy.ndarray
        (object, row, column, plane), planes: (grey − mean) / deviation, both of the tissue around
        the object; grey / 100 − 0.5, so that −0.5..0.5 is the range of the breast's tissue.
    """
    levels = grey.astype(np.float32)
    edge = (SIDE - LEVEL) // 2
    near = levels[:, edge:-edge, edge:-edge].reshape(len(levels), -1)
    mean = near.mean(axis=1)[:, None, None]
    noise = np.maximum(near.std(axis=1), QUIET)[:, None, None]
    seen = np.empty((*levels.shape, 2), np.float32)
    np.clip((levels - mean) / noise, *ENDS, out=seen[..., 0])
    np.subtract(levels / np.float32(100), np.float32(0.5), out=seen[..., 1])
    return seen


def _reflected(index: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return indices into 0..size-1 by reflection about the first and the last pixel."""
    period = max(2 * (size - 1), 1)
    index = np.abs(index) % period
    return np.minimum(index, period - index)
