"""Figures of two models on the same rows, and the lead of the first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.evaluation.bootstrap import (
    grouped_bootstrap,
    percentile_interval,
    rarer_groups,
    resampled_figure,
)
from tomocalc.metrics import ranking_metrics

FIGURES = ("average_precision", "auroc")


def paired_figures(
    label: NDArray[np.int8],
    scores: dict[str, NDArray[np.float64]],
    group: NDArray[np.int32],
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, Any]:
    """Return the figures of two models on the same rows, and of the first's lead.

    Every resample draws whole groups, the same for both models, so that the interval of the
    lead is that of a paired comparison.
    """
    values = {name: ranking_metrics(label, score) for name, score in scores.items()}
    drawn = {
        name: grouped_bootstrap(label, score, group, threshold=0.5, resamples=resamples, seed=seed)
        for name, score in scores.items()
    }
    first, second = scores
    trials = rarer_groups(label, group)
    figures: dict[str, Any] = {}
    for figure in FIGURES:
        entries = {
            name: resampled_figure(
                figure, values[name][figure], drawn[name][figure], trials, confidence
            )
            for name in scores
        }
        leads = drawn[first][figure] - drawn[second][figure]
        low, high = percentile_interval(leads, confidence)
        lead = {
            "value": values[first][figure] - values[second][figure],
            "low": low,
            "high": high,
            "share_ahead": float(np.mean(leads > 0)),
        }
        figures[figure] = entries | {"lead": lead}
    return figures
