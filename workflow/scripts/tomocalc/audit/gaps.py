"""What a leaking protocol is worth to every model, at the same share of calcifications.

The paper's protocol tests on as many calcifications as others; in the data there are a few in a
hundred. Average precision, F1 and accuracy depend on that share, so that a bare comparison of
protocols would mix the leak with the share. Here every calcification gets one weight and every
other row another, so that their sums stand in the wanted ratio.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.leakage import Gaps, ModelWorth, Worth
from tomocalc.evaluation.jackknife import LeftOut, added, difference, leave_out, standard_error

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
    sides = here, there
    error, degrees = added(
        *((standard_error(side.without[figure]) ** 2, side.freedom(figure)) for side in sides)
    )
    value = here.values[figure] - there.values[figure]
    found = difference(value, error, freedom=degrees, confidence=confidence)
    return Worth(value=found.value, low=found.low, high=found.high)


Labels = NDArray[np.int8]
Scores = NDArray[np.float64]


def class_weights(label: Labels, prevalence: float) -> NDArray[np.float64]:
    """Return one weight per row, their sum 1, so that calcifications have share *prevalence*."""
    positive = label == 1
    return np.where(positive, prevalence / positive.sum(), (1 - prevalence) / (~positive).sum())


def figures_at(
    label: Labels, score: Scores, *, threshold: float, prevalence: float
) -> dict[str, float]:
    """Return average precision, F1, accuracy (and AUROC, which does not change) at *prevalence*."""
    ones = np.ones((1, len(label)))
    return {
        name: float(values[0])
        for name, values in _weighted(label, score, ones, threshold, prevalence).items()
    }


def left_out_at(
    label: Labels, score: Scores, group: NDArray[np.int32], *, threshold: float, prevalence: float
) -> LeftOut:
    """Return the figures of `figures_at` of all rows and without each group."""
    return leave_out(
        label, group, lambda weight: _weighted(label, score, weight, threshold, prevalence)
    )


def _weighted(
    label: Labels,
    score: Scores,
    weight: NDArray[np.float64],
    threshold: float,
    prevalence: float,
) -> dict[str, NDArray[np.float64]]:
    """Return the figures for every line of *weight* (line, row).

    With the true and false positive rates at a threshold, precision at prevalence π is
    π·TPR / (π·TPR + (1 − π)·FPR).
    """
    order = np.argsort(-score, kind="stable")
    positive, ranked = label[order] == 1, score[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of every tie
    weight = weight[:, order]
    tpr, fpr = _rates(weight * positive, last), _rates(weight * ~positive, last)
    rise, run = np.diff(tpr, prepend=0.0), np.diff(fpr, prepend=0.0)
    flagged = prevalence * tpr + (1 - prevalence) * fpr
    precision = np.divide(prevalence * tpr, flagged, out=np.zeros_like(tpr), where=flagged > 0)
    called = int((ranked[last] >= threshold).sum())  # ties from the threshold up
    found, false = (rate[:, called - 1] if called else 0 * rate[:, 0] for rate in (tpr, fpr))
    hits, alarms = prevalence * found, (1 - prevalence) * false
    return {
        "auroc": (rise * (1 - fpr + run / 2)).sum(axis=1),
        "average_precision": (rise * precision).sum(axis=1),
        "f1": 2 * hits / (hits + alarms + prevalence),
        "accuracy": hits + (1 - prevalence) - alarms,
    }


def _rates(weight: NDArray[np.float64], last: NDArray[np.int64]) -> NDArray[np.float64]:
    count = np.cumsum(weight, axis=1)
    return count[:, last] / count[:, -1:]
