"""Limits of figures and differences from their standard errors, and whether several are one."""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, fdtrc, ndtri, stdtr, stdtrit

from tomocalc.accounts.figures import Figure, Lead, Method
from tomocalc.metrics import score_limits, wilson

FLAT = 1e-12
"""Standard errors up to here are rounding."""

NEAR_ENDS = 1.4
"""Of the cohorts of a share near 0 or 1, how many times as many may miss the truth."""

Floats = NDArray[np.float64]


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


def reach(one: float, other: float, along: float) -> float:
    """Return how far a sum of two figures may be off that may be off by these themselves.

    *along* is the correlation of their errors.
    """
    return math.sqrt(max(one**2 + other**2 + 2 * along * one * other, 0.0))


def interval(
    value: float,
    without: Floats,
    *,
    groups: int,
    freedom: float,
    confidence: float,
    lowest: float = 0.0,
    counted: bool = False,
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
    counted
        Whether the figure is a share of rows: see `_room`.
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
        if counted:
            low, high = _room(low, high, share=share, trials=trials, confidence=confidence)
        method = Method.LEFT_OUT
    low, high = (lowest + (1 - lowest) * end for end in (low, high))
    return Figure(value=value, low=low, high=high, method=method)


def _room(
    low: float, high: float, *, share: float, trials: float, confidence: float
) -> tuple[float, float]:
    """Return limits of a *share* that are no nearer than those of an exact one-sided interval.

    Where few of the trials are, or are not, so, Wilson's limit on that side is too near: the truth
    is then in 84 % of the intervals of some shares. At the exact limit of one trial itself, no
    trial is so in 1 − `NEAR_ENDS` (1 − confidence) of the cohorts, and their intervals hold it.
    Source: Brown, Cai and DasGupta, Stat. Sci. 16 (2001) 101, section 4.1.1, for one to three.
    """
    level = NEAR_ENDS * (1 - confidence)
    hits, others = share * trials, (1 - share) * trials
    low = min(low, float(betaincinv(hits, others + 1, level)))
    return low, max(high, float(1 - betaincinv(others, hits + 1, level)))


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


def equal_values(
    subgroups: Sequence[tuple[float, Floats, NDArray[np.integer], int]],
) -> float | None:
    """Return the p-value that figures of several subgroups are one, on the logit scale.

    Subgroups that share patients, as views do, are compared by Hotelling's T². Those without a
    common patient, as vendors mostly are, by Welch's analysis of variance, which needs fewer.

    Parameters
    ----------
    subgroups
        Of each the value, the values without each block of patients, which blocks these are, and
        how many of them hold the rarer class.

    Returns
    -------
    float or None
        None where the subgroups are too few, or nothing moves them.
    """
    number = 1 + max(int(left_out.max()) for _, _, left_out, _ in subgroups)
    centre, moved = np.zeros(len(subgroups)), np.zeros((number, len(subgroups)))
    own = np.zeros(len(subgroups))
    for place, (value, without, left_out, groups) in enumerate(subgroups):
        n = len(without)
        off = np.sqrt((n - 1) / n) * (without - without.mean())
        if not 0 < value < 1 or np.abs(off).max() <= FLAT:
            # nothing moves it: as if one more patient of each kind had been seen (Agresti, Coull)
            share = (groups * value + 1) / (groups + 2)
            own[place] = 1 / ((groups + 2) * share * (1 - share))
        else:
            share = value
            moved[left_out, place] = off / (share * (1 - share))
        centre[place] = np.log(share / (1 - share))
    covariance = moved.T @ moved + np.diag(own)
    apart = all(
        not np.intersect1d(one, other).size
        for (_, _, one, _), (_, _, other, _) in combinations(subgroups, 2)
    )
    freedom = np.array([groups for *_, groups in subgroups]) - 1
    if apart:
        return _of_strangers(centre, np.diag(covariance), freedom)
    return _of_relatives(centre, covariance, int(freedom.min()))


def _of_strangers(centre: Floats, variance: Floats, freedom: NDArray[np.int64]) -> float | None:
    """Test subgroups without a common patient; source: Welch, Biometrika 38 (1951) 330."""
    k = len(centre)
    if freedom.min() < 1 or variance.min() <= FLAT:
        return None
    share = (1 / variance) / (1 / variance).sum()
    unrest = float(((1 - share) ** 2 / freedom).sum())
    between = float(((centre - share @ centre) ** 2 / variance).sum()) / (k - 1)
    statistic = between / (1 + 2 * (k - 2) / (k**2 - 1) * unrest)
    return float(fdtrc(k - 1, (k**2 - 1) / (3 * unrest), statistic))


def _of_relatives(centre: Floats, covariance: Floats, freedom: int) -> float | None:
    """Test subgroups with common patients by Hotelling's T² of their contrasts."""
    contrast = np.eye(len(centre))[:-1] - np.eye(len(centre))[-1]
    gap, spread = contrast @ centre, contrast @ covariance @ contrast.T
    tests = len(gap)
    left = freedom - tests + 1  # of the smallest subgroup, so that nothing is told too easily
    if left < 1 or np.linalg.cond(spread) > 1 / FLAT:
        return None
    statistic = float(gap @ np.linalg.solve(spread, gap)) * left / (freedom * tests)
    return float(fdtrc(tests, left, statistic))
