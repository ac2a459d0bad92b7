"""Gaussian smoothing as a chain of sums of two pixels, tile by tile.

Adding an image to itself shifted by s pixels is a filter of variance s²/4. A few such sums with
growing shifts come close to a Gaussian (central limit theorem), cost one integer addition per
pixel each whatever the width, and give the same bits on every machine. On a flat buffer a shift
by rows is a shift by whole rows' length, so every sum is one addition of contiguous memory; tiles
that fit the processor's cache make it several times faster than a library's convolution.

Values are whole sixteenths of a grey level: 255 × 16 leaves room in 16 bits for the sum of 16, so
four sums can follow one another before the values are halved again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from tomocalc.image.grey import Scale

TILE = (240, 512)
"""Rows and columns of a tile; with its margins it fits a cache of half a megabyte twice."""

BITS = 4
UNIT = 1 << BITS
"""Steps per grey level of the values that are smoothed."""

ROOM = 4
"""Sums of two that fit into 16 bits."""

SHIFTS = (1, 2, 4, 8, 16, 32)
MOST = 6
"""Largest number of sums with one shift."""


@cache
def chain(variance: float, before: float) -> tuple[int, ...]:
    """Choose shifts whose variances add up to *variance*, fewest first among the close ones.

    Parameters
    ----------
    variance
        Wanted, in px²; nothing below 0.5 can be had.
    before
        Variance of the image that is smoothed further, in px².

    Returns
    -------
    tuple of int
        Their sum is even, so that the result is centred on a pixel. A shift is at most about
        twice the width reached before it, otherwise the kernel would have gaps.
    """
    wanted = max(variance, 0.5)
    largest = [shift for shift in SHIFTS if shift == 1 or shift**2 / 4 <= wanted]
    best: tuple[float, tuple[int, ...]] = (np.inf, ())
    for counts in product(range(MOST + 1), repeat=min(len(largest), 3)):
        shifts = tuple(
            shift for shift, n in zip(largest[-3:], counts, strict=True) for _ in range(n)
        )
        if not shifts or sum(shifts) % 2 or not _gapless(shifts, before):
            continue
        reached = sum(shift**2 for shift in shifts) / 4
        cost = abs(reached / wanted - 1) + 0.05 * len(shifts)
        best = min(best, (cost, shifts))
    if best[1]:
        return best[1]
    # The shifts that fit are too wide to begin with: begin with a quarter of the variance.
    first = chain(wanted / 4, before)
    reached = sum(shift**2 for shift in first) / 4
    return (*first, *chain(wanted - reached, before + reached))


def _gapless(shifts: tuple[int, ...], variance: float) -> bool:
    for shift in shifts:
        if shift > 1 and shift**2 > 4.5 * variance:
            return False
        variance += shift**2 / 4
    return True


@dataclass(frozen=True)
class Tile:
    """A part of an image: rows top..bottom and columns left..right, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int


def tiles(
    rows: slice, columns: slice, step: tuple[int, int] = TILE
) -> Iterator[tuple[slice, list[Tile]]]:
    """Cut a box into strips of tiles, from top to bottom and left to right."""
    for top in range(rows.start, rows.stop, step[0]):
        bottom = min(top + step[0], rows.stop)
        yield (
            slice(top, bottom),
            [
                Tile(top, bottom, left, min(left + step[1], columns.stop))
                for left in range(columns.start, columns.stop, step[1])
            ],
        )


class Ladder:
    """Smooths tiles at a ladder of scales, each from the one before.

    Parameters
    ----------
    variances
        Wanted variances in px², increasing.

    Attributes
    ----------
    reach
        Pixels beyond a tile that the smoothest scale needs, on each side.
    variances
        Reached variances in px².
    """

    def __init__(self, variances: tuple[float, ...]) -> None:
        self.chains: list[tuple[int, ...]] = []
        self.variances: list[float] = []
        done = 0.0
        for variance in variances:
            shifts = chain(round(variance - done, 3), round(done, 3))
            done += sum(shift**2 for shift in shifts) / 4
            self.chains.append(shifts)
            self.variances.append(done)
        self.reach = sum(sum(shifts) for shifts in self.chains) // 2

    def load(
        self, raw: NDArray[np.unsignedinteger], tile: Tile, scale: Scale
    ) -> NDArray[np.uint16]:
        """Return a tile with its margins in units of 1/`UNIT` grey level.

        Outside the slice its border pixel is repeated.
        """
        reach = self.reach
        top, bottom = tile.top - reach, tile.bottom + reach
        left, right = tile.left - reach, tile.right + reach
        inside = raw[
            max(top, 0) : min(bottom, raw.shape[0]), max(left, 0) : min(right, raw.shape[1])
        ].astype(np.float32)
        inside -= np.float32(scale.zero)
        inside *= np.float32(scale.gain * UNIT)
        np.clip(inside, 0, 255 * UNIT, out=inside)
        padded = np.empty((bottom - top, right - left), np.uint16)
        first_row, first_col = max(-top, 0), max(-left, 0)
        last_row, last_col = first_row + inside.shape[0], first_col + inside.shape[1]
        padded[first_row:last_row, first_col:last_col] = inside
        padded[first_row:last_row, :first_col] = padded[first_row:last_row, first_col, None]
        padded[first_row:last_row, last_col:] = padded[first_row:last_row, last_col - 1, None]
        padded[:first_row] = padded[first_row]
        padded[last_row:] = padded[last_row - 1]
        return padded

    def smooth(self, padded: NDArray[np.uint16]) -> Iterator[NDArray[np.uint16]]:
        """Yield the tile at every scale, without margins.

        Each is a view of a buffer that is used again once the next but one has been yielded.
        """
        rows, columns = padded.shape
        reach, gone = self.reach, 0
        current = padded.ravel()
        spare = [np.empty_like(current) for _ in range(3)]
        for shifts in self.chains:
            kept, sums = current, 0
            for shift in (*shifts, *(shift * columns for shift in shifts)):
                target = spare.pop()
                size = current.size - shift
                np.add(current[:size], current[shift:], out=target[:size])
                if current is not kept:
                    spare.append(current)
                current, sums = target, sums + 1
                if sums == ROOM:
                    _halve(current, sums)
                    sums = 0
            _halve(current, sums)
            spare.append(kept)
            gone += sum(shifts) // 2
            first = reach - gone
            view = current.reshape(rows, columns)
            yield view[first : rows - reach - gone, first : columns - reach - gone]


def _halve(values: NDArray[np.uint16], times: int) -> None:
    """Divide by 2 to the power of *times* in place, rounding to nearest."""
    if times:
        values += np.uint16(1 << (times - 1))
        values >>= np.uint16(times)
