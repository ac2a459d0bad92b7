"""Figures of merit of a binary classifier, at a threshold and over all thresholds."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

Labels = NDArray[np.int8]
Scores = NDArray[np.float64]


def confusion(label: Labels, score: Scores, threshold: float) -> dict[str, int]:
    """Count true and false positives and negatives; a score at the threshold is positive."""
    positive, called = label == 1, score >= threshold
    return {
        "tn": int((~positive & ~called).sum()),
        "fp": int((~positive & called).sum()),
        "fn": int((positive & ~called).sum()),
        "tp": int((positive & called).sum()),
    }


def proportions(counts: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Return (successes, trials) of the metrics that are proportions of counted rows."""
    tn, fp, fn, tp = (counts[key] for key in ("tn", "fp", "fn", "tp"))
    return {
        "accuracy": (tp + tn, tp + tn + fp + fn),
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
        "specificity": (tn, tn + fp),
    }


def threshold_metrics(counts: dict[str, int]) -> dict[str, float]:
    """Return F1, balanced accuracy and Matthews' correlation of a confusion matrix.

    A figure whose denominator is zero is 0, as in scikit-learn.
    """
    tn, fp, fn, tp = (counts[key] for key in ("tn", "fp", "fn", "tp"))
    recall, specificity = ratio(tp, tp + fn), ratio(tn, tn + fp)
    spread = math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return {
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
        "balanced_accuracy": (recall + specificity) / 2,
        "mcc": ratio(tp * tn - fp * fn, spread),
    }


def ranking_metrics(label: Labels, score: Scores) -> dict[str, float]:
    """Return AUROC, average precision and Brier score."""
    return {
        "auroc": float(metrics.roc_auc_score(label, score)),
        "average_precision": float(metrics.average_precision_score(label, score)),
        "brier": float(np.mean((score - label) ** 2)),
    }


def ratio(part: float, whole: float) -> float:
    """Return *part* / *whole*, or 0 where *whole* is 0."""
    return part / whole if whole else 0.0
