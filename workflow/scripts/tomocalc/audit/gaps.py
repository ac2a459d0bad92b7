"""What a leaking protocol is worth to every model, at the same share of calcifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from tomocalc.audit.prevalence import difference, figures_at, resampled_at
from tomocalc.evaluation.bootstrap import rarer_groups, resampled_figure

FIGURES = ("average_precision", "auroc", "f1", "accuracy")


def protocol_gaps(
    parts: Mapping[str, pl.DataFrame],
    thresholds: Mapping[str, Mapping[str, float]],
    *,
    reference: str,
    resamples: int,
    confidence: float,
    seed: int,
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
        return {"reference": reference, "prevalence": None, "groups": {}, "protocols": {}}
    prevalence = float(np.mean(usable[reference]["label"].to_numpy() == 1))
    drawn: dict[tuple[str, str], Any] = {}
    values: dict[str, dict[str, Any]] = {}
    for name, rows in usable.items():
        label = rows["label"].to_numpy().astype(np.int8)
        group = rows["group"].to_numpy().astype(np.int32)
        trials = rarer_groups(label, group)
        values[name] = {}
        for model, threshold in thresholds[name].items():
            score = rows[model].to_numpy()
            drawn[name, model] = resampled_at(
                label,
                score,
                group,
                threshold=threshold,
                prevalence=prevalence,
                resamples=resamples,
                # test parts of different protocols are different rows: resampled apart
                seed=seed + list(usable).index(name),
            )
            matched = figures_at(label, score, threshold=threshold, prevalence=prevalence)
            own = figures_at(
                label, score, threshold=threshold, prevalence=float((label == 1).mean())
            )
            values[name][model] = {
                "raw": own,
                "matched": {
                    figure: resampled_figure(
                        figure, matched[figure], drawn[name, model][figure], trials, confidence
                    )
                    for figure in FIGURES
                },
            }
    for name in usable:
        for model in values[name] if name != reference else ():
            gap = {}
            for figure in FIGURES:
                low, high = difference(
                    drawn[name, model], drawn[reference, model], figure, confidence
                )
                here, there = (
                    values[key][model]["matched"][figure]["value"] for key in (name, reference)
                )
                gap[figure] = {"value": here - there, "low": low, "high": high}
            values[name][model]["gap"] = gap
    return {
        "reference": reference,
        "prevalence": prevalence,
        "groups": {name: rows["group"].n_unique() for name, rows in usable.items()},
        "protocols": values,
    }
