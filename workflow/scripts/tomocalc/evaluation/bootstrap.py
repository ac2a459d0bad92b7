"""Intervals for ranking metrics by resampling whole patients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CHUNK = 5_000_000
"""Weights held at once (resamples × rows)."""


def clustered_bootstrap(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    cluster: NDArray[np.int32],
    *,
    resamples: int,
    seed: int,
) -> dict[str, NDArray[np.float64]]:
    """Return AUROC, average precision and Brier score of every resample.

    Clusters (patients) are drawn with replacement and take all their rows with them, because
    rows of one patient are not independent. Resamples without both classes are left out.

    Parameters
    ----------
    label, score, cluster
        One value per row.
    """
    order = np.argsort(-score, kind="stable")
    positive, score = label[order] == 1, score[order]
    _, member = np.unique(cluster[order], return_inverse=True)
    clusters = int(member.max()) + 1
    last_of_tie = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    squared = (score - positive) ** 2
    generator = np.random.default_rng(seed)
    at_once = max(1, CHUNK // len(score))
    parts = []
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        drawn = generator.multinomial(clusters, np.full(clusters, 1 / clusters), size=size)
        weight = drawn[:, member].astype(np.float64)  # (resample, row)
        parts.append(_weighted(weight, positive, last_of_tie, squared))
    auroc, precision, brier = np.concatenate(parts, axis=1)
    return {"auroc": auroc, "average_precision": precision, "brier": brier}


def _weighted(
    weight: NDArray[np.float64],
    positive: NDArray[np.bool_],
    last_of_tie: NDArray[np.intp],
    squared: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return (metric, resample) for rows sorted by falling score."""
    brier = weight @ squared / weight.sum(axis=1)
    everything = np.cumsum(weight, axis=1)[:, last_of_tie]
    true = np.cumsum(weight * positive, axis=1)[:, last_of_tie]
    false = everything - true
    usable = (true[:, -1] > 0) & (false[:, -1] > 0)
    true, false, everything = true[usable], false[usable], everything[usable]
    step_true = np.diff(true, axis=1, prepend=0)
    step_false = np.diff(false, axis=1, prepend=0)
    area = (step_false * (true - step_true / 2)).sum(axis=1) / (true[:, -1] * false[:, -1])
    precision = np.divide(true, everything, out=np.zeros_like(true), where=everything > 0)
    average = (step_true * precision).sum(axis=1) / true[:, -1]
    return np.stack([area, average, brier[usable]])


def percentile_interval(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """Return the central percentile interval of bootstrap *values*."""
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
