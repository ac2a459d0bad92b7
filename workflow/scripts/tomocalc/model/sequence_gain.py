"""What the slices around the best one add: the same model with and without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from tomocalc.errors import TomocalcError
from tomocalc.evaluation.bootstrap import grouped_bootstrap, percentile_interval
from tomocalc.evaluation.metrics import ranking_metrics
from tomocalc.model.fitting import Recipe, fit
from tomocalc.model.sequences import Samples

FIGURES = ("average_precision", "auroc")
Scores = NDArray[np.float64]


def out_of_fold(
    samples: Samples,
    group: NDArray[np.int32],
    *,
    folds: int,
    recipe: Recipe,
    device: torch.device,
    report: Callable[[int], None] | None = None,
) -> Scores:
    """Return the probability of every sample by a model that has not seen its group.

    Folds are stratified and the same for every kind of sequence of the same candidates.

    Raises
    ------
    TomocalcError
        ``E304`` when there are fewer groups with a calcification than folds.
    """
    held = len(np.unique(group[samples.y > 0]))
    if held < folds:
        raise TomocalcError(
            "E304",
            what="too few patients for a cross-validation",
            where="results/dataset/splits.parquet",
            why=f"{held} patients have a calcification, {folds} folds need one each",
            fix="add volumes or annotations, or lower split.folds",
        )
    cutter = StratifiedGroupKFold(folds, shuffle=True, random_state=recipe.seed)
    found = np.zeros(len(samples.y))
    for number, (training, rows) in enumerate(cutter.split(samples.x, samples.y, group)):
        trained = fit(
            samples, training=training, validation=training[:0], recipe=recipe, device=device
        )
        found[rows] = trained.probability(samples, rows)
        if report:
            report(number + 1)
    return found


def paired_figures(
    label: NDArray[np.int8],
    scores: dict[str, Scores],
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
    figures: dict[str, Any] = {}
    for figure in FIGURES:
        leads = drawn[first][figure] - drawn[second][figure]
        entries = {
            name: _interval(values[name][figure], drawn[name][figure], confidence)
            for name in scores
        }
        lead = _interval(values[first][figure] - values[second][figure], leads, confidence)
        figures[figure] = entries | {"lead": lead | {"share_ahead": float(np.mean(leads > 0))}}
    return figures


def _interval(value: float, drawn: Scores, confidence: float) -> dict[str, float]:
    low, high = percentile_interval(drawn, confidence)
    return {"value": value, "low": low, "high": high}
