"""Figures of two models on the same rows, and the lead of the first."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.evaluation.jackknife import as_figure
from tomocalc.evaluation.weighted import figures_left_out

FIGURES = ("average_precision", "auroc")


def paired_figures(
    label: NDArray[np.int8],
    scores: dict[str, NDArray[np.float64]],
    group: NDArray[np.int32],
    *,
    confidence: float,
) -> dict[str, Any]:
    """Return the figures of two models on the same rows, and of the first's lead.

    The same group is left out of both models at a time, so that the interval and the p-value of
    the lead are those of a paired comparison.
    """
    first, second = (
        figures_left_out(label, score, group, threshold=0.5) for score in scores.values()
    )
    return {
        name: {
            model: as_figure(found.values[name], found.interval(name, confidence))
            for model, found in zip(scores, (first, second), strict=True)
        }
        | {"lead": asdict(first.lead_over(second, name, confidence))}
        for name in FIGURES
    }
