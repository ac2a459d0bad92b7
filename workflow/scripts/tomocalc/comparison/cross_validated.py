"""The LSTM, the trees that read depth and their average, cross-validated like the other models."""

import logging

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from tomocalc.accounts.study import Spread
from tomocalc.comparison.fitting import fold_figures, grouped_folds, summary
from tomocalc.dataset.splits import usable_candidates
from tomocalc.model.device import choose_device
from tomocalc.model.fitting import Rows, fit
from tomocalc.model.forest import log_odds, probability
from tomocalc.model.growing import grow
from tomocalc.model.recipe import Recipe
from tomocalc.model.release import average, tree_inputs
from tomocalc.model.sequences import Samples, build_samples
from tomocalc.sections import NetworkSection, SequenceSection

log = logging.getLogger(__name__)


def cross_validated(
    candidates: pl.DataFrame,
    *,
    features: list[str],
    sequence: SequenceSection,
    model: NetworkSection,
    impute: str,
    duplicates: str,
    folds: int,
    repeats: int,
    seed: int,
    threads: int,
) -> dict[str, dict[str, Spread]]:
    """Return mean and deviation over the folds of every figure of every model.

    The folds are those of the feature models. All models have their configured values, which
    have seen no data: no trial is spent in a fold.

    Parameters
    ----------
    candidates
        One row per candidate and slice.
    model, sequence
        Sections of the configuration.
    duplicates
        ``drop`` or ``keep``.
    """
    focus = usable_candidates(candidates, used=features, duplicates=duplicates)
    recipe = Recipe.of(model, features=features, sequence=sequence, impute=impute, seed=seed)
    samples = build_samples(
        candidates,
        focus.with_columns(part=pl.lit("train"), fold=pl.lit(0)),
        features=features,
        sequence=sequence,
        impute=impute,
    )
    device = choose_device(model["device"], precision=model["precision"], threads=threads)
    figures: dict[str, list[dict[str, float]]] = {"lstm": [], "trees": [], "average": []}
    group = focus["group"].to_numpy().astype(np.int32)
    cuts = grouped_folds(samples.y, group, folds=folds, repeats=repeats, seed=seed)
    for number, (training, test) in enumerate(cuts, start=1):
        for name, found in scored(samples, training, test, recipe=recipe, device=device).items():
            figures[name].append(fold_figures(samples.y[test], found))
        log.info("fold %d of %d", number, folds * repeats)
    return {
        name: {figure: Spread(**values) for figure, values in summary(rows).items()}
        for name, rows in figures.items()
    }


def scored(
    samples: Samples, training: Rows, test: Rows, *, recipe: Recipe, device: torch.device
) -> dict[str, NDArray[np.float64]]:
    """Return the probability of the *test* rows by every model of the *training* rows."""
    network = fit(samples, training=training, validation=training[:0], recipe=recipe, device=device)
    x = tree_inputs(network.preprocessing, samples.x, samples.mask, samples.focus)
    odds = grow(x[training], samples.y[training], seed=recipe.seed).log_odds(x[test])
    lstm = network.probability(samples, test)
    balanced = recipe.settings.imbalance in ("oversample", "class_weights")
    share = np.array([float(samples.y[training].mean())])
    shift = float(log_odds(share)[0]) if balanced else 0.0
    return {
        "lstm": lstm,
        "trees": probability(odds),
        "average": probability(average(lstm, odds, shift=shift)),
    }
