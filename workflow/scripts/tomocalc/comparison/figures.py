"""Figures of merit of every model under one protocol, and its differences to the LSTM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.comparison.catalogue import RESAMPLED
from tomocalc.comparison.paired import accuracy_difference, delong
from tomocalc.evaluation.bootstrap import (
    grouped_bootstrap,
    percentile_interval,
    rarer_groups,
    resampled_figure,
)
from tomocalc.intervals import wilson
from tomocalc.metrics import (
    average_precision,
    confusion,
    proportions,
    ranking_metrics,
    ratio,
    threshold_metrics,
)

REFERENCE = "lstm"
"""The model that every other one is compared with."""


def protocol_figures(
    scored: pl.DataFrame,
    thresholds: Mapping[str, float],
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Return figures and differences of every model on the test part of one protocol.

    Parameters
    ----------
    scored
        Rows of the test part: label, group, and one column of scores per model.
    thresholds
        Decision threshold of every model, chosen outside the test part.

    Returns
    -------
    dict
        Per model: ``n``, ``positives``, ``groups``, and if both classes are there ``metrics``
        ({name: value, low, high}), ``behind_best`` (how far its average precision is behind the
        best one: value, low, high) and, but for the LSTM, ``differences`` to it ({name: value,
        low, high, p}).
    """
    label = scored["label"].to_numpy().astype(np.int8)
    group = scored["group"].to_numpy().astype(np.int32)
    positives = int((label == 1).sum())
    facts: dict[str, dict[str, Any]] = {
        key: {"n": len(label), "positives": positives, "groups": len(np.unique(group))}
        for key in thresholds
    }
    if not 0 < positives < len(label):
        return facts
    scores = {key: scored[key].to_numpy() for key in thresholds}
    # the same clusters and seed give every model the same resamples: their differences are paired
    drawn = {
        key: grouped_bootstrap(
            label, found, group, threshold=thresholds[key], resamples=resamples, seed=seed
        )
        for key, found in scores.items()
    }
    precision = {key: average_precision(label, found) for key, found in scores.items()}
    best = max(precision, key=lambda key: precision[key])
    for key, found in scores.items():
        low, high = percentile_interval(
            drawn[best]["average_precision"] - drawn[key]["average_precision"], confidence
        )
        behind = {"value": precision[best] - precision[key], "low": low, "high": high}
        facts[key]["behind_best"] = behind
        facts[key]["threshold"] = thresholds[key]
        facts[key]["metrics"] = _metrics(
            label, found, thresholds[key], drawn[key], rarer_groups(label, group), confidence
        )
        if key != REFERENCE and REFERENCE in scores:
            facts[key]["differences"] = _differences(
                label,
                (found, scores[REFERENCE]),
                (thresholds[key], thresholds[REFERENCE]),
                (drawn[key], drawn[REFERENCE]),
                confidence,
            )
    return facts


def _metrics(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    threshold: float,
    drawn: Mapping[str, NDArray[np.float64]],
    groups: int,
    confidence: float,
) -> dict[str, dict[str, float]]:
    counts = confusion(label, score, threshold)
    values = ranking_metrics(label, score) | threshold_metrics(counts)
    figures = {}
    for name in RESAMPLED:
        figures[name] = resampled_figure(name, values[name], drawn[name], groups, confidence)
    successes, trials = proportions(counts)["accuracy"]
    low, high = wilson(successes, trials, confidence)
    figures["accuracy"] = {"value": ratio(successes, trials), "low": low, "high": high}
    return figures


def _differences(
    label: NDArray[np.int8],
    scores: tuple[NDArray[np.float64], NDArray[np.float64]],
    thresholds: tuple[float, float],
    drawn: tuple[Mapping[str, NDArray[np.float64]], Mapping[str, NDArray[np.float64]]],
    confidence: float,
) -> dict[str, dict[str, Any]]:
    values = [
        ranking_metrics(label, score) | threshold_metrics(confusion(label, score, cut))
        for score, cut in zip(scores, thresholds, strict=True)
    ]
    differences: dict[str, dict[str, Any]] = {}
    for name in RESAMPLED:
        low, high = percentile_interval(drawn[0][name] - drawn[1][name], confidence)
        differences[name] = {"value": values[0][name] - values[1][name], "low": low, "high": high}
    right = [(score >= cut) == (label == 1) for score, cut in zip(scores, thresholds, strict=True)]
    only_first = int((right[0] & ~right[1]).sum())
    only_second = int((right[1] & ~right[0]).sum())
    differences["accuracy"] = {
        "only_this": only_first,
        "only_lstm": only_second,
        **asdict(accuracy_difference(only_first, only_second, len(label), confidence=confidence)),
    }
    differences["delong"] = asdict(delong(label, *scores, confidence=confidence))
    return differences
