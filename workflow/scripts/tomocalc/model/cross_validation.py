"""Every candidate scored by a model that has not seen its group."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from tomocalc.errors import TomocalcError
from tomocalc.model.fitting import Recipe, fit
from tomocalc.model.sequences import Samples

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
