"""Points that lie close together, and groups of them, on SciPy's trees and graphs."""

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
    """Return the pairs at most *radius* apart; time and memory grow with their number.

    Parameters
    ----------
    points, others
        (point, axis).
    """
    if not (len(points) and len(others)):
        return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    from scipy.spatial import KDTree  # here: whoever has no points need not wait for it

    # The tree rounds in its own way: it looks a hair farther, and the exact rule is ours.
    found = KDTree(points).sparse_distance_matrix(
        KDTree(others), radius * (1 + 1e-9), output_type="ndarray"
    )
    row, other = found["i"].astype(np.int64), found["j"].astype(np.int64)
    squared = ((points[row] - others[other]) ** 2).sum(axis=1)
    near = np.flatnonzero(squared <= radius**2)
    near = near[np.lexsort((other[near], row[near]))]
    return Pairs(row[near], other[near], squared[near])


def nearest(pairs: Pairs) -> Pairs:
    """Return of every row the nearest other; of equally near ones, the first."""
    # Sorted by row, then distance, then other: the first entry of every row is the one.
    order = np.lexsort((pairs.other, pairs.squared, pairs.row))
    first = order[np.flatnonzero(np.diff(pairs.row[order], prepend=-1))]
    return Pairs(pairs.row[first], pairs.other[first], pairs.squared[first])


def components(count: int, row: Integers, other: Integers) -> Integers:
    """Return for each of *count* points the lowest one that links lead to.

    Parameters
    ----------
    row, other
        The two ends of every link, in either direction.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(row.size, np.int8), (row, other)), shape=(count, count))
    label = connected_components(links, directed=False)[1]
    # The first point of each label, in the order of labels, handed on to all of its points.
    return np.unique(label, return_index=True)[1][label].astype(np.int64)
