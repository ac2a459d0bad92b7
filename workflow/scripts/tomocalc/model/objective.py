"""The value of a trial: a validation score inside the training part."""

import logging
from collections.abc import Sequence

import numpy as np
import torch

from tomocalc.accounts.study import Search, Trial
from tomocalc.errors import TomocalcError, fault
from tomocalc.model.fitting import Rows, fit
from tomocalc.model.recipe import Recipe
from tomocalc.model.search import model_values, trial_parameters
from tomocalc.model.sequences import Samples
from tomocalc.sections import NetworkSection, SequenceSection

log = logging.getLogger(__name__)
FAILURES = ("E402", "E405")
"""Errors that fail a trial and not the study: it diverged, or the GPU could not hold it."""


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
            why = "a training or validation set lacks a class"
            raise fault("trial_without_class", f"tuning.validation: {kind}", why)
    return sets


def compute_trial(
    number: int,
    known: Sequence[Trial],
    samples: Samples,
    *,
    search: Search,
    model: NetworkSection,
    features: Sequence[str],
    sequence: SequenceSection,
    impute: str,
    seed: int,
    device: torch.device,
) -> Trial:
    """Find what trial *number* tries, and train with it; the value is the mean validation score.

    The score is that of the epoch whose weights the training keeps. All trials start from the
    run's seed, so that they differ by their parameters only. A training that diverges or that the
    GPU cannot hold fails the trial.

    Parameters
    ----------
    known
        The trials up to *number* − `batch`, by number: all whose values it may know.
    model, sequence
        Sections of the configuration.
    features
        Columns that the model reads.
    impute, seed
        Of the run.
    """
    parameters = trial_parameters(number, known, search=search, model=model, seed=seed)
    log.info("trial %d knows %d others and tries %s", number, len(known), parameters)
    section = model_values(parameters).over(
        {**model, "epochs": search.epochs, "members": search.members}
    )
    recipe = Recipe.of(section, features=features, sequence=sequence, impute=impute, seed=seed)
    values: list[float] = []
    epochs, failed = 0, None
    try:
        for training, held in validation_sets(samples, kind=search.validation):
            trained = fit(
                samples, training=training, validation=held, recipe=recipe, device=device
            ).trained
            value = trained.history[trained.best_epoch - 1][f"validation_{search.objective}"]
            assert value is not None
            values.append(value)
            epochs += len(trained.history)
    except TomocalcError as error:
        if error.code not in FAILURES:
            raise
        log.warning("trial %d has no value: %s", number, error)
        failed = f"{error.what}, {error.where}"
    else:
        log.info("trial %d: %s %.4f", number, search.objective, np.mean(values))
    return Trial(
        number=number,
        parameters=parameters,
        known=len(known),
        value=None if failed else float(np.mean(values)),
        epochs=None if failed else epochs,
        failed=failed,
    )
