"""The density rule: which points of a volume form a cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomocalc.neighbours import close_pairs, components
from tomocalc.sections import ClusterSection


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
    # components in the order of their first core; of several, a neighbour joins the first
    order = np.full(component.max() + 1, -1)
    first = np.unique(component[core], return_index=True)
    order[first[0][np.argsort(first[1])]] = np.arange(first[0].size)
    number = np.full(len(points_mm), -1)
    reached = core[near.row]
    lowest = np.full(len(points_mm), np.iinfo(np.int64).max)
    np.minimum.at(lowest, owner[reached], order[component[near.row[reached]]])
    found = lowest < np.iinfo(np.int64).max
    number[found] = lowest[found]
    return number
