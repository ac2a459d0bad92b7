"""Figures of merit of every model under one protocol, and its differences to the LSTM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tomocalc.accounts.figures import Figure, Lead
from tomocalc.evaluation.jackknife import LeftOut
from tomocalc.evaluation.weighted import figures_left_out

FIGURES = ("auroc", "average_precision", "f1", "accuracy")
REFERENCE = "lstm"
"""The model that every other one is compared with."""


@dataclass(frozen=True)
class ModelFigures:
    """What one model reaches on the test part of a protocol; without both classes only counts.

    Attributes
    ----------
    n, positives, groups, rarer_groups
        Rows, calcifications, groups, and those that hold the rarer class.
    behind_best
        How far its average precision is behind the best one.
    differences
        To the LSTM, which has none.
    """

    n: int
    positives: int
    groups: int
    rarer_groups: int | None = None
    metrics: Mapping[str, Figure] = field(default_factory=dict)
    differences: Mapping[str, Lead] = field(default_factory=dict)
    behind_best: Lead | None = None


def protocol_figures(
    scored: pl.DataFrame, thresholds: Mapping[str, float], *, confidence: float
) -> dict[str, ModelFigures]:
    """Return figures and differences of every model on the test part of one protocol.

    The same group is left out of two models at a time.

    Parameters
    ----------
    scored
        Rows of the test part: label, group, and one column of scores per model.
    thresholds
        Decision threshold of every model, chosen outside the test part.
    """
    label = scored["label"].to_numpy().astype(np.int8)
    group = scored["group"].to_numpy().astype(np.int32)
    positives = int((label == 1).sum())
    counts = (len(label), positives, len(np.unique(group)))
    if not 0 < positives < len(label):
        return dict.fromkeys(thresholds, ModelFigures(*counts))
    found: dict[str, LeftOut] = {
        key: figures_left_out(label, scored[key].to_numpy(), group, threshold=threshold)
        for key, threshold in thresholds.items()
    }
    best = max(found.values(), key=lambda one: one.values["average_precision"])
    reference = found.get(REFERENCE)
    return {
        key: ModelFigures(
            *counts,
            rarer_groups=one.groups,
            metrics={name: one.figure(name, confidence) for name in FIGURES},
            differences={name: one.lead_over(reference, name, confidence) for name in FIGURES}
            if reference and one is not reference
            else {},
            behind_best=best.lead_over(one, "average_precision", confidence),
        )
        for key, one in found.items()
    }
