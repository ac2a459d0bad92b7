"""Figures of a test part as they would be if calcifications had another share in it.

The paper's protocol tests on as many calcifications as others; in the data there are a few in a
hundred. Average precision, F1 and accuracy depend on that share, so that a bare comparison of
protocols would mix the leak with the share. Here every calcification gets one weight and every
other row another, so that their sums stand in the wanted ratio.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tomocalc.evaluation.jackknife import LeftOut, leave_out

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


def left_out_at(
    label: Labels, score: Scores, group: NDArray[np.int32], *, threshold: float, prevalence: float
) -> LeftOut:
    """Return the figures of `figures_at` of all rows and without each group."""
    return leave_out(
        label, group, lambda weight: _weighted(label, score, weight, threshold, prevalence)
    )


def _weighted(
    label: Labels,
    score: Scores,
    weight: NDArray[np.float64],
    threshold: float,
    prevalence: float,
) -> dict[str, NDArray[np.float64]]:
    """Return the figures for every line of *weight* (line, row).

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
