"""What a leaking protocol is worth to every model, at the same share of calcifications."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl

from tomocalc.audit.prevalence import figures_at, left_out_at
from tomocalc.evaluation.jackknife import LeftOut, as_figure, difference, standard_error

FIGURES = ("average_precision", "auroc", "f1", "accuracy")


def protocol_gaps(
    parts: Mapping[str, pl.DataFrame],
    thresholds: Mapping[str, Mapping[str, float]],
    *,
    reference: str,
    confidence: float,
) -> dict[str, Any]:
    """Compare every other protocol with *reference*, at the prevalence of its test part.

    Parameters
    ----------
    parts
        Test rows by protocol: label, group, and one column of scores per model.
    thresholds
        Decision threshold by protocol and model.

    Returns
    -------
    dict
        ``prevalence``, ``groups`` of the test part by protocol and, by protocol and model,
        ``raw`` (at the protocol's own prevalence), ``matched`` ({figure: value, low, high}) and,
        but for *reference*, ``gap`` to it.
        Protocols whose test part lacks a class are left out.
    """
    usable = {
        name: rows for name, rows in parts.items() if 0 < (rows["label"] == 1).sum() < rows.height
    }
    if reference not in usable:
        return {"reference": reference, "prevalence": None, "rarer_groups": {}, "protocols": {}}
    prevalence = float(np.mean(usable[reference]["label"].to_numpy() == 1))
    found: dict[tuple[str, str], LeftOut] = {}
    values: dict[str, dict[str, Any]] = {}
    for name, rows in usable.items():
        label = rows["label"].to_numpy().astype(np.int8)
        group = rows["group"].to_numpy().astype(np.int32)
        values[name] = {}
        for model, threshold in thresholds[name].items():
            score = rows[model].to_numpy()
            one = left_out_at(label, score, group, threshold=threshold, prevalence=prevalence)
            found[name, model] = one
            own = figures_at(
                label, score, threshold=threshold, prevalence=float((label == 1).mean())
            )
            values[name][model] = {
                "raw": own,
                "matched": {
                    figure: as_figure(one.values[figure], one.interval(figure, confidence))
                    for figure in FIGURES
                },
            }
    for name in usable:
        for model in values[name] if name != reference else ():
            gap = {
                figure: _gap(found[name, model], found[reference, model], figure, confidence)
                for figure in FIGURES
            }
            values[name][model]["gap"] = gap
    return {
        "reference": reference,
        "prevalence": prevalence,
        "rarer_groups": {
            name: min(one.groups for (of, _), one in found.items() if of == name) for name in usable
        },
        "protocols": values,
    }


def _gap(here: LeftOut, there: LeftOut, figure: str, confidence: float) -> dict[str, Any]:
    """Return the difference of two test parts, which are different rows: their errors add up."""
    errors = [standard_error(side.without[figure]) for side in (here, there)]
    value = here.values[figure] - there.values[figure]
    freedom = min(here.groups, there.groups) - 1
    return asdict(difference(value, math.hypot(*errors), freedom=freedom, confidence=confidence))
