"""Whether a figure has one value in several subgroups, on the logit scale.

Subgroups that share patients, as views do, are compared by Hotelling's T². Those without a common
patient, as vendors mostly are, by Welch's analysis of variance, which needs fewer patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as f_distribution

from tomocalc.evaluation.intervals import FLAT

Floats = NDArray[np.float64]


def equal_values(
    subgroups: Sequence[tuple[float, NDArray[np.float64], NDArray[np.integer], int]],
) -> float | None:
    """Return the p-value that figures of several subgroups are one.

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
    return float(f_distribution.sf(statistic, k - 1, (k**2 - 1) / (3 * unrest)))


def _of_relatives(centre: Floats, covariance: Floats, freedom: int) -> float | None:
    """Test subgroups with common patients by Hotelling's T² of their contrasts."""
    contrast = np.eye(len(centre))[:-1] - np.eye(len(centre))[-1]
    gap, spread = contrast @ centre, contrast @ covariance @ contrast.T
    tests = len(gap)
    left = freedom - tests + 1  # of the smallest subgroup, so that nothing is told too easily
    if left < 1 or np.linalg.cond(spread) > 1 / FLAT:
        return None
    statistic = float(gap @ np.linalg.solve(spread, gap)) * left / (freedom * tests)
    return float(f_distribution.sf(statistic, tests, left))
