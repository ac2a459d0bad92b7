"""Scores of probabilities against labels, small enough to be computed every epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating]


def score(name: str, y: Values, probability: Values) -> float:
    """Return the score called *name*: average_precision, auroc or accuracy.

    Raises
    ------
    ValueError
        When both classes are needed and only one is there.
    """
    return {"average_precision": average_precision, "auroc": auroc, "accuracy": accuracy}[name](
        y, probability
    )


def accuracy(y: Values, probability: Values) -> float:
    """Return the share of samples on the right side of probability 0.5."""
    return float(np.mean((probability >= 0.5) == (y > 0)))


def auroc(y: Values, probability: Values) -> float:
    """Return the area under the ROC curve, ties counted half (Mann-Whitney)."""
    positive = _positives(y)
    _, inverse, counts = np.unique(probability, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]  # mid-ranks, from 1
    n = int(positive.sum())
    return float((rank[positive].sum() - n * (n + 1) / 2) / (n * (len(y) - n)))


def average_precision(y: Values, probability: Values) -> float:
    """Return Σ (R_k − R_{k−1}) P_k over the distinct thresholds, without interpolation."""
    positive = _positives(y)
    true, flagged = _flagged(positive, probability)
    recall = true / positive.sum()
    return float(np.sum(np.diff(recall, prepend=0.0) * true / flagged))


def best_f1_threshold(y: Values, probability: Values) -> float:
    """Return the probability from which on flagging has the largest F1.

    Half way to the next lower probability, so that the choice does not hang on one sample.
    """
    positive = _positives(y)
    true, flagged = _flagged(positive, probability)
    best = int(np.argmax(2 * true / (flagged + positive.sum())))
    levels = np.unique(probability)[::-1]
    lower = levels[best + 1] if best + 1 < len(levels) else levels[best]
    return float((levels[best] + lower) / 2)


def _positives(y: Values) -> NDArray[np.bool_]:
    positive = np.asarray(y) > 0
    if positive.all() or not positive.any():
        raise ValueError("a score needs samples of both classes")
    return positive


def _flagged(
    positive: NDArray[np.bool_], probability: Values
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return true positives and flagged samples at every distinct threshold, highest first."""
    _, inverse = np.unique(-probability, return_inverse=True)
    flagged = np.cumsum(np.bincount(inverse))
    true = np.cumsum(np.bincount(inverse, weights=positive)).astype(np.int64)
    return true, flagged
