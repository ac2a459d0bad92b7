"""Figures of merit in words: names, meanings, a figure with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tomocalc.wording.numbers import signed
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


def in_a_sentence(name: str) -> str:
    """Return how a figure of merit is called within a sentence: ``average precision``."""
    called = merit_name(name)
    return called if called[:2].isupper() or name == "f1" else f"{called[0].lower()}{called[1:]}"


def figure_of(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the figure *key* of a row of ``comparison.parquet``: value, low, high."""
    return {"value": row[key], "low": row[f"{key}_low"], "high": row[f"{key}_high"]}


def with_interval(figure: Mapping[str, Any] | None) -> str:
    """Return a figure with its interval: ``0.951 (0.932–0.967)``."""
    value, low, high = ((figure or {}).get(key) for key in ("value", "low", "high"))
    if value is None:
        return "–"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f}–{high:.3f})"


def is_alike(difference: Mapping[str, Any]) -> bool:
    """Return whether two models had the same figure on all rows and in every resample."""
    return difference["value"] == difference["low"] == difference["high"] == 0


def reach(difference: Mapping[str, Any]) -> str:
    """Return the interval of a difference: ``−0.003 to +0.030``."""
    if is_alike(difference):
        return "no difference in any resample"
    return f"{signed(difference['low'])} to {signed(difference['high'])}"


def with_reach(difference: Mapping[str, Any]) -> str:
    """Return a difference with its interval: ``+0.012 (−0.003 to +0.030)``."""
    if is_alike(difference):
        return reach(difference)
    return f"{signed(difference['value'])} ({reach(difference)})"
