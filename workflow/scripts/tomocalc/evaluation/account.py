"""Everything that is reported of one part of the data: figures, intervals and curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from tomocalc.evaluation.bootstrap import clustered_bootstrap, percentile_interval
from tomocalc.evaluation.metrics import (
    confusion,
    proportions,
    ranking_metrics,
    ratio,
    threshold_metrics,
)
from tomocalc.intervals import wilson

CURVE_POINTS = 400
"""Points kept of a curve; more would not be seen."""


def account(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    cluster: NDArray[np.int32],
    *,
    threshold: float,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, Any]:
    """Evaluate the scores of one part.

    Parameters
    ----------
    label, score, cluster
        Truth (0 or 1), probability and patient (or group) of every row.

    Returns
    -------
    dict
        Counts, ``metrics`` (value, low, high, method), confusion matrix, curves, calibration,
        thresholds and the classification report; without both classes only the counts.
    """
    facts: dict[str, Any] = {"n": len(label), "positives": int((label == 1).sum())}
    if not 0 < facts["positives"] < facts["n"]:
        return facts
    counts = confusion(label, score, threshold)
    figures: dict[str, dict[str, Any]] = {}
    for name, (successes, trials) in proportions(counts).items():
        low, high = wilson(successes, trials, confidence)
        figures[name] = _figure(ratio(successes, trials), low, high, "Wilson")
    drawn = clustered_bootstrap(
        label, score, cluster, threshold=threshold, resamples=resamples, seed=seed
    )
    for name, value in (ranking_metrics(label, score) | threshold_metrics(counts)).items():
        low, high = percentile_interval(drawn[name], confidence)
        figures[name] = _figure(value, low, high, "bootstrap by patient")
    return facts | {
        "metrics": figures,
        "confusion": counts,
        "calibration": calibration(label, score),
        "thresholds": [_at_threshold(label, score, cut) for cut in np.arange(0.05, 1, 0.05)],
        "report": classification_report(counts),
        **curves(label, score),
    }


def curves(label: NDArray[np.int8], score: NDArray[np.float64]) -> dict[str, Any]:
    """Return the ROC and the precision-recall curve, thinned to `CURVE_POINTS`."""
    fpr, tpr, _ = roc_curve(label, score)
    precision, recall, _ = precision_recall_curve(label, score)
    return {
        "roc": {"fpr": _thin(fpr), "tpr": _thin(tpr)},
        "pr": {"recall": _thin(recall), "precision": _thin(precision)},
    }


def calibration(
    label: NDArray[np.int8], score: NDArray[np.float64], bins: int = 10
) -> list[dict[str, float]]:
    """Compare mean probability and observed share in *bins* of equal width; empty ones left out."""
    place = np.minimum((score * bins).astype(int), bins - 1)
    return [
        {
            "mean_predicted": float(score[place == index].mean()),
            "observed": float(label[place == index].mean()),
            "n": int((place == index).sum()),
        }
        for index in np.unique(place)
    ]


def classification_report(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Return precision, recall, F1 and support of both classes."""
    tn, fp, fn, tp = (counts[key] for key in ("tn", "fp", "fn", "tp"))
    return [
        _class_line("no calcification", tn, fn, fp),
        _class_line("calcification", tp, fp, fn),
    ]


def _class_line(name: str, hit: int, wrongly: int, missed: int) -> dict[str, Any]:
    return {
        "class": name,
        "precision": ratio(hit, hit + wrongly),
        "recall": ratio(hit, hit + missed),
        "f1": ratio(2 * hit, 2 * hit + wrongly + missed),
        "support": hit + missed,
    }


def _at_threshold(
    label: NDArray[np.int8], score: NDArray[np.float64], threshold: float
) -> dict[str, float]:
    counts = confusion(label, score, threshold)
    shares = {name: ratio(*pair) for name, pair in proportions(counts).items()}
    return {
        "threshold": round(float(threshold), 2),
        **{name: shares[name] for name in ("precision", "recall", "specificity")},
        "f1": threshold_metrics(counts)["f1"],
    }


def _figure(value: float, low: float, high: float, method: str) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "method": method}


def _thin(values: NDArray[np.float64]) -> list[float]:
    keep = np.unique(np.linspace(0, len(values) - 1, CURVE_POINTS).round().astype(int))
    return [round(float(value), 6) for value in values[keep]]
