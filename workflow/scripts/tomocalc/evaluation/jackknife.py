"""Intervals of figures of merit by leaving out one patient at a time: one construction for all.

Rows of one patient are alike, so that the number of rows says little about how far a figure may
be from the truth. What tells is how much it moves when a patient is left out. Source: Efron and
Stein, Ann. Stat. 9 (1981) 586. The error so found gives the number of independent trials that
would have it, and the limits are Wilson's of so many trials, with Student's t for his normal
quantile. Source: Korn and Graubard, Surv. Methodol. 24 (1998) 193.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.figures import Figure, Lead, Method, ends_of
from tomocalc.evaluation.intervals import (
    FLAT,
    added,
    difference,
    freedom,
    freedom_of_share,
    interval,
    reach,
    standard_error,
)

MOST = 400
"""Groups that are left out one by one; more are left out in as many blocks of whole groups."""

CHUNK = 5_000_000
"""Weights held at once (left-out block × row)."""

RATES = ("recall", "specificity")

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Figures = dict[str, Floats]


@dataclass(frozen=True)
class LeftOut:
    """Figures of all rows, and without each block of groups.

    Parameters
    ----------
    values
        Of all rows.
    without
        One value per block, by figure.
    rarer
        Whether each block holds the class that fewer of them hold.
    shares
        Of the figures that are shares of rows: degrees of freedom, and blocks that hold such rows.
    """

    values: dict[str, float]
    without: Figures
    rarer: NDArray[np.bool_]
    shares: Mapping[str, tuple[float, int]] = field(default_factory=dict)

    @property
    def groups(self) -> int:
        """Blocks that hold the rarer class."""
        return int(self.rarer.sum())

    def freedom(self, name: str) -> float:
        """Return the degrees of freedom of the standard error of a figure that no scale ends."""
        return freedom(self.without[name], self.rarer)

    def figure(self, name: str, confidence: float, lowest: float = 0.0) -> Figure:
        """Return the figure *name* of all rows with its interval between *lowest* and 1.

        `freedom` supposes that what blocks add is spread normally. To rankings it is not, and of
        simulated cohorts the right share is covered half way to the degrees of the rarer class,
        by average precision with these alone.
        """
        if name == "balanced_accuracy" and "recall" in self.shares:
            return self._balanced(confidence)
        own: float = self.groups - 1
        if name != "average_precision":
            own = (self.freedom(name) + own) / 2
        degrees, groups = self.shares.get(name, (own, self.groups))
        return interval(
            self.values[name],
            self.without[name],
            groups=groups,
            freedom=degrees,
            confidence=confidence,
            lowest=lowest,
            counted=name in self.shares,
        )

    def recall_and_specificity(self, confidence: float) -> tuple[Figure, Figure, float]:
        """Return both shares, and the correlation of their errors.

        A share of 0 or 1 errs to one side only, and has the limit of a one-sided interval.
        """
        recall, specificity = (self._one_sided(name, confidence) for name in RATES)
        if self.groups < 2:
            return recall, specificity, 0.0
        off = [self.without[name] - self.without[name].mean() for name in RATES]
        size = math.sqrt(float((off[0] ** 2).sum() * (off[1] ** 2).sum()))
        return recall, specificity, float(off[0] @ off[1]) / size if size > FLAT**2 else 0.0

    def _one_sided(self, name: str, confidence: float) -> Figure:
        figure = self.figure(name, confidence)
        return self.figure(name, max(2 * confidence - 1, 0.0)) if figure.value in (0, 1) else figure

    def _balanced(self, confidence: float) -> Figure:
        """Return the mean of recall and specificity, from how far their own limits are away.

        Source: Zou and Donner, Stat. Med. 27 (2008) 1693.
        """
        recall, specificity, along = self.recall_and_specificity(confidence)
        value = self.values["balanced_accuracy"]
        one, other = _off(recall), _off(specificity)
        if one is None or other is None:
            return Figure(value=value)
        below, above = (reach(a, b, along) / 2 for a, b in zip(one, other, strict=True))
        return Figure(value=value, low=value - below, high=value + above, method=Method.LEFT_OUT)

    def lead_over(
        self, other: LeftOut, name: str, confidence: float, *more: tuple[float, float]
    ) -> Lead:
        """Return how far the figure *name* is ahead of that of another model on the same rows.

        *more* is what else makes it uncertain, as `added` takes it.
        """
        without = self.without[name] - other.without[name]
        own = standard_error(without) ** 2, freedom(without, self.rarer)
        error, degrees = added(own, *more)
        value = self.values[name] - other.values[name]
        return difference(value, error, freedom=degrees, confidence=confidence)


def _off(figure: Figure) -> tuple[float, float] | None:
    """Return how far the limits are below and above a figure."""
    value, low, high = ends_of(figure)
    if value is None or low is None or high is None:
        return None
    return value - low, high - value


def mean_of(trained: Sequence[LeftOut]) -> LeftOut:
    """Return the mean figures of several trainings on the same rows."""
    names = trained[0].values
    return LeftOut(
        {name: float(np.mean([one.values[name] for one in trained])) for name in names},
        {name: np.mean([one.without[name] for one in trained], axis=0) for name in names},
        trained[0].rarer,
        trained[0].shares,
    )


def leave_out(
    label: NDArray[np.int8],
    group: Ints,
    figures: Callable[[Floats], Figures],
    shares: Mapping[str, NDArray[np.bool_]] | None = None,
) -> LeftOut:
    """Compute *figures* of all rows and without each group.

    Parameters
    ----------
    label, group
        Truth (0 or 1) and patient (or what stands for one) of every row.
    figures
        From weights (line, row) to one value per line, by name.
    shares
        The rows that a figure is a share of, of those that are one.
    """
    block = blocks(group)
    number = int(block.max()) + 1
    holds = [np.bincount(block[label == kind], minlength=number) > 0 for kind in (1, 0)]
    rarer = min(holds, key=np.count_nonzero)
    everything = figures(np.ones((1, len(label))))
    values = {name: float(found[0]) for name, found in everything.items()}
    if rarer.sum() < 2:
        return LeftOut(values, {name: np.empty(0) for name in values}, rarer)
    told = {
        name: (rows.sum(), len(np.unique(block[rows]))) for name, rows in (shares or {}).items()
    }
    known = {name: (freedom_of_share(*both), both[1]) for name, both in told.items()}
    at_once = max(1, CHUNK // len(label))
    parts = [
        figures((block != np.arange(first, min(first + at_once, number))[:, None]).astype(float))
        for first in range(0, number, at_once)
    ]
    without = {name: np.concatenate([part[name] for part in parts]) for name in values}
    return LeftOut(values, without, rarer, known)


def blocks(group: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the block of every row: its group, or where these are many one of `MOST` sets."""
    _, member = np.unique(group, return_inverse=True)
    groups = int(member.max()) + 1
    if groups <= MOST:
        return member.astype(np.int64)
    # groups in the order of the table may be alike in neighbours: dealt out at random, always alike
    dealt = np.random.default_rng(0).permutation(groups) % MOST
    return dealt[member]


def share_by_patient(hits: Sequence[tuple[str, bool]], confidence: float) -> Figure:
    """Return the share of hits among (patient, hit), with its interval; no value without any."""
    if not hits:
        return Figure(value=None)
    patient, hit = zip(*hits, strict=True)
    group = np.unique(np.array(patient), return_inverse=True)[1]
    return share_of(np.array(hit), group, confidence)


def share_of(hit: NDArray[np.bool_], group: NDArray[np.integer], confidence: float) -> Figure:
    """Return the share of *hit* rows with its interval, leaving out one *group* at a time."""
    if not len(hit):
        return Figure(value=0.0)
    block = blocks(group)
    hits, rows = np.bincount(block, weights=hit), np.bincount(block)
    value, degrees = float(hits.sum() / rows.sum()), freedom_of_share(len(hit), len(rows))
    without = (hits.sum() - hits) / np.maximum(rows.sum() - rows, 1)
    return interval(
        value, without, groups=len(rows), freedom=degrees, confidence=confidence, counted=True
    )
