"""The page of the tuning, ``tuning.html``: trials, what mattered, what was chosen."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
import polars as pl
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import create_trial

from tomocalc.accounts.study import Best, Search
from tomocalc.model.search import search_space
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, axis, bars, line, markers
from tomocalc.pages.frame import render_page
from tomocalc.pages.palette import MUTED, NEGATIVE, POSITIVE, SEQUENTIAL, scale
from tomocalc.pages.words import BADGES, pretty

RATES = [digit * 10.0**power for power in range(-6, 1) for digit in (1, 2, 5)]
LOGARITHMIC = {"type": "log", "tickvals": RATES, "ticktext": [f"{rate:g}" for rate in RATES]}
"""An axis of learning rates."""
ENOUGH = 4
"""Fewest trials with a value from which importances are told."""


def tuning_page(trials: pl.DataFrame, best: Best, *, seed: int, source: str) -> str:
    """Return ``tuning.html``.

    Parameters
    ----------
    trials, best
        From `tomocalc.model.search`.
    seed
        Of the run.
    source
        ``phantom``, ``volumes`` or ``table``.
    """
    scored = trials.filter(pl.col("value").is_not_null())
    space: dict[str, Any] = search_space(best.search)
    shown = {"auroc": "AUROC"}.get(best.search.objective, pretty(best.search.objective))
    found = importances(scored, best.search)
    shares = {name: found.get(name, 0.0) for name in space} if found else {}
    mattered = sorted(shares, key=lambda name: (-shares[name], name))
    ranked = scored.sort("value", "trial", descending=[False, True])
    history = _history(trials)
    own = trials.row(0, named=True)  # the first trial is the configured point
    layers = best.parameters["layers"]
    return render_page(
        "tuning",
        links=navigation("tuning/tuning.html", run_pages()),
        badge=BADGES.get(source),
        packages=("optuna", "plotly", "torch"),
        best=best,
        search=best.search,
        objective=shown,
        seed=seed,
        names=list(space),
        ENOUGH=ENOUGH,
        chosen=[
            [pretty(name), best.parameters[name], own[name], space[name].low, space[name].high]
            for name in space
            if not name.startswith("units_") or int(name[6:]) <= layers
        ],
        trials=[list(row) for row in trials.iter_rows()],
        history=_rows(history, "trial", "value", "best", "failed"),
        shares=[[pretty(name), shares[name]] for name in mattered],
        ranked=_rows(ranked.reverse(), "trial", "value", *space),
        slices=[
            {
                "name": name,
                "chart": _slice_chart(scored, name, best, shown),
                "rows": _rows(scored, "trial", name, "value"),
            }
            for name in space
        ],
        charts={
            "history": _history_chart(history, shown),
            "importance": _importance_chart(shares, mattered[::-1]) if shares else None,
            "parallel": _parallel_chart(ranked, space),
        },
    )


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


def _rows(frame: pl.DataFrame, *columns: str) -> list[list[Any]]:
    return [list(row) for row in frame.select(columns).iter_rows()]


def _history(trials: pl.DataFrame) -> pl.DataFrame:
    """Return the trials with the best value so far, and whether they have none."""
    so_far = pl.col("value").fill_null(-math.inf).cum_max()
    return trials.with_columns(
        best=pl.when(so_far.is_finite()).then(so_far), failed=pl.col("value").is_null()
    )


def _history_chart(history: pl.DataFrame, objective: str) -> Chart:
    trial = history["trial"].to_list()
    hover = f"trial %{{x}}: {objective} %{{y:.4f}}<extra>%{{fullData.name}}</extra>"
    best = line("best so far", trial, history["best"].to_list(), POSITIVE, hover=hover)
    best["line"]["shape"] = "hv"
    data = [markers("trial", trial, history["value"].to_list(), NEGATIVE, hover=hover), best]
    return Chart(data, {"xaxis": axis("trial"), "yaxis": axis(objective)})


def _importance_chart(shares: Mapping[str, float], names: Sequence[str]) -> Chart:
    drawn = bars(
        "",
        [shares[name] for name in names],
        [pretty(name) for name in names],
        NEGATIVE,
        hover="%{y}: %{x:.1%} of the variance<extra></extra>",
        orientation="h",
    )
    layout = {
        "xaxis": axis("share of the variance", tickformat=".0%"),
        "yaxis": {},
        "margin": {"l": 110},
    }
    return Chart([drawn], layout, height=140 + 32 * len(names))


def _parallel_chart(ranked: pl.DataFrame, space: Mapping[str, Any]) -> Chart:
    """Return every trial as a line across all parameters, the worst first, coloured by rank."""
    colours = SEQUENTIAL[1:]
    data = [
        line(
            f"trial {row['trial']}",
            [pretty(name) for name in space],
            [_place(row[name], space[name]) for name in space],
            colours[place * len(colours) // len(ranked)],
            width=1.5,
            hover=f"trial {row['trial']}: {row['value']:.4f}<br>%{{x}} %{{text}}<extra></extra>",
            mode="lines+markers",
            showlegend=False,
            text=[f"{row[name]:.4g}" for name in space],
        )
        for place, row in enumerate(ranked.iter_rows(named=True))
    ]
    if data:
        data[-1]["line"] = {"color": POSITIVE, "width": 3}
    upright = axis("place in the search range", range=[-0.04, 1.04], tickformat=".0%")
    return Chart(data, {"xaxis": {}, "yaxis": upright})


def _place(value: float, distribution: Any) -> float:
    """Return where a value lies in its search range, from 0 to 1."""
    low, high = distribution.low, distribution.high
    if low == high:
        return 0.5
    if distribution.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low)


def _slice_chart(scored: pl.DataFrame, name: str, best: Best, objective: str) -> Chart:
    """Return the values over one hyper-parameter, later trials darker, the chosen one ringed."""
    hover = f"{pretty(name)} %{{x:.4~r}}<br>{objective} %{{y:.4f}}"
    tried = markers(
        "trial",
        scored[name].to_list(),
        scored["value"].to_list(),
        NEGATIVE,
        hover=f"{hover}<extra>trial %{{customdata}}</extra>",
        customdata=scored["trial"].to_list(),
    )
    tried["marker"] |= {
        "color": scored["trial"].to_list(),
        "colorscale": scale(SEQUENTIAL[1:]),
        "line": {"width": 1, "color": MUTED},
    }
    at = [best.parameters[name]], [best.value]
    chosen = markers(
        "chosen",
        *at,
        POSITIVE,
        symbol="circle-open",
        size=13,
        hover=f"{hover}<extra>chosen</extra>",
    )
    chosen["marker"]["line"] = {"width": 3}
    across = axis(pretty(name), **(LOGARITHMIC if name == "learning_rate" else {}))
    layout = {"xaxis": across, "yaxis": axis(objective), "showlegend": False}
    return Chart([tried, chosen], layout, height=300)
