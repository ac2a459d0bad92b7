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
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit

from tomocalc.accounts.figures import Figure, Lead, Method
from tomocalc.metrics import score_limits, wilson

MOST = 400
"""Groups that are left out one by one; more are left out in as many blocks of whole groups."""

CHUNK = 5_000_000
"""Weights held at once (left-out block × row)."""

FLAT = 1e-12
"""Standard errors up to here are rounding."""

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
        simulated cohorts the right share is covered half way to the degrees of the rarer class.
        """
        own = (self.freedom(name) + self.groups - 1) / 2
        degrees, groups = self.shares.get(name, (own, self.groups))
        return interval(
            self.values[name],
            self.without[name],
            groups=groups,
            freedom=degrees,
            confidence=confidence,
            lowest=lowest,
        )

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


def standard_error(without: Floats) -> float:
    """Return √((n−1)/n · Σ(θ₋ᵢ − mean θ₋)²), the jackknife's; NaN for fewer than two blocks."""
    n = len(without)
    if n < 2:
        return math.nan
    return math.sqrt((n - 1) / n * float(np.sum((without - without.mean()) ** 2)))


def freedom_of_share(rows: int, groups: int) -> float:
    """Return the degrees of freedom of the standard error of a share of *rows*.

    As far as rows are independent the error follows from the share itself. What the groups must
    tell is only how alike their rows are: nothing, where each has one row.
    """
    return (groups - 1) * rows / (rows - groups) if rows > groups else math.inf


def freedom(without: Floats, rarer: NDArray[np.bool_]) -> float:
    """Return the degrees of freedom of a `standard_error` to which two kinds of blocks add.

    Those that hold the rarer class (*rarer*) and those that do not.
    """
    square = (without - without.mean()) ** 2 if len(without) else np.zeros(len(rarer))
    kinds = (rarer, ~rarer)
    return added(*((float(square[one].sum()), max(int(one.sum()) - 1, 1)) for one in kinds))[1]


def added(*parts: tuple[float, float]) -> tuple[float, float]:
    """Return the standard error of a sum of independent parts, and its degrees of freedom.

    Each part is its squared standard error and the degrees of that; the first one's are returned
    where nothing varies. Source: Satterthwaite, Biometrics Bull. 2 (1946) 110.
    """
    both = sum(square for square, _ in parts)
    apart = sum(square**2 / own for square, own in parts)
    return math.sqrt(both), both**2 / apart if apart > FLAT**4 else parts[0][1]


def interval(
    value: float,
    without: Floats,
    *,
    groups: int,
    freedom: float,
    confidence: float,
    lowest: float = 0.0,
) -> Figure:
    """Return a figure with its interval between *lowest* and 1.

    Parameters
    ----------
    value, without
        Of all rows, and without each block.
    groups
        Blocks of the rarer class, or those that a share is one of.
    freedom
        Of Student's t.
    """
    if groups < 2:
        return Figure(value=value)
    share = (value - lowest) / (1 - lowest)
    error = standard_error((without - lowest) / (1 - lowest))
    if not 0 < share < 1 or error <= FLAT:
        low, high = wilson(groups * min(max(share, 0.0), 1.0), groups, confidence)
        method = Method.WILSON
    else:
        trials = share * (1 - share) / error**2
        low, high = score_limits(share, trials, student(confidence, freedom))
        method = Method.LEFT_OUT
    low, high = (lowest + (1 - lowest) * end for end in (low, high))
    return Figure(value=value, low=low, high=high, method=method)


def difference(value: float, error: float, *, freedom: float, confidence: float) -> Lead:
    """Return a difference with its interval and the two-sided p-value of Student's t."""
    if math.isnan(error):
        return Lead(value=value, low=None, high=None, p=None)
    if error <= FLAT:
        return Lead(value=value, low=value, high=value, p=1.0 if abs(value) <= FLAT else 0.0)
    reach = student(confidence, freedom) * error
    p = 2 * float(stdtr(freedom, -abs(value) / error))
    return Lead(value=value, low=max(value - reach, -1.0), high=min(value + reach, 1.0), p=p)


@lru_cache
def student(confidence: float, freedom: float) -> float:
    """Return the two-sided quantile of Student's t."""
    below = (1 + confidence) / 2
    return float(ndtri(below) if math.isinf(freedom) else stdtrit(freedom, below))


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
    return interval(value, without, groups=len(rows), freedom=degrees, confidence=confidence)
