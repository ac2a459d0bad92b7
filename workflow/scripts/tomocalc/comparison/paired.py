"""Tests of the difference between two models that scored the same rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, rankdata

Labels = NDArray[np.int8]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """A difference of two figures with its interval and a p-value, where there is one."""

    value: float
    low: float
    high: float
    p: float | None = None


def delong(label: Labels, first: Scores, second: Scores, *, confidence: float) -> Difference:
    """Return AUROC(first) − AUROC(second) with DeLong's interval and two-sided p-value.

    Rows count as independent, which candidates of one patient are not: a second opinion beside
    the bootstrap by patient.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837, by the mid-ranks of Sun
    and Xu, IEEE Signal Processing Letters 21 (2014) 1389.
    """
    positive = label == 1
    m, n = int(positive.sum()), int((~positive).sum())
    places = [_placements(positive, score) for score in (first, second)]
    area_1, area_2 = (float(of_positives.mean()) for of_positives, _ in places)
    (v_1, w_1), (v_2, w_2) = places
    # the variance of a difference is that of the placements' differences
    variance = float(np.var(v_1 - v_2, ddof=1)) / m + float(np.var(w_1 - w_2, ddof=1)) / n
    value, spread = area_1 - area_2, math.sqrt(variance)
    if spread == 0:
        return Difference(value, value, value, 1.0 if value == 0 else 0.0)
    normal = NormalDist()
    reach = normal.inv_cdf((1 + confidence) / 2) * spread
    return Difference(value, value - reach, value + reach, 2 * normal.cdf(-abs(value) / spread))


def _placements(
    positive: NDArray[np.bool_], score: Scores
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the share of negatives below every positive, and of positives above every negative."""
    m, n = int(positive.sum()), int((~positive).sum())
    rank = rankdata(score)
    below = (rank[positive] - rankdata(score[positive])) / n
    above = 1 - (rank[~positive] - rankdata(score[~positive])) / m
    return below, above


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value of McNemar's test.

    *only_first* rows are told right by the first model alone, *only_second* by the second alone;
    without a difference each is as likely: a binomial test. Source: McNemar, Psychometrika 12
    (1947) 153.
    """
    rows = only_first + only_second
    if rows == 0:
        return 1.0
    return min(1.0, 2 * float(binom.cdf(min(only_first, only_second), rows, 0.5)))


def accuracy_difference(
    only_first: int, only_second: int, rows: int, *, confidence: float
) -> Difference:
    """Return accuracy(first) − accuracy(second) of the same rows, McNemar's p with it.

    The interval is Wald's after half a row is added to each of the four cells: Agresti and Min,
    Statistics in Medicine 24 (2005) 729. Rows count as independent.
    """
    b, c, n = only_first + 0.5, only_second + 0.5, rows + 2
    centre = (b - c) / n
    spread = math.sqrt((b + c) - (b - c) ** 2 / n) / n
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * spread
    return Difference(
        (only_first - only_second) / rows,
        max(-1.0, centre - reach),
        min(1.0, centre + reach),
        mcnemar(only_first, only_second),
    )
