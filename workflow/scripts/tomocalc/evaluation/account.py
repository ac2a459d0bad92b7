"""Everything that is reported of one part of the data: figures, intervals and curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from tomocalc.accounts.figures import Method
from tomocalc.evaluation.calibration import calibration, calibration_facts
from tomocalc.evaluation.jackknife import Interval, as_figure
from tomocalc.evaluation.predictive import predictive_values
from tomocalc.evaluation.thresholds import threshold_table
from tomocalc.evaluation.weighted import figures_of_merit, rarer_groups
from tomocalc.metrics import confusion, ratio

CURVE_POINTS = 400
"""Points kept of a curve; more would not be seen."""


def account(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    group: NDArray[np.int32],
    *,
    threshold: float,
    confidence: float,
    seed: int,
    prevalences: Sequence[float] = (),
    unit: str = "patient",
) -> dict[str, Any]:
    """Evaluate the scores of one part.

    Parameters
    ----------
    label, score, group
        Truth (0 or 1), probability and patient (or what stands for one) of every row.
    prevalences
        At which the predictive values are computed.
    unit
        What a group is, for the reader.

    Returns
    -------
    dict
        Counts (rows, calcifications, groups, their *unit*, and groups of the rarer class),
        ``metrics`` (value, low, high,
        method), confusion matrix, curves, calibration, thresholds, predictive values and the
        classification report; without both classes only the counts.
    """
    facts: dict[str, Any] = {
        "n": len(label),
        "positives": int((label == 1).sum()),
        "groups": len(np.unique(group)),
        "rarer_groups": rarer_groups(label, group),
        "unit": unit,
    }
    if not 0 < facts["positives"] < facts["n"]:
        return facts
    counts = confusion(label, score, threshold)
    metrics = figures_of_merit(label, score, group, threshold=threshold, confidence=confidence)
    error = calibration_facts(label, score, seed=seed)
    metrics["ece"] = as_figure(error["ece"], Interval(None, None, Method.NONE))
    return facts | {
        "metrics": metrics,
        "confusion": counts,
        "calibration": calibration(label, score, group, confidence=confidence),
        "calibration_error": error,
        "thresholds": threshold_table(label, score, chosen=threshold),
        "predictive_values": predictive_values(
            label, score, group, prevalences, threshold=threshold, confidence=confidence
        ),
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


def classification_report(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Return precision, recall, F1 and support of both classes."""
    tn, fp, fn, tp = (counts[key] for key in ("tn", "fp", "fn", "tp"))
    return [
        _class_line("other", tn, fn, fp),
        _class_line("calcification", tp, fp, fn),
    ]


def _class_line(name: str, hit: int, wrongly: int, missed: int) -> dict[str, Any]:
    return {
        "name": name,
        "precision": ratio(hit, hit + wrongly),
        "recall": ratio(hit, hit + missed),
        "f1": ratio(2 * hit, 2 * hit + wrongly + missed),
        "support": hit + missed,
    }


def _thin(values: NDArray[np.float64]) -> list[float]:
    keep = np.unique(np.linspace(0, len(values) - 1, CURVE_POINTS).round().astype(int))
    return [round(float(value), 6) for value in values[keep]]
