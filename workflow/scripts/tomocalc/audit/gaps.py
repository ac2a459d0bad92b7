"""What a leaking protocol is worth to every model, at the same share of calcifications.

The paper's protocol tests on as many calcifications as others; in the data there are a few in a
hundred. Average precision, F1 and accuracy depend on that share, so that a bare comparison of
protocols would mix the leak with the share. Here every calcification gets one weight and every
other row another, so that their sums stand in the wanted ratio.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.figures import Lead
from tomocalc.accounts.leakage import Gaps, ModelWorth
from tomocalc.evaluation.intervals import added, difference, standard_error
from tomocalc.evaluation.jackknife import Figures, LeftOut, leave_out
from tomocalc.evaluation.weighted import WeightedRows, figures_left_out

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
            name: min(found.groups for _, found in models.values())
            for name, models in sides.items()
        },
        protocols={
            name: {
                model: _worth(
                    *side, sides[reference][model][1], confidence, other=name != reference
                )
                for model, side in models.items()
            }
            for name, models in sides.items()
        },
    )


def _side(
    rows: pl.DataFrame, model: str, threshold: float, prevalence: float
) -> tuple[dict[str, float], LeftOut]:
    label = rows["label"].to_numpy().astype(np.int8)
    group, score = rows["group"].to_numpy().astype(np.int32), rows[model].to_numpy()
    found = left_out_at(label, score, group, threshold=threshold, prevalence=prevalence)
    own = figures_left_out(label, score, group, threshold=threshold).values
    return {name: own[name] for name in FIGURES}, found


def _worth(
    raw: dict[str, float], here: LeftOut, there: LeftOut, confidence: float, *, other: bool
) -> ModelWorth:
    matched = {figure: here.figure(figure, confidence) for figure in FIGURES}
    gap = {figure: _gap(here, there, figure, confidence) for figure in FIGURES}
    return ModelWorth(raw=raw, matched=matched, gap=gap if other else None)


def _gap(here: LeftOut, there: LeftOut, figure: str, confidence: float) -> Lead:
    """Return the difference of two test parts, which are different rows: their errors add up."""
    sides = here, there
    error, degrees = added(
        *((standard_error(side.without[figure]) ** 2, side.freedom(figure)) for side in sides)
    )
    value = here.values[figure] - there.values[figure]
    return difference(value, error, freedom=degrees, confidence=confidence)


def left_out_at(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    group: NDArray[np.int32],
    *,
    threshold: float,
    prevalence: float,
) -> LeftOut:
    """Return average precision, F1, accuracy and AUROC at *prevalence*, and without each group."""
    order = np.argsort(-score, kind="stable")
    rows = WeightedRows(label[order] == 1, score[order] >= threshold, score[order])

    def at_prevalence(weight: NDArray[np.float64]) -> Figures:
        for kind, share in ((rows.positive, prevalence), (~rows.positive, 1 - prevalence)):
            weight = np.where(kind, share * weight / (weight @ kind)[:, None], weight)
        found = rows.figures(weight)
        return {name: found[name] for name in FIGURES}

    return leave_out(label[order], group[order], at_prevalence)
