"""What a leaking protocol is worth to every model, at the same share of calcifications."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from tomocalc.accounts.leakage import Gaps, ModelWorth, Worth
from tomocalc.audit.prevalence import figures_at, left_out_at
from tomocalc.evaluation.jackknife import LeftOut, difference, standard_error

FIGURES = ("average_precision", "auroc", "f1", "accuracy")


def protocol_gaps(
    parts: Mapping[str, pl.DataFrame],
    thresholds: Mapping[str, Mapping[str, float]],
    *,
    reference: str,
    confidence: float,
) -> Gaps:
    """Compare every other protocol with *reference*, at the prevalence of its test part.

    Protocols whose test part lacks a class are left out.

    Parameters
    ----------
    parts
        Test rows by protocol: label, group, and one column of scores per model.
    thresholds
        Decision threshold by protocol and model.
    """
    usable = {
        name: rows for name, rows in parts.items() if 0 < (rows["label"] == 1).sum() < rows.height
    }
    if reference not in usable:
        return Gaps(reference=reference, prevalence=None, rarer_groups={}, protocols={})
    prevalence = float(np.mean(usable[reference]["label"].to_numpy() == 1))
    sides = {
        name: {
            model: _side(rows, model, threshold, prevalence)
            for model, threshold in thresholds[name].items()
        }
        for name, rows in usable.items()
    }
    return Gaps(
        reference=reference,
        prevalence=prevalence,
        rarer_groups={
            name: min(side.found.groups for side in models.values())
            for name, models in sides.items()
        },
        protocols={
            name: {
                model: _worth(side, sides[reference][model], confidence, other=name != reference)
                for model, side in models.items()
            }
            for name, models in sides.items()
        },
    )


@dataclass(frozen=True)
class _Side:
    raw: dict[str, float]
    found: LeftOut


def _side(rows: pl.DataFrame, model: str, threshold: float, prevalence: float) -> _Side:
    label = rows["label"].to_numpy().astype(np.int8)
    group, score = rows["group"].to_numpy().astype(np.int32), rows[model].to_numpy()
    own = figures_at(label, score, threshold=threshold, prevalence=float((label == 1).mean()))
    return _Side(own, left_out_at(label, score, group, threshold=threshold, prevalence=prevalence))


def _worth(here: _Side, there: _Side, confidence: float, *, other: bool) -> ModelWorth:
    matched = {}
    for figure in FIGURES:
        limits = here.found.interval(figure, confidence)
        matched[figure] = Worth(value=here.found.values[figure], low=limits.low, high=limits.high)
    gap = {figure: _gap(here.found, there.found, figure, confidence) for figure in FIGURES}
    return ModelWorth(raw=here.raw, matched=matched, gap=gap if other else None)


def _gap(here: LeftOut, there: LeftOut, figure: str, confidence: float) -> Worth:
    """Return the difference of two test parts, which are different rows: their errors add up."""
    errors = [standard_error(side.without[figure]) for side in (here, there)]
    value = here.values[figure] - there.values[figure]
    freedom = min(here.groups, there.groups) - 1
    found = difference(value, math.hypot(*errors), freedom=freedom, confidence=confidence)
    return Worth(value=found.value, low=found.low, high=found.high)
