"""The page of the tuning, ``tuning.html``: trials, what mattered, what was chosen."""

from __future__ import annotations

from typing import Any

import optuna
import polars as pl
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import create_trial

from tomocalc.accounts.study import Best, Search
from tomocalc.model.search import search_space
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.parts import Card, Column, block, cards, note, table
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.tuning.charts import (
    history_figure,
    importance_figure,
    parallel_figure,
    slice_figure,
)
from tomocalc.pages.words import badge_of, number, plural, pretty, versions_of

ENOUGH = 4
"""Fewest trials with a value from which importances are told."""


def tuning_page(trials: pl.DataFrame, best: Best, *, seed: int, source: str) -> str:
    """Return ``tuning.html``.

    Parameters
    ----------
    trials, best
        From `tomocalc.model.selection`.
    seed
        Of the run.
    source
        ``phantom``, ``volumes`` or ``table``.
    """
    scored = trials.filter(pl.col("value").is_not_null())
    search, shown = best.search, objective(best.search)
    names = list(search_space(search))
    slices = [slice_figure(scored, name, best, shown) for name in names]
    return render_page(
        title="Hyper-parameters",
        subtitle="Which hyper-parameters the Bayesian optimisation chose, and on what grounds. "
        "It has seen the training and validation parts only.",
        sections=[
            Section("Chosen", [_cards(best), _chosen(best, trials)], key="chosen"),
            Section("Trial by trial", history_figure(trials, shown), key="history"),
            Section("What mattered", _importance(scored, search, names), key="importance"),
            Section(
                "All hyper-parameters at once",
                parallel_figure(scored, search_space(search), shown),
                key="parallel",
            ),
            Section("One hyper-parameter at a time", block(slices, kind="grid"), key="slices"),
            Section("Every trial", block([_every(trials, names, shown)], kind="panel"), key="all"),
        ],
        badge=badge_of(source),
        facts=_facts(trials, search, seed),
        links=navigation("tuning/tuning.html", run_pages()),
        versions=versions_of(("optuna", "plotly", "torch")),
    )


def objective(search: Search) -> str:
    """Return the name of what is maximised, for a reader."""
    return {"auroc": "AUROC"}.get(search.objective, pretty(search.objective))


def importances(scored: pl.DataFrame, search: Search) -> dict[str, float]:
    """Return the share of the values' variance that each hyper-parameter explains (fANOVA).

    Empty with too few trials, or when all values are equal.
    """
    if len(scored) < ENOUGH or scored["value"].n_unique() < 2:
        return {}
    space = search_space(search)
    study = optuna.create_study(direction="maximize")
    for row in scored.iter_rows(named=True):
        study.add_trial(
            create_trial(
                params={name: row[name] for name in space},
                distributions=space,
                value=row["value"],
            )
        )
    return get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))


def _facts(trials: pl.DataFrame, search: Search, seed: int) -> dict[str, str]:
    validation = {
        "holdout": "the validation part",
        "kfold": "cross-validation inside training and validation",
    }
    return {
        "Maximised": objective(search),
        "Measured on": validation[search.validation],
        "Trials": f"{len(trials):,}",
        "Epochs of a trial": f"at most {search.epochs}",
        "Search": f"Gaussian process, up to {plural(search.batch, 'trial')} at a time",
        "Seed": str(seed),
    }


def _cards(best: Best) -> Any:
    shown = [
        Card(f"Best {objective(best.search)}", number(best.value), f"trial {best.trial}"),
        Card("Learning rate", number(best.model.learning_rate)),
        Card("Dropout", number(best.model.dropout)),
        Card("Units", " – ".join(str(n) for n in best.model.units)),
    ]
    return cards(shown)


def _chosen(best: Best, trials: pl.DataFrame) -> Any:
    own = trials.row(0, named=True)  # the first trial is the configured point
    space: dict[str, Any] = search_space(best.search)
    layers = best.parameters["layers"]
    rows = [
        [pretty(name), best.parameters[name], own[name], space[name].low, space[name].high]
        for name in space
        if not name.startswith("units_") or int(name[6:]) <= layers
    ]
    columns = [
        Column("Hyper-parameter", "text"),
        Column("chosen"),
        Column("configured", help="the model section of the configuration, moved into the range"),
        Column("lowest"),
        Column("highest"),
    ]
    return block(
        [table(columns=columns, rows=rows, caption="The chosen hyper-parameters", sortable=False)],
        kind="panel",
    )


def _importance(scored: pl.DataFrame, search: Search, names: list[str]) -> Any:
    found = importances(scored, search)
    if not found:
        return note(f"Importances need {ENOUGH} trials of different values.")
    return importance_figure({name: found.get(name, 0.0) for name in names}, objective(search))


def _every(trials: pl.DataFrame, names: list[str], objective: str) -> Any:
    columns = [
        Column("Trial", "count"),
        Column("Known", "count", "trials whose values its suggestion knew"),
        Column(objective),
        *(Column(pretty(name)) for name in names),
        Column("epochs", "count"),
        Column("failed", "text"),
    ]
    rows = [list(row) for row in trials.iter_rows()]
    note = "Of the units, the first as many are used as there are layers."
    return table(columns=columns, rows=rows, caption="Every trial of the study", note=note)
