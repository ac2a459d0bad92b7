"""Figures of merit in words: names, meanings, a figure with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tomocalc.wording.words import pretty

NAMES = {
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "f1": "F1",
    "recall": "Recall (sensitivity)",
    "mcc": "Matthews' correlation",
    "brier": "Brier score",
    "ece": "Calibration error (ECE)",
}
MEANINGS = {
    "auroc": "chance that a calcification is ranked above another candidate",
    "average_precision": "mean precision over all recalls",
    "f1": "harmonic mean of precision and recall",
    "recall": "share of the calcifications that are found",
    "precision": "share of the calls that are right",
    "specificity": "share of the other candidates that are left alone",
    "accuracy": "share of all rows that are told right",
    "balanced_accuracy": "mean of recall and specificity",
    "mcc": "−1 to 1; 0 is chance",
    "brier": "mean squared error of the probability; 0 is best",
    "ece": "mean distance of probability and observed share; 0 is best",
}


def merit_name(name: str) -> str:
    """Return how a figure of merit is called."""
    return NAMES.get(name, pretty(name).capitalize())


def with_interval(figure: Mapping[str, Any]) -> str:
    """Return a figure with its interval: ``0.951 (0.932–0.967)``."""
    value, low, high = (figure.get(key) for key in ("value", "low", "high"))
    if value is None:
        return "–"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f}–{high:.3f})"
