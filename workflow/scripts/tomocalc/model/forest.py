"""Trees that read depth, as plain arrays: a released forest predicts with NumPy alone.

Two kinds of forest are written in one form: extremely randomised trees, whose leaves hold
probabilities that are averaged, and boosted trees, whose leaves hold log-odds that are added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tomocalc.tables import slices_above

EDGE = 1e-3
"""Averaged probabilities are kept this far from 0 and 1 before they become log-odds."""
ROWS = 256
"""Samples that go through all trees at once."""


def depth_features(
    x: NDArray[np.float32], mask: NDArray[np.bool_], focus: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return every feature at best focus, and how it differs from the slices around.

    The difference at a distance of d slices is (a − b) / (|a| + |b|), with a at best focus and b
    the mean of the valid slices d above and d below: between −1 and 1, 0 where neither is valid.

    Parameters
    ----------
    x, mask, focus
        (sample, step, feature), (sample, step) and (sample,), as `build_sequences` makes them:
        valid steps first, neighbouring slices in neighbouring steps.

    Returns
    -------
    numpy.ndarray
        float32, (sample, feature · (1 + distances)), the features at best focus first.
    """
    samples, steps, width = x.shape
    rows = np.arange(samples)
    centre = x[rows, focus].astype(np.float64)  # (sample, feature)
    columns = [centre]
    for distance in range(1, steps - slices_above(steps)):
        total = np.zeros((samples, width))
        count = np.zeros((samples, 1))
        for place in (focus - distance, focus + distance):
            inside = (place >= 0) & (place < steps)
            inside &= mask[rows, place.clip(0, steps - 1)]
            total[inside] += x[rows[inside], place[inside]]
            count[inside] += 1
        around = np.divide(total, count, out=centre.copy(), where=count > 0)
        size = np.abs(centre) + np.abs(around)
        columns.append(np.divide(centre - around, size, out=np.zeros_like(size), where=size > 0))
    return np.concatenate(columns, axis=1).astype(np.float32)


@dataclass(frozen=True)
class Forest:
    """Binary trees, the nodes of all one after the other.

    Attributes
    ----------
    feature
        int32, (node,): column that a node asks for; -1 in a leaf.
    threshold
        float32, (node,): rows with a smaller value go left, the others right.
    left, right
        int32, (node,): the nodes below.
    value
        float32, (node,): what a leaf says.
    roots
        int32, (tree,): the first node of every tree.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    roots: NDArray[np.int32]

    def leaves(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what every tree says of every row of x, (row, tree)."""
        found = np.empty((len(x), len(self.roots)))
        for begin in range(0, len(x), ROWS):
            part = x[begin : begin + ROWS]
            node = np.tile(self.roots, (len(part), 1))  # (row, tree)
            row = np.arange(len(part))[:, np.newaxis]
            while (inner := self.feature[node] >= 0).any():
                goes_left = part[row, self.feature[node]] < self.threshold[node]
                below = np.where(goes_left, self.left[node], self.right[node])
                node = np.where(inner, below, node)
            found[begin : begin + ROWS] = self.value[node]
        return found

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Trees:
    """Both kinds of forest; what they say is averaged as log-odds.

    Attributes
    ----------
    averaged
        Its leaves are probabilities, of which the mean is taken.
    boosted
        Its leaves are log-odds, which are added to *base*.
    """

    averaged: Forest
    boosted: Forest
    base: float

    def log_odds(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log-odds of a calcification for x (row, column) of `depth_features`."""
        mean = self.averaged.leaves(x).mean(axis=1)
        return (log_odds(mean, edge=EDGE) + self.boosted.leaves(x).sum(axis=1) + self.base) / 2

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays by name, as a release holds them."""
        return {
            f"{kind}.{name}": array
            for kind in ("averaged", "boosted")
            for name, array in getattr(self, kind).tensors().items()
        } | {"boosted.base": np.array([self.base])}

    @staticmethod
    def of(tensors: Mapping[str, NDArray[np.generic]]) -> Trees:
        """Rebuild what `tensors` returned.

        Raises
        ------
        ValueError
            When an array is missing, or a node points outside its forest.
        """
        try:
            forests = {
                kind: Forest(
                    **{
                        one.name: cast("Any", tensors[f"{kind}.{one.name}"])
                        for one in fields(Forest)
                    }
                )
                for kind in ("averaged", "boosted")
            }
            base = float(tensors["boosted.base"][0])
        except (KeyError, IndexError) as error:
            raise ValueError(f"{error} is missing") from error
        for kind, forest in forests.items():
            _check(kind, forest)
        return Trees(base=base, **forests)


def log_odds(probability: NDArray[np.float64], *, edge: float = 1e-12) -> NDArray[np.float64]:
    """Return ln(p / (1 − p)), p kept *edge* away from both ends."""
    inside = np.clip(probability, edge, 1 - edge)
    return np.log(inside / (1 - inside))


def probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of log-odds."""
    return (1 + np.tanh(odds / 2)) / 2


def _check(kind: str, forest: Forest) -> None:
    """Refuse nodes that are no nodes, and trees that do not end: a node lies before those below."""
    nodes = len(forest.feature)
    inner = np.flatnonzero(forest.feature >= 0)
    sizes = {len(getattr(forest, name)) for name in ("threshold", "left", "right", "value")}
    below = np.concatenate([forest.left[inner], forest.right[inner]])
    ends = sizes == {nodes} and (below > np.tile(inner, 2)).all() and (below < nodes).all()
    if not ends or ((forest.roots < 0) | (forest.roots >= nodes)).any():
        raise ValueError(f"the nodes of the {kind} trees do not fit each other")
