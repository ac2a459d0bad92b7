"""Near-copies: test rows that lie closer to a learnt row than chance puts any two rows.

Neighbouring objects of one breast, the same film digitised twice or augmented copies are equal
in no feature and close in all. How close is close depends on the number of rows and on how many
dimensions they fill; so the distance to the nearest learnt row is measured in shares of the
distance to its tenth, and compared with what chance gives.
"""

import math

import numpy as np
from numpy.typing import NDArray
from pykdtree.kdtree import KDTree

from tomocalc.accounts.leakage import Check, Shared, Verdict
from tomocalc.audit.part_copies import FINE
from tomocalc.audit.rows import SplitRows
from tomocalc.metrics import more_by_binomial, more_by_poisson

LOCAL = 10
"""The neighbour whose distance is the local unit."""
FARTHER = 30
"""The farthest neighbour by which the number of dimensions is told."""
ASKED = 20_000
"""Test rows that are asked at most, evenly chosen."""
AXES = 8
"""Principal axes in which neighbours are searched; a copy is near in every projection."""
CLOSEST = 0.1
"""Largest share of the local unit that is called near."""
CHANCE = 1e-3
"""Share of rows that chance may put as near as that; in few dimensions the limit is smaller."""
SOLID = 3
"""Features that hardly any rows have in common, in which none are near by chance."""
LEVEL = 1e-3
"""Largest p-value that is not called chance."""
MANY = 0.05
"""Share of near-copies beyond chance from which on the split leaks."""

Floats = NDArray[np.float64]


def near_copies(rows: SplitRows) -> tuple[Check, list[Shared]]:
    """Return the test rows that are near-copies of learnt rows, exact ones left out."""
    learnt, test = np.flatnonzero(rows.learnt), np.flatnonzero(~rows.learnt)
    unseen = Check.unseen("near_copies", len(test)), []
    if len(learnt) <= 2 * LOCAL or len(rows.features) < 2:
        return unseen
    asked = test[np.unique(np.linspace(0, len(test) - 1, ASKED).round().astype(int))]
    space = _Space(_ranks(rows.numbers, learnt), learnt)
    if len(space.places) <= 2 * LOCAL:  # most rows are copies of a few
        return unseen
    ratio, twin = space.ratios(asked)
    dimension = space.dimension()
    limit = min(CLOSEST, (CHANCE / (LOCAL - 1)) ** (1 / dimension))
    near = np.flatnonzero(ratio < limit)
    expected = _by_chance(limit, dimension) * len(asked)
    p = more_by_poisson(len(near) - 1, expected)
    # where rows agree in coarse features, they may be near in one or two others by chance
    fine = sum(equal <= FINE for equal in rows.equal) >= min(SOLID, len(rows.features))
    digits = fine and 2 * len(rows.precise) >= len(rows.features)
    if rows.named and p <= LEVEL and not (digits and len(near) >= expected + MANY * len(asked)):
        # how often rows of different patients lie as near among what is learnt from; of values
        # with all their digits many only do where copies bear other patients' names there too
        own = _ranks(rows.numbers, learnt, among=True)
        among = space.ratios_among(own, rows.frame["patient"].to_numpy())
        others = int((among < limit).sum())
        share = len(asked) / (len(asked) + len(among))
        p = max(p, more_by_binomial(len(near) - 1, len(near) + others, share))
        expected = max(expected, others * len(asked) / max(len(among), 1))
    beyond = (len(near) - expected) / max(len(asked), 1)
    verdict = Verdict.CLEAN
    if p <= LEVEL:
        verdict = Verdict.LEAKS if beyond >= MANY else Verdict.CAUTION
    check = Check(
        name="near_copies",
        verdict=verdict,
        count=len(near),
        of=len(asked),
        p=p,
        detectable=float(limit),
    )
    return check, [
        rows.twin("near_copies", int(asked[i]), int(twin[i]), round(float(ratio[i]), 4))
        for i in (near if verdict is not Verdict.CLEAN else ())
    ]


class _Space:
    """Ranked features and their principal axes, with a tree of the learnt rows."""

    def __init__(self, ranks: Floats, learnt: NDArray[np.int64]) -> None:
        _, first = np.unique(ranks[learnt], axis=0, return_index=True)
        self.places = learnt[np.sort(first)]  # copies within what is learnt count once
        self.ranks = ranks
        centred = ranks[self.places] - ranks[self.places].mean(axis=0)
        some = centred[:: 1 + len(centred) // ASKED]
        _, _, axes = np.linalg.svd(some, full_matrices=False)
        self.axes = axes[:AXES].T  # (feature, axis)
        self.points = ranks[self.places] @ self.axes  # (learnt row, axis)
        self.tree = KDTree(self.points)
        self.learnt = ranks[self.places]

    def _distances(self, near: NDArray[np.int64], ranks: Floats) -> Floats:
        """Return the distances of rows to their learnt neighbours in all features."""
        return np.sqrt(((self.learnt[near] - ranks[:, None, :]) ** 2).sum(axis=2))

    def ratios(self, asked: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
        """Return the distance to the nearest learnt row over that to its tenth, and which it is.

        Rows with an exact copy get infinity: these are counted elsewhere.
        """
        near = self.tree.query(self.ranks[asked] @ self.axes, k=LOCAL)[1]
        distance = self._distances(near, self.ranks[asked])
        nearest = distance.argmin(axis=1)
        first, last = distance.min(axis=1), distance.max(axis=1)
        ratio = np.divide(first, last, out=np.full(len(first), np.inf), where=first > 0)
        return ratio, self.places[near[np.arange(len(asked)), nearest]]

    def ratios_among(self, ranks: Floats, patient: NDArray[np.str_]) -> Floats:
        """Return the same of learnt rows, each by its *ranks* among those of other patients."""
        some = np.unique(np.linspace(0, len(self.places) - 1, ASKED).round().astype(int))
        k = min(8 * LOCAL, len(self.places))
        ranks = ranks[self.places[some]]
        near = self.tree.query(ranks @ self.axes, k=k)[1]
        whose = patient[self.places]
        other = whose[near] != whose[some][:, None]
        first_ten = other & (np.cumsum(other, axis=1) <= LOCAL)
        distance = self._distances(near, ranks)
        nearest = np.where(first_ten, distance, np.inf).min(axis=1)
        farthest = np.where(first_ten, distance, 0).max(axis=1)
        return np.divide(nearest, farthest, out=np.full(len(some), np.inf), where=farthest > 0)

    def dimension(self) -> float:
        """Return how many dimensions the learnt rows fill, from the distances of neighbours.

        Of nearer and of farther ones, whichever are more: a few copies of every row, or slices of
        one object, make the nearer ones look like a line.

        Source: Levina and Bickel, NIPS 17 (2004) 777, averaged as by MacKay and Ghahramani.
        """
        some = np.unique(np.linspace(0, len(self.places) - 1, 2000).round().astype(int))
        k = min(FARTHER + 1, len(self.places))
        near = self.tree.query(self.points[some], k=k)[1]
        distance = np.sort(self._distances(near, self.learnt[some]), axis=1)[:, 1:]  # not itself
        # the first may be a near-copy itself; of volumes that are uniform up to the k-th neighbour,
        # −log of that of the i-th is 1/i + … + 1/(k − 1) on average
        farther = distance[:, LOCAL - 1 :]
        mean = np.cumsum(1 / np.arange(LOCAL, distance.shape[1])[::-1]).mean()
        return max(_dimension(distance[:, 1:LOCAL], 1.0), _dimension(farther, float(mean)))


def _dimension(distance: Floats, mean: float) -> float:
    """Return the dimension where *mean* is that of −log of the volumes up to the last distance."""
    usable = distance[distance[:, 0] > 0]
    if not len(usable):
        return 1.0
    logs = np.log(usable[:, -1:] / usable[:, :-1])
    return float(np.clip(mean / max(logs.mean(), 1e-9), 1.0, 50.0))


def _by_chance(limit: float, dimension: float) -> float:
    """Return the chance that the nearest of `LOCAL` lies within *limit* of the farthest of them.

    In a neighbourhood of even density the volumes of the balls are uniform, so that the smallest
    of the nine inner ones is below limit^dimension with 1 − (1 − limit^dimension)^9. Density is
    never quite even: twice that.
    """
    return 2 * -math.expm1((LOCAL - 1) * math.log1p(-(limit**dimension)))


def _ranks(numbers: Floats, learnt: NDArray[np.int64], *, among: bool = False) -> Floats:
    """Return every feature as its rank among the learnt rows, between 0 and 1; NaN is 0.5.

    A learnt row has its own rank, a whole step from others, or *among* these one as a test row has.
    """
    ranked = np.empty_like(numbers)
    for column in range(numbers.shape[1]):
        values = numbers[:, column]
        known = np.sort(values[learnt][~np.isnan(values[learnt])])
        if not len(known):
            ranked[:, column] = 0.5
            continue
        # between two learnt values the rank is interpolated, so that near stays near and not equal
        levels, counts = np.unique(known, return_counts=True)
        rank = np.cumsum(counts) - (counts - 1) / 2  # of each level, equal values at their mean
        if among:
            share = (levels[1:-1] - levels[:-2]) / (levels[2:] - levels[:-2])
            between = rank[:-2] + share * (rank[2:] - rank[:-2])
            rank[1:-1] = np.where(counts[1:-1] == 1, between, rank[1:-1])
        every, place = np.unique(values, return_inverse=True)  # in order, which is faster
        ranked[:, column] = np.interp(every, levels, rank / len(known))[place]
        ranked[~np.isfinite(ranked[:, column]), column] = 0.5  # gaps, and steps below 1e-308
    return ranked
