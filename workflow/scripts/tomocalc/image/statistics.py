"""What is summed over the pixels of every object, before the features are formed."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tomocalc.image.border import BORDER, LIMIT, Chunk, Packed, chunks, pack
from tomocalc.image.runs import Runs, per_object, stretches

Floats = NDArray[np.float64]

SUMS = (
    "deviations",
    "sobel",
    "perimeter",
    "perimeter_sobel",
    "border",
    "border_total",
    "border_deviations",
)
"""What is added up chunk by chunk."""


@dataclass(frozen=True, eq=False)
class Grey:
    """A slice whose grey values are looked up when they are needed.

    Attributes
    ----------
    levels
        Raw or quantised slice, shape (row, column).
    table
        Grey value (0..255) of every level.
    """

    levels: NDArray[np.unsignedinteger]
    table: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.levels.shape[0], self.levels.shape[1]

    def at(self, flat: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the grey values at flat indices."""
        return self.table[self.levels.ravel()[flat]]

    def image(self) -> NDArray[np.float32]:
        """Return the whole slice in grey values."""
        return self.table[self.levels]


@dataclass(frozen=True, eq=False)
class Statistics:
    """Sums per object, each of shape (object,).

    Attributes
    ----------
    area
        Pixels.
    mean, minimum, maximum
        Grey values of the object.
    deviations
        Sum of squared deviations from the mean.
    sobel
        Sum of the Sobel magnitude over the object.
    perimeter, perimeter_sobel
        Pixels with a 4-neighbour outside the object, and the sum of the Sobel magnitude there.
    border, border_mean, border_deviations
        Pixels of the two-pixel border that belong to no object, their mean grey value (0 without
        any) and the sum of squared deviations from it.
    row, col
        Centre of mass, pixels.
    rows, cols, cross
        Sums of squared deviations of the pixel positions along rows, along columns, and of the
        product of both.
    """

    area: Floats
    mean: Floats
    minimum: Floats
    maximum: Floats
    deviations: Floats
    sobel: Floats
    perimeter: Floats
    perimeter_sobel: Floats
    border: Floats
    border_mean: Floats
    border_deviations: Floats
    row: Floats
    col: Floats
    rows: Floats
    cols: Floats
    cross: Floats


def measure(grey: Grey, runs: Runs, occupied: NDArray[np.bool_]) -> Statistics:
    """Measure objects on a slice.

    Parameters
    ----------
    grey
        The slice.
    runs
        Objects; they may overlap one another and need not be objects of this slice.
    occupied
        Pixels of the slice's own objects, which belong to no border. Shape (row, column).
    """
    if runs.count == 0:
        nothing = np.zeros(0)
        return Statistics(**dict.fromkeys(Statistics.__dataclass_fields__, nothing))
    area, positions = runs.area.astype(np.float64), _moments(runs)
    total, minimum, maximum = _levels(grey, runs)
    mean = total / area
    if _near_edge(runs, grey.shape):
        # Outside the slice its border pixel is repeated, and nothing counts as border.
        grey = Grey(np.pad(grey.levels, BORDER, mode="edge"), grey.table)
        occupied = np.pad(occupied, BORDER, constant_values=True)
        runs = runs.moved(BORDER, BORDER)
    sums = {name: np.zeros(runs.count) for name in SUMS}
    for chunk in chunks(runs, grey.shape[0]):
        part = _sum_up(grey, chunk, occupied, mean[chunk.objects])
        for name, values in part.items():
            sums[name][chunk.objects] += values
    border_shift = sums.pop("border_total") / np.maximum(sums["border"], 1)
    sums["border_deviations"] -= sums["border"] * border_shift**2
    return Statistics(
        area=area,
        mean=mean,
        minimum=minimum,
        maximum=maximum,
        border_mean=np.where(sums["border"] > 0, mean + border_shift, 0),
        **sums,
        **positions,
    )


def _levels(grey: Grey, runs: Runs) -> tuple[Floats, Floats, Floats]:
    """Return sum, minimum and maximum of each object's grey values."""
    length = (runs.stop - runs.start).astype(np.int64)
    flat = runs.row.astype(np.int64) * grey.shape[1] + runs.start
    per_run = np.empty((3, length.size))
    end = np.cumsum(length)
    cuts = np.searchsorted(end, np.arange(LIMIT, end[-1], LIMIT))
    for begin, stop in pairwise([0, *np.unique(cuts[cuts > 0]).tolist(), length.size]):
        value = grey.at(stretches(flat[begin:stop], length[begin:stop])).astype(np.float64)
        first = np.append(0, np.cumsum(length[begin : stop - 1]))
        for row, operation in enumerate((np.add, np.minimum, np.maximum)):
            operation.reduceat(value, first, out=per_run[row, begin:stop])
    operations = (np.add, np.minimum, np.maximum)
    total, minimum, maximum = (
        per_object(operation, values, runs.first)
        for operation, values in zip(operations, per_run, strict=True)
    )
    return total, minimum, maximum


def _near_edge(runs: Runs, shape: tuple[int, int]) -> bool:
    rows, columns = shape
    close = runs.row.min() < BORDER or runs.row.max() >= rows - BORDER
    return bool(close or runs.start.min() < BORDER or runs.stop.max() > columns - BORDER)


def _sums(values: NDArray[np.floating], first: NDArray[np.int64]) -> Floats:
    return per_object(np.add, values.astype(np.float64, copy=False), first)


def _sum_up(
    grey: Grey, chunk: Chunk, occupied: NDArray[np.bool_], mean: Floats
) -> dict[str, Floats]:
    """Sum over the pixels of a chunk's objects and of their borders.

    Values are taken relative to the object's mean, so that nothing is lost to cancellation.
    """
    around = pack(chunk.runs, grey.shape)
    own, own_first, first = around.own, around.own_first, around.first
    value = grey.at(around.flat)
    mine = np.zeros(value.size, np.bool_)
    mine[own] = True
    row = around.flat // grey.shape[1]
    counts = (row >= chunk.top) & (row < chunk.bottom)
    ring = counts & ~mine & ~occupied.ravel()[around.flat]
    edge = ~(mine[own - 1] & mine[own + 1] & mine[around.above] & mine[around.below])
    edge &= counts[own]
    sobel = np.where(counts[own], _sobel(value, around), 0)
    deviation = value - np.repeat(mean, np.diff(first))
    around_it = np.where(ring, deviation, 0)
    return {
        "deviations": _sums(np.where(counts[own], deviation[own], 0) ** 2, own_first),
        "sobel": _sums(sobel, own_first),
        "perimeter": _sums(edge.astype(np.float64), own_first),
        "perimeter_sobel": _sums(np.where(edge, sobel, 0), own_first),
        "border": _sums(ring.astype(np.float64), first),
        "border_total": _sums(around_it, first),
        "border_deviations": _sums(around_it**2, first),
    }


def _moments(runs: Runs) -> dict[str, Floats]:
    """Sum the positions of every object's pixels, run by run in closed form."""
    length = (runs.stop - runs.start).astype(np.float64)
    middle = (runs.start + runs.stop - 1) / 2
    row, col = runs.centres()
    owner = runs.owner
    down, across = runs.row - row[owner], middle - col[owner]
    within = length * (length**2 - 1) / 12
    return {
        "row": row,
        "col": col,
        "rows": _sums(length * down**2, runs.first),
        "cols": _sums(length * across**2 + within, runs.first),
        "cross": _sums(length * down * across, runs.first),
    }


def _sobel(value: NDArray[np.float32], around: Packed) -> NDArray[np.float32]:
    """Return the Sobel magnitude at every pixel of an object, as `skimage.filters.sobel`.

    √((g_row² + g_col²) / 2) with the kernel [1, 2, 1] / 4 × [-1, 0, 1].
    """
    above, own, below = around.above, around.own, around.below
    north_west, north, north_east = value[above - 1], value[above], value[above + 1]
    south_west, south, south_east = value[below - 1], value[below], value[below + 1]
    diagonal, other = south_east - north_west, south_west - north_east
    along_rows = diagonal + other + 2 * (south - north)
    along_cols = diagonal - other + 2 * (value[own + 1] - value[own - 1])
    return np.sqrt((along_rows**2 + along_cols**2) / np.float32(32))
