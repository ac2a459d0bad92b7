"""Bright spots: where a difference of Gaussians stands out from the noise around it.

Calcifications are brighter than their surroundings at the scale of their size. A difference of
Gaussians (DoG) answers to just that; and because noise and texture differ between fat, glandular
tissue and skin, each scale is compared with its own mean magnitude in the neighbourhood, not with
one number for the slice. On real slices that halves the false candidates at equal recall.

The slice is worked on in strips of cache-sized tiles. A strip waits until the noise of the blocks
below it is known, so a few strips are in memory and never the slice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tomocalc.image.breast import Breast
from tomocalc.image.grey import Scale
from tomocalc.image.runs import guarded_runs, stretches
from tomocalc.image.smoothing import TILE, UNIT, Ladder, tiles

SCALES_MM = (0.12, 0.19, 0.31)
"""Standard deviations of the narrower Gaussians: spots of about 0.25 to 1 mm across."""

RATIO = 1.6
"""Of the wider Gaussian to the narrower; Marr and Hildreth 1980."""

WINDOW = 2
"""Blocks (of about 1 mm) to each side over which the noise is averaged."""

SKIN_BLOCKS = 2
"""Blocks nearer to the edge of the breast say nothing about the noise inside."""

SIGMA_PER_MEAN = 1.2533
"""Standard deviation of a normal distribution over its mean magnitude, √(π/2)."""

FLOOR = 0.1
"""Smallest noise that is believed, in grey levels: that of rounding."""

NEVER = np.iinfo(np.int16).max
"""A threshold that no response exceeds."""


@dataclass(frozen=True, eq=False)
class Spots:
    """Runs of pixels that stand out, in reading order.

    Attributes
    ----------
    row, start, stop
        Shape (run,).
    strength
        Largest response of each run, in standard deviations of the noise.
    share
        Share of the slice's pixels that stand out, 0..1.
    """

    row: NDArray[np.int32]
    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    strength: NDArray[np.float32]
    share: float


@dataclass(frozen=True, eq=False)
class _Strip:
    """Responses of some rows of blocks of the breast's box.

    Attributes
    ----------
    top
        First pixel row.
    response
        DoG per scale in 1/`UNIT` grey levels, shape (scale, row, column); rows are filled up with
        zeros to whole blocks.
    inside
        Blocks in the breast, shape (block row, block column).
    total
        Sum of the magnitudes per block in the core, shape (scale, block row, block column).
    count
        How many were summed, shape (block row, block column).
    """

    top: int
    response: NDArray[np.int16]
    inside: NDArray[np.bool_]
    total: NDArray[np.float32]
    count: NDArray[np.float32]


def find_spots(
    raw: NDArray[np.unsignedinteger],
    breast: Breast,
    scale: Scale,
    *,
    threshold: float,
    spacing_mm: float,
) -> Spots:
    """Find the pixels of a slice that stand out.

    Parameters
    ----------
    raw
        Slice, shape (row, column).
    breast
        Where to search.
    scale
        From raw to grey values.
    threshold
        Standard deviations of the local noise that a pixel must exceed at one of the scales.
    spacing_mm
        Pixel spacing.
    """
    widths = (*SCALES_MM, SCALES_MM[-1] * RATIO)
    ladder = Ladder(tuple((width / spacing_mm) ** 2 for width in widths))
    rows, columns = breast.box((raw.shape[0], raw.shape[1]))
    strips = _strips(raw, breast, scale, ladder, rows, columns)
    found = [
        _strip_runs(strip, noise, breast.block, threshold) for strip, noise in _with_noise(strips)
    ]
    row, start, stop, strength = (np.concatenate(part) for part in zip(*found, strict=True))
    left = np.int32(columns.start)
    return Spots(row, start + left, stop + left, strength, float((stop - start).sum()) / raw.size)


def _strips(
    raw: NDArray[np.unsignedinteger],
    breast: Breast,
    scale: Scale,
    ladder: Ladder,
    rows: slice,
    columns: slice,
) -> Iterator[_Strip]:
    block = breast.block
    core = breast.depth > (SKIN_BLOCKS - 0.5) * block
    height = block * max(WINDOW, TILE[0] // block)
    across = slice(columns.start // block, -(-columns.stop // block))
    for strip, parts in tiles(rows, columns, (height, TILE[1])):
        down = slice(strip.start // block, -(-strip.stop // block))
        rows_here, width = strip.stop - strip.start, columns.stop - columns.start
        response = np.empty((len(SCALES_MM), (down.stop - down.start) * block, width), np.int16)
        response[:, rows_here:] = 0
        for tile in parts:
            part = slice(tile.left - columns.start, tile.right - columns.start)
            _respond(ladder, ladder.load(raw, tile, scale), response[:, :rows_here, part])
        sums = _magnitudes(response[:, :rows_here], block, core[down, across])
        yield _Strip(strip.start, response, breast.mask[down, across], *sums)


def _respond(ladder: Ladder, padded: NDArray[np.uint16], out: NDArray[np.int16]) -> None:
    """Write the difference of each scale and the next."""
    before: NDArray[np.int16] | None = None
    for index, smooth in enumerate(ladder.smooth(padded)):
        signed = smooth.view(np.int16)
        if before is not None:
            np.subtract(before, signed, out=out[index - 1])
        before = signed


def _magnitudes(
    response: NDArray[np.int16], block: int, core: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sum |response| over the blocks of the core of the breast, of each about four rows.

    A magnitude is below 2¹² and of a block at most seven rows are read: 16 bits hold their sum.
    """
    down = np.zeros((response.shape[0], core.shape[0], response.shape[2]), np.int16)
    heights = np.zeros(core.shape[0], np.float32)
    for first in range(0, block, max(1, block // 4)):
        lines = np.abs(response[:, first::block])
        down[:, : lines.shape[1]] += lines
        heights[: lines.shape[1]] += 1
    lefts = np.arange(0, response.shape[2], block)
    total = np.add.reduceat(down, lefts, axis=2, dtype=np.float32)
    widths = np.diff([*lefts, response.shape[2]])
    return total * core, np.outer(heights, widths).astype(np.float32) * core


def _with_noise(strips: Iterator[_Strip]) -> Iterator[tuple[_Strip, NDArray[np.float32]]]:
    """Yield every strip with the standard deviation of the noise around each of its blocks.

    The window of a strip's blocks reaches into the strips above and below.
    """
    above: _Strip | None = None
    here: _Strip | None = None
    for below in chain(strips, [None]):
        if here is not None:
            yield here, _noise(above, here, below)
        above, here = here, below


def _noise(above: _Strip | None, here: _Strip, below: _Strip | None) -> NDArray[np.float32]:
    parts = [
        _edge(here, above, slice(-WINDOW, None)),
        (here.total, here.count),
        _edge(here, below, slice(0, WINDOW)),
    ]
    total = _box_sum(np.concatenate([part[0] for part in parts], axis=1))
    count = _box_sum(np.concatenate([part[1] for part in parts], axis=0))
    # Far from the core (the skin, a thin breast) the strip's own mean has to do.
    pixels = max(float(here.count.sum()), 1.0)
    whole = here.total.sum(axis=(1, 2), keepdims=True) / pixels
    mean = np.where(count > 0, total / np.maximum(count, 1), whole)
    return np.maximum(mean * SIGMA_PER_MEAN, FLOOR * UNIT).astype(np.float32)


def _edge(
    here: _Strip, other: _Strip | None, rows: slice
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the rows of blocks of a neighbouring strip that are next to this one, or zeros."""
    scales, _, columns = here.total.shape
    total = np.zeros((scales, WINDOW, columns), np.float32)
    count = np.zeros((WINDOW, columns), np.float32)
    if other is not None:
        # A strip can have fewer rows of blocks than the window reaches over: they are those next
        # to this strip, the last of the one above or the first of the one below.
        have = other.count[rows]
        where = slice(WINDOW - have.shape[0], None) if rows.start else slice(have.shape[0])
        total[:, where], count[where] = other.total[:, rows], have
    return total, count


def _box_sum(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum over the window: rows of blocks where all of it is there, columns with zeros beyond.

    What is summed are whole numbers far below 2²⁴, so the order of the additions does not matter.
    """
    ones = np.ones(2 * WINDOW + 1)
    down = np.asarray(ndimage.correlate1d(values, ones, axis=-2))[..., WINDOW:-WINDOW, :]
    return np.asarray(ndimage.correlate1d(down, ones, axis=-1, mode="constant"), np.float32)


def _strip_runs(
    strip: _Strip, noise: NDArray[np.float32], block: int, threshold: float
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Return row, start, stop and strength of the runs of one strip; columns are the box's."""
    height, width = strip.response.shape[1:]
    # One threshold per scale and block; outside the breast one that nothing exceeds.
    limit = np.where(strip.inside, np.minimum(threshold * noise, NEVER), NEVER).astype(np.int16)
    # One column more than needed stays empty, so that no run goes on in the next row. Seen as
    # (row of blocks, row in the block, column), the mask is compared with a threshold per column.
    mask = np.zeros((height, width + 1), np.bool_)
    out = mask.reshape(-1, block, width + 1)[:, :, :width]
    for response, limits in zip(strip.response, limit, strict=True):
        wide = np.repeat(limits, block, axis=1)[:, None, :width]
        out |= response.reshape(-1, block, width) > wide
    row, start, stop = guarded_runs(mask)
    # Row and column of every pixel of the runs, one run after the other: what it exceeds the noise
    # of its block by, at its best scale; of a run the best of its pixels.
    length = stop - start
    in_row = np.repeat(row, length)
    in_col = stretches(start, length)
    ratio = strip.response[:, in_row, in_col] / noise[:, in_row // block, in_col // block]
    strength = np.zeros(row.size, np.float32)
    if row.size:
        first = np.append(0, np.cumsum(length[:-1]))
        strength = np.maximum.reduceat(ratio.max(axis=0), first).astype(np.float32)
    return row + np.int32(strip.top), start, stop, strength
