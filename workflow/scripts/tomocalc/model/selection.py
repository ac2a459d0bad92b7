"""The finished study as a table, and its best trial."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tomocalc.accounts.study import Best, Search, Trial
from tomocalc.errors import TomocalcError
from tomocalc.model.search import model_values, search_space


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
        raise TomocalcError(
            "E402",
            what="every trial of the study failed",
            where="tuning",
            why=f"the first one: {trials[0].failed}",
            fix="lower the top of tuning.learning_rate",
        )
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
