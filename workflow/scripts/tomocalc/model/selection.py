"""The finished study as a table, and its best trial."""

from __future__ import annotations

from typing import Any

import optuna
import polars as pl

from tomocalc.errors import TomocalcError
from tomocalc.files import sheet_text
from tomocalc.model.space import model_values, search_space
from tomocalc.model.study import Study
from tomocalc.model.trial_queue import FAILED, finished


def trials_table(study: optuna.Study, plan: Study) -> pl.DataFrame:
    """Return one row per computed trial, by index: known, value, parameters, epochs, failure.

    ``known`` counts the trials whose values its suggestion knew.

    Raises
    ------
    TomocalcError
        ``E403`` when trials are missing.
    """
    computed = finished(study, plan.trials)
    if len(computed) < plan.trials:
        raise TomocalcError(
            "E403",
            what="the study is not complete",
            where="the tuning journal",
            why=f"{len(computed)} of {plan.trials} trials are computed",
            fix="run the same command again: the workers go on",
        )
    space = search_space(plan.tuning)
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
            "trial": index,
            "known": max(0, index - plan.window + 1),
            "value": computed[index].value,
            **computed[index].params,
            "epochs": computed[index].user_attrs.get("epochs"),
            "failed": computed[index].user_attrs.get(FAILED),
        }
        for index in sorted(computed)
    ]
    return pl.DataFrame(rows, schema=schema)


def best_trial(table: pl.DataFrame, plan: Study) -> dict[str, Any]:
    """Return the trial of the highest value (the earliest of equals) as JSON values.

    ``model`` holds the values that replace those of the `model` section.

    Raises
    ------
    TomocalcError
        ``E402`` when no trial has a value.
    """
    scored = table.filter(pl.col("value").is_not_null()).sort(
        "value", "trial", descending=[True, False]
    )
    if scored.is_empty():
        raise TomocalcError(
            "E402",
            what="every trial of the study failed",
            where="tuning",
            why=f"the first one: {table['failed'][0]}",
            fix="lower the top of tuning.learning_rate",
        )
    row = scored.row(0, named=True)
    parameters = {name: row[name] for name in search_space(plan.tuning)}
    return {
        "trial": row["trial"],
        "value": row["value"],
        "objective": plan.tuning["objective"],
        "validation": plan.tuning["validation"],
        "parameters": parameters,
        "model": model_values(parameters),
        "computed": len(table),
        "failed": len(table) - len(scored),
        "study": plan.key,
    }


def timeline(study: optuna.Study, plan: Study) -> str:
    """Return a sheet of when each trial ran and in which worker, with the given-up tries."""
    tries = [
        {
            "trial": trial.user_attrs["index"],
            "state": trial.state.name,
            "worker": trial.user_attrs.get("owner"),
            "started": trial.datetime_start,
            "ended": trial.datetime_complete,
        }
        for trial in study.get_trials(deepcopy=False)
        if trial.user_attrs["index"] < plan.trials
    ]
    return sheet_text(["trial", "state", "worker", "started", "ended"], tries)
