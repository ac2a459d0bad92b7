"""Intervals of figures of merit by leaving out one patient at a time: one construction for all.

Rows of one patient are alike, so that the number of rows says little about how far a figure may
be from the truth. What tells is how much it moves when a patient is left out. Source: Efron and
Stein, Ann. Stat. 9 (1981) 586; the interval on the logit scale with Student's t after Pepe,
The Statistical Evaluation of Medical Tests (2003), 5.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from tomocalc.accounts.figures import Figure, Lead, Method
from tomocalc.metrics import wilson

MOST = 400
"""Groups that are left out one by one; more are left out in as many blocks of whole groups."""

CHUNK = 5_000_000
"""Weights held at once (left-out block × row)."""

MEANS = frozenset({"accuracy", "brier", "precision", "recall", "specificity"})
"""Means over rows, which rest on all blocks that move them; other figures on the rarer class."""

FLAT = 1e-12
"""Standard errors up to here are rounding."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Figures = dict[str, Floats]


@dataclass(frozen=True)
class Interval:
    """Limits of a figure, None where there is none, and where they come from."""

    low: float | None
    high: float | None
    method: Method

    def around(self, value: float) -> Figure:
        """Return the figure that the limits are those of."""
        return Figure(value=value, low=self.low, high=self.high, method=self.method)


NO_INTERVAL = Interval(None, None, Method.NONE)


@dataclass(frozen=True)
class LeftOut:
    """Figures of all rows, and without each block of groups.

    Parameters
    ----------
    values
        Of all rows.
    without
        One value per block, by figure.
    groups
        Blocks that hold the class that fewer of them hold; one less are the degrees of freedom.
    """

    values: dict[str, float]
    without: Figures
    groups: int

    def interval(self, name: str, confidence: float, lowest: float = 0.0) -> Interval:
        """Return the interval of the figure *name*, which lies between *lowest* and 1."""
        value, without = self.values[name], self.without[name]
        moved = int((np.abs(without - value) > FLAT).sum()) if name in MEANS else 0
        return interval(
            value,
            without,
            groups=self.groups,
            freedom=max(moved, self.groups) - 1,
            confidence=confidence,
            lowest=lowest,
        )

    def figure(self, name: str, confidence: float, lowest: float = 0.0) -> Figure:
        """Return the figure *name* of all rows with its `interval`."""
        return self.interval(name, confidence, lowest).around(self.values[name])

    def lead_over(self, other: LeftOut, name: str, confidence: float) -> Lead:
        """Return how far the figure *name* is ahead of that of another model on the same rows."""
        return difference(
            self.values[name] - other.values[name],
            standard_error(self.without[name] - other.without[name]),
            freedom=self.groups - 1,
            confidence=confidence,
        )


def leave_out(
    label: NDArray[np.int8], group: Ints, figures: Callable[[Floats], Figures]
) -> LeftOut:
    """Compute *figures* of all rows and without each group.

    Parameters
    ----------
    label, group
        Truth (0 or 1) and patient (or what stands for one) of every row.
    figures
        From weights (line, row) to one value per line, by name.
    """
    block = blocks(group)
    blocks_of = [np.unique(block[label == kind]) for kind in (0, 1)]
    groups = min(map(len, blocks_of))
    everything = figures(np.ones((1, len(label))))
    values = {name: float(found[0]) for name, found in everything.items()}
    number = int(block.max()) + 1
    if groups < 2:
        return LeftOut(values, {name: np.empty(0) for name in values}, groups)
    at_once = max(1, CHUNK // len(label))
    parts = [
        figures((block != np.arange(first, min(first + at_once, number))[:, None]).astype(float))
        for first in range(0, number, at_once)
    ]
    without = {name: np.concatenate([part[name] for part in parts]) for name in values}
    return LeftOut(values, without, groups)


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


def interval(
    value: float,
    without: Floats,
    *,
    groups: int,
    confidence: float,
    lowest: float = 0.0,
    freedom: int | None = None,
) -> Interval:
    """Return the interval of a figure between *lowest* and 1.

    Parameters
    ----------
    value, without
        Of all rows, and without each block.
    groups
        Blocks of the rarer class.
    freedom
        Of Student's t; None: one less than *groups*.
    """
    if groups < 2:
        return NO_INTERVAL
    share = (value - lowest) / (1 - lowest)
    left = np.asarray((without - lowest) / (1 - lowest), np.float64)
    if not 0 < share < 1 or standard_error(left) <= FLAT:
        low, high = wilson(groups * min(max(share, 0.0), 1.0), groups, confidence)
        return Interval(_scaled(low, lowest), _scaled(high, lowest), Method.WILSON)
    inside = bool(((left > 0) & (left < 1)).all())
    # where a figure is perfect without one group, the error is carried to the scale of logits
    spread = standard_error(_logit(left)) if inside else standard_error(left) / (share - share**2)
    reach = student(confidence, groups - 1 if freedom is None else freedom) * spread
    centre = math.log(share / (1 - share))
    low, high = (_scaled(_expit(centre + side * reach), lowest) for side in (-1, 1))
    return Interval(low, high, Method.LEFT_OUT)


def difference(value: float, error: float, *, freedom: int, confidence: float) -> Lead:
    """Return a difference with its interval and the two-sided p-value of Student's t."""
    if freedom < 1 or math.isnan(error):
        return Lead(value=value, low=None, high=None, p=None)
    if error <= FLAT:
        return Lead(value=value, low=value, high=value, p=1.0 if abs(value) <= FLAT else 0.0)
    reach = student(confidence, freedom) * error
    p = 2 * float(t.sf(abs(value) / error, freedom))
    return Lead(value=value, low=max(value - reach, -1.0), high=min(value + reach, 1.0), p=p)


@lru_cache
def student(confidence: float, freedom: int) -> float:
    """Return the two-sided quantile of Student's t."""
    return float(t.ppf((1 + confidence) / 2, freedom))


def _logit(share: Floats) -> Floats:
    return np.log(share) - np.log1p(-share)


def _expit(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0


def _scaled(share: float, lowest: float) -> float:
    return lowest + (1 - lowest) * share


def share_of(hit: NDArray[np.bool_], group: NDArray[np.integer], confidence: float) -> Figure:
    """Return the share of *hit* rows with its interval, leaving out one *group* at a time."""
    if not len(hit):
        return NO_INTERVAL.around(0.0)
    block = blocks(group)
    hits, rows = np.bincount(block, weights=hit), np.bincount(block)
    value, groups = float(hits.sum() / rows.sum()), len(rows)
    without = (hits.sum() - hits) / np.maximum(rows.sum() - rows, 1)
    return interval(value, without, groups=groups, confidence=confidence).around(value)
