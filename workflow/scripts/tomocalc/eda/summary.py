"""Statistics of one feature: moments, percentiles, outliers, and how well it separates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.eda.load import Table

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
CLASSES = (("all", None), ("negative", 0), ("positive", 1))


def summarise(table: Table) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the statistics of every feature for all rows and for each class.

    Returns
    -------
    dict
        ``{feature: {"all" | "negative" | "positive": statistics}}``; the statistics of `describe`,
        and under ``all`` also ``auroc``.
    """
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for name, values in table.features.items():
        result[name] = {
            key: describe(values if label is None else values[table.label == label])
            for key, label in CLASSES
        }
        result[name]["all"]["auroc"] = auroc(values, table.label)
    return result


def describe(values: NDArray[np.floating]) -> dict[str, Any]:
    """Describe one sample.

    Parameters
    ----------
    values
        1-D; NaN means missing.

    Returns
    -------
    dict
        ``n`` and ``missing`` (counts); ``mean``, ``sd`` (n - 1 in the divisor), ``min``, ``max``,
        ``p1`` … ``p99`` (linear interpolation); ``skew`` (m3 / m2^1.5) and ``kurtosis``
        (m4 / m2² - 3), both of the sample as it is; ``outliers``, the share beyond Tukey's
        fences, the quartiles -/+ 1.5 times their distance; ``whisker_low`` and ``whisker_high``,
        the outermost values inside the fences. None where a sample is too small.
    """
    finite = values[~np.isnan(values)].astype(np.float64)
    finite.sort()
    n = len(finite)
    keys = ("mean", "sd", "min", "max", "skew", "kurtosis", "outliers")
    empty: dict[str, Any] = dict.fromkeys(
        (*keys, "whisker_low", "whisker_high", *(f"p{p}" for p in PERCENTILES))
    )
    empty |= {"n": n, "missing": len(values) - n}
    if n == 0:
        return empty
    quantiles = np.percentile(finite, PERCENTILES)
    low, high = quantiles[2], quantiles[4]
    fence_low, fence_high = low - 1.5 * (high - low), high + 1.5 * (high - low)
    first, last = (
        np.searchsorted(finite, fence_low, "left"),
        np.searchsorted(finite, fence_high, "right"),
    )
    mean = finite.mean()
    off = finite - mean
    m2 = np.mean(off**2)
    # a constant column has no shape; rounding must not invent one
    spread = m2 > (np.finfo(float).eps * abs(mean)) ** 2
    return empty | {
        "mean": float(mean),
        "sd": float(np.sqrt(m2 * n / (n - 1))) if n > 1 else None,
        "min": float(finite[0]),
        "max": float(finite[-1]),
        "skew": float(np.mean(off**3) / m2**1.5) if spread else None,
        "kurtosis": float(np.mean(off**4) / m2**2 - 3) if spread else None,
        "outliers": float(1 - (last - first) / n),
        "whisker_low": float(finite[first]),
        "whisker_high": float(finite[last - 1]),
        **{f"p{p}": float(q) for p, q in zip(PERCENTILES, quantiles, strict=True)},
    }


def ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the rank of every value, from 1; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def auroc(values: NDArray[np.floating], label: NDArray[np.int8]) -> float | None:
    """Return the area under the ROC curve of one feature used as the score.

    It is the probability that a random calcification has the larger value, ties counted half
    (Mann and Whitney); below 0.5 the smaller value speaks for a calcification. Missing values
    are left out. None when a class is empty.
    """
    known = ~np.isnan(values)
    positive = label[known] == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return None
    rank_sum = float(ranks(values[known])[positive].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)
