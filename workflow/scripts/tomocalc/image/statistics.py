"""What is summed over the pixels of every object, before the features are formed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomocalc.image.runs import Line, Runs, per_object

Floats = NDArray[np.float64]


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
    pixels, first = runs.pixels(grey.shape[1])
    area = np.diff(first).astype(np.float64)
    value = grey.at(pixels).astype(np.float64)
    mean = _sums(value, first) / area
    magnitude = sobel_at(grey, pixels)
    line = Line.of(runs, grey.shape)
    inner, inner_first = line.interior().runs(grey.shape, runs.count).pixels(grey.shape[1])
    border = _border(grey, runs, line, occupied, mean)
    return Statistics(
        area=area,
        mean=mean,
        minimum=np.asarray(per_object(np.minimum, value, first), np.float64),
        maximum=np.asarray(per_object(np.maximum, value, first), np.float64),
        deviations=_sums((value - np.repeat(mean, np.diff(first))) ** 2, first),
        sobel=_sums(magnitude, first),
        perimeter=area - np.diff(inner_first),
        perimeter_sobel=_sums(magnitude, first) - _sums(sobel_at(grey, inner), inner_first),
        **border,
        **_moments(runs, area),
    )


def _sums(values: NDArray[np.floating], first: NDArray[np.int64]) -> Floats:
    return np.asarray(per_object(np.add, values, first), np.float64)


def _border(
    grey: Grey, runs: Runs, line: Line, occupied: NDArray[np.bool_], mean: Floats
) -> dict[str, Floats]:
    """Measure the free pixels of each border: dilated object less the object itself.

    Values are taken relative to the object's mean, so that nothing is lost to cancellation.
    """
    count, total, squares = (np.zeros(runs.count) for _ in range(3))
    for part, sign in ((line.dilated().runs(grey.shape, runs.count), 1), (runs, -1)):
        pixels, first = part.pixels(grey.shape[1])
        free = ~occupied.ravel()[pixels]
        value = np.where(free, grey.at(pixels) - np.repeat(mean, np.diff(first)), 0)
        count += sign * _sums(free.astype(np.float64), first)
        total += sign * _sums(value, first)
        squares += sign * _sums(value**2, first)
    filled = np.maximum(count, 1)
    shift = total / filled
    return {
        "border": count,
        "border_mean": np.where(count > 0, mean + shift, 0),
        "border_deviations": np.maximum(squares - count * shift**2, 0),
    }


def _moments(runs: Runs, area: Floats) -> dict[str, Floats]:
    """Sum the positions of every object's pixels, run by run in closed form."""
    length = (runs.stop - runs.start).astype(np.float64)
    middle = (runs.start + runs.stop - 1) / 2
    row = _sums(length * runs.row, runs.first) / area
    col = _sums(length * middle, runs.first) / area
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


def sobel_at(grey: Grey, flat: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the Sobel magnitude at flat indices, as `skimage.filters.sobel` defines it.

    sqrt((g_row² + g_col²) / 2) with the kernel [1, 2, 1] / 4 × [-1, 0, 1]; the border
    pixel is repeated outside the slice.
    """
    rows, columns = grey.shape
    row, col = np.divmod(flat, columns)
    up, down = np.maximum(row - 1, 0) * columns, np.minimum(row + 1, rows - 1) * columns
    left, right = np.maximum(col - 1, 0), np.minimum(col + 1, columns - 1)
    nw, north, ne = (grey.at(up + side).astype(np.float64) for side in (left, col, right))
    sw, south, se = (grey.at(down + side).astype(np.float64) for side in (left, col, right))
    west, east = grey.at(row * columns + left), grey.at(row * columns + right)
    along_rows = (sw + 2 * south + se - nw - 2 * north - ne) / 4
    along_cols = (ne + 2.0 * east + se - nw - 2.0 * west - sw) / 4
    return np.sqrt((along_rows**2 + along_cols**2) / 2)
