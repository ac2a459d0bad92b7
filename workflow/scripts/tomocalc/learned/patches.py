"""What the network sees of an object: a square of the slice around it, in two planes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tomocalc.image.slices import Prepared

SIDE = 32
"""Pixels of a patch, in each direction."""
MIDDLE = 12
"""Pixels of its middle that the network sees a second time, at full resolution."""
BLOCK = 4
"""Side of the blocks, in pixels, on which local mean and noise are computed."""
WINDOW = 7
"""Blocks over which both are averaged: a little less than a patch."""
QUIET = 0.5
"""Smallest noise that is believed, in grey levels."""
ENDS = (-8.0, 16.0)
"""Standard deviations beyond which nothing more is told apart."""


def patches(
    prepared: Prepared, row: NDArray[np.floating], col: NDArray[np.floating]
) -> NDArray[np.float32]:
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
        (object, plane, row, column), planes: (grey − local mean) / local noise; grey / 100 − 0.5,
        so that −0.5..0.5 is the range of the breast's tissue.
    """
    raw = prepared.raw
    table = prepared.scale.table(np.iinfo(raw.dtype).max + 1)
    mean, noise = local_levels(raw, table)
    # Pixels of every patch: (object, row) and (object, column), reflected into the slice.
    offset = np.arange(SIDE) - SIDE // 2
    down = _reflected(np.rint(row).astype(np.int64)[:, None] + offset, raw.shape[0])[:, :, None]
    across = _reflected(np.rint(col).astype(np.int64)[:, None] + offset, raw.shape[1])[:, None, :]
    grey = table[raw[down, across]]
    block = down // BLOCK, across // BLOCK
    found = np.empty((len(grey), 2, SIDE, SIDE), np.float32)
    np.clip((grey - mean[block]) / noise[block], *ENDS, out=found[:, 0])
    np.subtract(grey / np.float32(100), np.float32(0.5), out=found[:, 1])
    return found


def local_levels(
    raw: NDArray[np.unsignedinteger], table: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return local mean and noise of a slice in grey levels, (block row, block column) each.

    The noise is the root mean square difference from the local mean.
    """
    grey = table[raw]
    rows, columns = (-(-size // BLOCK) for size in raw.shape)
    beyond = [(0, rows * BLOCK - raw.shape[0]), (0, columns * BLOCK - raw.shape[1])]
    if beyond != [(0, 0), (0, 0)]:
        grey = np.pad(grey, beyond, mode="edge")
    shape = rows, BLOCK, columns, BLOCK
    first = grey.reshape(shape).mean(axis=(1, 3))
    second = np.square(grey).reshape(shape).mean(axis=(1, 3))
    mean = ndimage.uniform_filter(first, WINDOW, mode="reflect")
    # Mean of (x − m)² over a block, m being one number there.
    square = second - 2 * mean * first + mean**2
    noise = np.sqrt(np.maximum(ndimage.uniform_filter(square, WINDOW, mode="reflect"), QUIET**2))
    return mean.astype(np.float32), noise.astype(np.float32)


def _reflected(index: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return indices into 0..size-1 by reflection about the first and the last pixel."""
    period = max(2 * (size - 1), 1)
    index = np.abs(index) % period
    return np.minimum(index, period - index)
