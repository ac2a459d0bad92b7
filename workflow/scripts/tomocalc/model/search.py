"""The search space of the tuning, which point of it a trial tries, and which was the best.

Trial i is suggested from the values of the trials up to i − W, with those between as running,
and may begin when these values are there. W is `tuning.batch`: twice the number of cores is
enough that one seldom waits for a slower trial. Every trial finds its own parameters and those of
the trials beside it, so that no trial asks another one and nothing is shared but finished trials.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
import polars as pl
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import GPSampler
from optuna.trial import TrialState, create_trial

from tomocalc.accounts.study import Best, Chosen, Parameters, Search, Trial
from tomocalc.errors import fault
from tomocalc.sections import NetworkSection

optuna.logging.set_verbosity(optuna.logging.WARNING)
STARTUP = 4
"""Values that the Gaussian process needs; until then parameters are drawn at random."""
WIDE = 16
"""Integers of so many values and more are wide."""


def search_space(search: Search) -> dict[str, BaseDistribution]:
    """Return the distribution of every parameter, always the same ones.

    Every layer's units are always drawn and the first n used: the Gaussian process models
    static spaces only.
    """
    fewest, most = search.layers
    low, high = search.units
    units = {f"units_{n}": IntDistribution(low, high, log=True) for n in range(1, most + 1)}
    return {
        "learning_rate": FloatDistribution(*search.learning_rate, log=True),
        "dropout": FloatDistribution(*search.dropout),
        "layers": IntDistribution(fewest, most),
        **units,
    }


def own_parameters(search: Search, model: NetworkSection) -> Parameters:
    """Return the `model` section's own point, moved into the space: the first trial."""
    units = list(model["units"])
    layers = _within(len(units), search.layers)
    widths = [units[min(n, len(units) - 1)] for n in range(search.layers[1])]
    return {
        "learning_rate": _within(model["learning_rate"], search.learning_rate),
        "dropout": _within(model["dropout"], search.dropout),
        "layers": layers,
        **{f"units_{n}": _within(width, search.units) for n, width in enumerate(widths, 1)},
    }


def model_values(parameters: Mapping[str, Any]) -> Chosen:
    """Return the values of the `model` section that *parameters* stand for."""
    return Chosen(
        learning_rate=parameters["learning_rate"],
        dropout=parameters["dropout"],
        units=tuple(parameters[f"units_{n}"] for n in range(1, parameters["layers"] + 1)),
    )


def trial_parameters(
    number: int, known: Sequence[Trial], *, search: Search, model: NetworkSection, seed: int
) -> Parameters:
    """Return what trial *number* tries.

    Parameters
    ----------
    known
        The trials up to *number* − `batch`, by number: all whose values it may know.
    model
        The `model` section, whose own point is the first trial.
    seed
        Of the run.
    """
    drawn = [trial.parameters for trial in known]
    for n in range(len(known), number + 1):
        split = max(0, n - search.batch + 1)  # trials from here on have no value yet for trial n
        drawn.append(suggest(known[:split], drawn[split:], search=search, model=model, seed=seed))
    return drawn[number]


def suggest(
    known: Sequence[Trial],
    running: Sequence[Parameters],
    *,
    search: Search,
    model: NetworkSection,
    seed: int,
) -> Parameters:
    """Return the parameters of the trial after *known* and *running*.

    The first trial of all is the configuration's own point; the next ones are random until
    `STARTUP` have values; then a Gaussian process chooses where the expected improvement is
    largest, given the values of the *known* trials and that the *running* ones have none yet.
    It sees wide integers as real numbers (see `relaxed`), and its choice is rounded.
    """
    index = len(known) + len(running)
    if index == 0:
        return own_parameters(search, model)
    own_seed = int(np.random.SeedSequence([seed, index]).generate_state(1)[0])
    sampler = GPSampler(seed=own_seed, n_startup_trials=STARTUP, warn_independent_sampling=False)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    space = search_space(search)
    seen = {name: relaxed(distribution) for name, distribution in space.items()}
    for trial in known:
        if trial.value is not None:
            study.add_trial(
                create_trial(params=trial.parameters, distributions=seen, value=trial.value)
            )
    for parameters in running:
        study.add_trial(
            create_trial(params=parameters, distributions=seen, state=TrialState.RUNNING)
        )
    found = study.ask(seen).params
    return {
        name: round(value) if isinstance(space[name], IntDistribution) else value
        for name, value in found.items()
    }


def relaxed(distribution: BaseDistribution) -> BaseDistribution:
    """Return the real numbers between the bounds of a wide integer *distribution*.

    Optuna looks for the best of many integers one evaluation after another, which takes nine
    tenths of a suggestion's time; for the best real number it follows gradients.
    """
    if not isinstance(distribution, IntDistribution):
        return distribution
    low, high = distribution.low, distribution.high
    if high - low < WIDE:
        return distribution
    return FloatDistribution(low, high, log=distribution.log)


def _within(value: float, bounds: tuple[float, float]) -> Any:
    return min(max(value, bounds[0]), bounds[1])


def trials_table(trials: Sequence[Trial], search: Search) -> pl.DataFrame:
    """Return one row per trial, by number: known, value, parameters, epochs, failure.

    ``known`` counts the trials whose values its suggestion knew.
    """
    space = search_space(search)
    whole = ("layers", "units")
    schema: dict[str, pl.DataType] = {
        "trial": pl.Int32(),
        "known": pl.Int32(),
        "value": pl.Float64(),
        **{name: pl.Int32() if name.startswith(whole) else pl.Float64() for name in space},
        "epochs": pl.Int32(),
        "failed": pl.String(),
    }
    rows = [
        {
            "trial": trial.number,
            "known": trial.known,
            "value": trial.value,
            **trial.parameters,
            "epochs": trial.epochs,
            "failed": trial.failed,
        }
        for trial in trials
    ]
    return pl.DataFrame(rows, schema=schema).sort("trial")


def best_trial(trials: Sequence[Trial], search: Search) -> Best:
    """Return the trial of the highest value, the earliest of equals.

    Raises
    ------
    TomocalcError
        ``E402`` when no trial has a value.
    """
    scored = [(trial.value, -trial.number, trial) for trial in trials if trial.value is not None]
    if not scored:
        raise fault("every_trial_failed", "tuning", f"the first one: {trials[0].failed}")
    value, _, chosen = max(scored)
    return Best(
        trial=chosen.number,
        value=value,
        parameters=chosen.parameters,
        model=model_values(chosen.parameters),
        trials=len(trials),
        failed=len(trials) - len(scored),
        search=search,
    )
