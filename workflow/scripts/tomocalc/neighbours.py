"""Points that lie close together, and which form a cluster, on SciPy's trees and graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tomocalc.sections import ClusterSection, ClustersSection

if TYPE_CHECKING:
    import polars as pl

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


@dataclass(frozen=True)
class Rule:
    """The density rule: so many calcifications within this distance of one of them.

    With the defaults three calcifications within 1 cm make a cluster. Distances are in space,
    across slices too.
    """

    calcifications: int
    distance_mm: float

    @classmethod
    def of(cls, settings: ClusterSection) -> Rule:
        """Return the rule of the configuration's ``evaluation.cluster``."""
        return cls(settings["calcifications"], settings["distance_mm"])


@dataclass(frozen=True)
class ClusterSettings:
    """Section ``clusters`` of the configuration: who is a member, and what makes a cluster."""

    rule: Rule
    contrast_to_noise: float

    @classmethod
    def of(cls, section: ClustersSection) -> Self:
        """Read the section."""
        return cls(Rule.of(section), float(section["contrast_to_noise"]))

    def possible(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the candidates that stand out enough to be members, at best focus."""
        found = rows.filter(rows["focus"] & (rows["contrast_to_noise"] >= self.contrast_to_noise))
        return found.sort("candidate_id")


@dataclass(frozen=True)
class Neighbours:
    """The rows within a distance of every row, itself among them, ascending.

    Those of row i are ``row[start[i] : start[i + 1]]``.
    """

    row: NDArray[np.int64]
    start: NDArray[np.int64]

    @classmethod
    def of(cls, points_mm: NDArray[np.float64], distance_mm: float) -> Neighbours:
        """Find them; *points_mm* is (point, axis)."""
        pairs = close_pairs(points_mm, points_mm, distance_mm)
        size = np.bincount(pairs.row, minlength=len(points_mm))
        return cls(pairs.other, np.concatenate([[0], np.cumsum(size)]))


def cluster_numbers(points_mm: NDArray[np.float64], rule: Rule) -> NDArray[np.int64]:
    """Return the cluster of every point, from 0 in the order of the points; -1 for none.

    DBSCAN: a point with at least ``rule.calcifications`` points (itself among them) within
    ``rule.distance_mm`` is a core; cores within that distance of each other are one cluster,
    to which their neighbours belong too. Source: Ester, Kriegel, Sander and Xu, KDD 1996.

    Parameters
    ----------
    points_mm
        (point, axis).
    """
    if len(points_mm) < rule.calcifications:
        return np.full(len(points_mm), -1)
    near = Neighbours.of(points_mm, rule.distance_mm)
    owner = np.repeat(np.arange(len(points_mm)), np.diff(near.start))
    core = np.diff(near.start) >= rule.calcifications
    joined = core[owner] & core[near.row]
    component = components(len(points_mm), owner[joined], near.row[joined])
    # components are called after their first core; of several, a neighbour joins the first
    order = np.full(len(points_mm), -1)
    first = np.unique(component[core])
    order[first] = np.arange(first.size)
    number = np.full(len(points_mm), -1)
    reached = core[near.row]
    lowest = np.full(len(points_mm), np.iinfo(np.int64).max)
    np.minimum.at(lowest, owner[reached], order[component[near.row[reached]]])
    found = lowest < np.iinfo(np.int64).max
    number[found] = lowest[found]
    return number
