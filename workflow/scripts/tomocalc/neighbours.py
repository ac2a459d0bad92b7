"""Points that lie close together, and groups of them: a grid of cells, with NumPy alone.

Scoring a volume asks this of a few hundred points; importing SciPy's trees takes longer than that.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Pairs(NamedTuple):
    """Rows of two tables of points that are close, sorted by *row*, then *other*."""

    row: Integers
    other: Integers
    squared: Floats
    """Squared distance."""

    def only(self, which: NDArray[np.bool_]) -> Pairs:
        """Return some of the pairs."""
        return Pairs(self.row[which], self.other[which], self.squared[which])

    def turned(self) -> Pairs:
        """Return the pairs seen from the other table, in the order that they have here."""
        return Pairs(self.other, self.row, self.squared)


def close_pairs(points: Floats, others: Floats, radius: float) -> Pairs:
    """Return the pairs at most *radius* apart.

    Time and memory grow with the pairs whose cells, as wide as the radius, touch in the plane of
    the first two axes.

    Parameters
    ----------
    points, others
        (point, axis), two axes or more.
    """
    if not (len(points) and len(others)):
        return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    plane = np.concatenate([points[:, :2], others[:, :2]])
    # a hair wider, so that rounding puts no pair two cells apart
    cell = np.floor((plane - plane.min(axis=0)) / (radius * (1 + 1e-9))).astype(np.int64)
    width = cell[:, 1].max() + 2  # one empty column keeps the ends of two rows apart
    code = cell[:, 0] * width + cell[:, 1]
    here, there = code[: len(points)], code[len(points) :]
    order = np.argsort(there, kind="stable")
    rows, found = [], []
    for step in (-width, 0, width):
        begin = np.searchsorted(there[order], here + step - 1, "left")
        count = np.searchsorted(there[order], here + step + 1, "right") - begin
        rows.append(np.repeat(np.arange(len(points)), count))
        skipped = begin - np.cumsum(count) + count
        found.append(order[np.arange(count.sum()) + np.repeat(skipped, count)])
    row, other = np.concatenate(rows), np.concatenate(found)
    squared = ((points[row] - others[other]) ** 2).sum(axis=1)
    near = np.flatnonzero(squared <= radius**2)
    near = near[np.lexsort((other[near], row[near]))]
    return Pairs(row[near], other[near], squared[near])


def nearest(pairs: Pairs) -> Pairs:
    """Return of every row the nearest other; of equally near ones, the first."""
    order = np.lexsort((pairs.other, pairs.squared, pairs.row))
    row = pairs.row[order]
    first = order[np.flatnonzero(np.diff(row, prepend=-1))]
    return Pairs(pairs.row[first], pairs.other[first], pairs.squared[first])


def components(count: int, row: Integers, other: Integers) -> Integers:
    """Return for each of *count* points the lowest one that links lead to.

    Parameters
    ----------
    row, other
        The two ends of every link, in either direction.
    """
    label = np.arange(count)
    while True:
        lower = label.copy()
        np.minimum.at(lower, row, label[other])
        np.minimum.at(lower, other, label[row])
        lower = lower[lower]
        if np.array_equal(lower, label):
            return label
        label = lower
