"""Figures of a test part as they would be if calcifications had another share in it.

The paper's protocol tests on as many calcifications as others; in the data there are a few in a
hundred. Average precision, F1 and accuracy depend on that share, so that a bare comparison of
protocols would mix the leak with the share. Here every calcification gets one weight and every
other row another, so that their sums stand in the wanted ratio.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tomocalc.evaluation.bootstrap import percentile_interval

CHUNK = 5_000_000
"""Weights held at once (resamples × rows)."""
Labels = NDArray[np.int8]
Scores = NDArray[np.float64]


def class_weights(label: Labels, prevalence: float) -> NDArray[np.float64]:
    """Return one weight per row, their sum 1, so that calcifications have share *prevalence*."""
    positive = label == 1
    return np.where(positive, prevalence / positive.sum(), (1 - prevalence) / (~positive).sum())


def figures_at(
    label: Labels, score: Scores, *, threshold: float, prevalence: float
) -> dict[str, float]:
    """Return average precision, F1, accuracy (and AUROC, which does not change) at *prevalence*."""
    ones = np.ones((1, len(label)))
    return {
        name: float(values[0])
        for name, values in _weighted(label, score, ones, threshold, prevalence).items()
    }


def resampled_at(
    label: Labels,
    score: Scores,
    cluster: NDArray[np.int32],
    *,
    threshold: float,
    prevalence: float,
    resamples: int,
    seed: int,
) -> dict[str, NDArray[np.float64]]:
    """Return the figures of `figures_at` of every resample of whole clusters.

    Resamples without both classes are left out.
    """
    _, member = np.unique(cluster, return_inverse=True)
    clusters = int(member.max()) + 1
    generator = np.random.default_rng(seed)
    at_once = max(1, CHUNK // len(label))
    parts = []
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        drawn = generator.multinomial(clusters, np.full(clusters, 1 / clusters), size=size)
        weight = drawn[:, member].astype(np.float64)  # (resample, row)
        usable = (weight @ (label == 1) > 0) & (weight @ (label != 1) > 0)
        parts.append(_weighted(label, score, weight[usable], threshold, prevalence))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def difference(
    first: dict[str, NDArray[np.float64]],
    second: dict[str, NDArray[np.float64]],
    name: str,
    confidence: float,
) -> tuple[float, float]:
    """Return the interval of first − second of two test parts that were resampled apart."""
    size = min(len(first[name]), len(second[name]))
    return percentile_interval(first[name][:size] - second[name][:size], confidence)


def _weighted(
    label: Labels,
    score: Scores,
    weight: NDArray[np.float64],
    threshold: float,
    prevalence: float,
) -> dict[str, NDArray[np.float64]]:
    """Return the figures for every line of *weight* (resample, row).

    With the true and false positive rates at a threshold, precision at prevalence π is
    π·TPR / (π·TPR + (1 − π)·FPR).
    """
    order = np.argsort(-score, kind="stable")
    positive, ranked = label[order] == 1, score[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of every tie
    weight = weight[:, order]
    tpr, fpr = _rates(weight * positive, last), _rates(weight * ~positive, last)
    rise, run = np.diff(tpr, prepend=0.0), np.diff(fpr, prepend=0.0)
    flagged = prevalence * tpr + (1 - prevalence) * fpr
    precision = np.divide(prevalence * tpr, flagged, out=np.zeros_like(tpr), where=flagged > 0)
    called = int((ranked[last] >= threshold).sum())  # ties from the threshold up
    found, false = (rate[:, called - 1] if called else 0 * rate[:, 0] for rate in (tpr, fpr))
    hits, alarms = prevalence * found, (1 - prevalence) * false
    return {
        "auroc": (rise * (1 - fpr + run / 2)).sum(axis=1),
        "average_precision": (rise * precision).sum(axis=1),
        "f1": 2 * hits / (hits + alarms + prevalence),
        "accuracy": hits + (1 - prevalence) - alarms,
    }


def _rates(weight: NDArray[np.float64], last: NDArray[np.int64]) -> NDArray[np.float64]:
    count = np.cumsum(weight, axis=1)
    return count[:, last] / count[:, -1:]
