"""The value of a trial: a validation score inside the training part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from tomocalc.errors import TomocalcError
from tomocalc.model.fitting import Rows, fit
from tomocalc.model.recipe import Recipe
from tomocalc.model.sequences import Samples
from tomocalc.model.space import Parameters, model_values
from tomocalc.model.study import Study
from tomocalc.model.training import Row


@dataclass(frozen=True)
class TrialScore:
    """The mean value over the validation sets, and the epochs that were spent on them."""

    value: float
    epochs: int


def validation_sets(samples: Samples, *, kind: str) -> list[tuple[Rows, Rows]]:
    """Return the (training, validation) rows of every fit of one trial.

    ``holdout``: the parts train and validation. ``kfold``: every fold of train and validation
    together. The test part is in none of them.

    Raises
    ------
    TomocalcError
        ``E304`` when a validation set lacks one of the classes.
    """
    if kind == "holdout":
        chosen = [(samples.part == "train", samples.part == "validation")]
    else:
        inside = samples.part != "test"
        folds = np.unique(samples.fold[inside])
        chosen = [(inside & (samples.fold != k), inside & (samples.fold == k)) for k in folds]
    sets = [(np.flatnonzero(training), np.flatnonzero(held)) for training, held in chosen]
    for rows in (rows for pair in sets for rows in pair):
        if len(np.unique(samples.y[rows])) < 2:
            raise TomocalcError(
                "E304",
                what="a trial cannot be scored",
                where=f"tuning.validation: {kind}",
                why="a training or validation set lacks calcifications or other candidates",
                fix="raise split.validation_fraction, lower split.folds, or use the other kind",
            )
    return sets


def score_trial(
    samples: Samples,
    *,
    study: Study,
    parameters: Parameters,
    device: torch.device,
    report: Callable[[Row], None] | None = None,
) -> TrialScore:
    """Train with *parameters* on every training set and return the mean validation score.

    The score is that of the epoch whose weights the training keeps. All fits start from the
    run's seed, so that trials differ by their parameters only.
    """
    changes = {"epochs": study.tuning["epochs"], "members": study.tuning["members"]}
    model = study.model | changes | model_values(parameters)
    recipe = Recipe.of(
        model,
        features=study.features,
        sequence=study.sequence,
        impute=study.impute,
        seed=study.seed,
    )
    values, epochs = [], 0
    for training, held in validation_sets(samples, kind=study.tuning["validation"]):
        trained = fit(
            samples,
            training=training,
            validation=held,
            recipe=recipe,
            device=device,
            report=report,
        ).trained
        value = trained.history[trained.best_epoch - 1][f"validation_{study.tuning['objective']}"]
        assert value is not None
        values.append(value)
        epochs += len(trained.history)
    return TrialScore(float(np.mean(values)), epochs)
