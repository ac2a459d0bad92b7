"""Statistics of one feature: moments, percentiles, outliers, and how well it separates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.eda.load import Table
from tomocalc.eda.ordered import Ordered, ranks

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
CLASSES = (("all", None), ("negative", 0), ("positive", 1))
STATISTICS = (
    *("mean", "sd", "min", "max", "skew", "kurtosis", "outliers", "whisker_low", "whisker_high"),
    *(f"p{p}" for p in PERCENTILES),
)


def summarise(table: Table) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the statistics of every feature for all rows and for each class.

    Returns
    -------
    dict
        ``{feature: {"all" | "negative" | "positive": statistics}}``; the statistics of `describe`,
        and under ``all`` also ``auroc``.
    """
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for name, column in table.ordered.items():
        result[name] = {
            key: describe(column if label is None else column.part(table.label == label))
            for key, label in CLASSES
        }
        result[name]["all"]["auroc"] = auroc(column, table.label)
    return result


def describe(column: Ordered) -> dict[str, Any]:
    """Describe one sample.

    Returns
    -------
    dict
        ``n`` and ``missing`` (counts); ``mean``, ``sd`` (n - 1 in the divisor), ``min``, ``max``,
        ``p1`` … ``p99`` (linear interpolation); ``skew`` (m3 / m2^1.5) and ``kurtosis``
        (m4 / m2² - 3), both of the sample as it is; ``outliers``, the share beyond Tukey's
        fences, the quartiles -/+ 1.5 times their distance; ``whisker_low`` and ``whisker_high``,
        the outermost values inside the fences. None where a sample is too small or constant.
    """
    values = column.values
    n = len(values)
    described: dict[str, Any] = dict.fromkeys(STATISTICS)
    described |= {"n": n, "missing": column.rows - n}
    if n == 0:
        return described
    quantiles = percentiles(values, PERCENTILES)
    low, high = quantiles[2], quantiles[4]
    reach = 1.5 * (high - low)
    first = int(np.searchsorted(values, low - reach, "left"))
    last = int(np.searchsorted(values, high + reach, "right"))
    return described | {
        "min": float(values[0]),
        "max": float(values[-1]),
        "outliers": 1 - (last - first) / n,
        "whisker_low": float(values[first]),
        "whisker_high": float(values[last - 1]),
        **{f"p{p}": q for p, q in zip(PERCENTILES, quantiles, strict=True)},
        **_moments(values.astype(np.float64)),
    }


def percentiles(values: NDArray[np.floating], wanted: Sequence[float]) -> list[float]:
    """Return percentiles of ascending *values* by linear interpolation."""
    place = np.asarray(wanted) / 100 * (len(values) - 1)
    below = np.floor(place).astype(np.intp)
    above = np.minimum(below + 1, len(values) - 1)
    low, high = (values[at].astype(np.float64) for at in (below, above))
    return (low + (high - low) * (place - below)).tolist()


def auroc(column: Ordered, label: NDArray[np.int8]) -> float | None:
    """Return the area under the ROC curve of one feature used as the score.

    It is the probability that a random calcification has the larger value, ties counted half
    (Mann and Whitney); below 0.5 the smaller value speaks for a calcification. Missing values
    are left out. None when a class is empty.
    """
    positive = label[column.place] == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return None
    rank_sum = float(ranks(column.values)[positive].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


def _moments(values: NDArray[np.float64]) -> dict[str, float | None]:
    n = len(values)
    mean = values.mean()
    off = values - mean
    square = off * off
    m2 = square.mean()
    # a constant column has no shape; rounding must not invent one
    spread = m2 > (np.finfo(float).eps * abs(mean)) ** 2
    return {
        "mean": float(mean),
        "sd": float(np.sqrt(m2 * n / (n - 1))) if n > 1 else None,
        "skew": float(np.mean(square * off) / m2**1.5) if spread else None,
        "kurtosis": float(np.mean(square * square) / m2**2 - 3) if spread else None,
    }
