"""Figures of merit of every model under one protocol, and its differences to the LSTM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl

from tomocalc.evaluation.jackknife import LeftOut, as_figure
from tomocalc.evaluation.weighted import figures_left_out

FIGURES = ("auroc", "average_precision", "f1", "accuracy")
REFERENCE = "lstm"
"""The model that every other one is compared with."""


def protocol_figures(
    scored: pl.DataFrame, thresholds: Mapping[str, float], *, confidence: float
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
        ({name: value, low, high, method}), ``behind_best`` (how far its average precision is behind
        the best one) and, but for the LSTM, ``differences`` to it, each {name: value, low, high,
        p}; the same group is left out of both at a time.
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
    found: dict[str, LeftOut] = {
        key: figures_left_out(label, scored[key].to_numpy(), group, threshold=threshold)
        for key, threshold in thresholds.items()
    }
    best = max(found.values(), key=lambda one: one.values["average_precision"])
    for key, one in found.items():
        facts[key] |= {
            "behind_best": asdict(best.lead_over(one, "average_precision", confidence)),
            "threshold": thresholds[key],
            "rarer_groups": one.groups,
            "metrics": {
                name: as_figure(one.values[name], one.interval(name, confidence))
                for name in FIGURES
            },
        }
        if key != REFERENCE and REFERENCE in found:
            facts[key]["differences"] = {
                name: asdict(one.lead_over(found[REFERENCE], name, confidence)) for name in FIGURES
            }
    return facts
