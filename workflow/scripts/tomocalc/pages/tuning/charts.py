"""Charts of a study: history, importance, parallel coordinates, slices; each with its table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from tomocalc.accounts.study import Best
from tomocalc.pages.charts import figure_section
from tomocalc.pages.palette import MUTED, NEGATIVE, POSITIVE, SEQUENTIAL, scale
from tomocalc.pages.parts import Column, table
from tomocalc.pages.words import pretty


def history_figure(trials: pl.DataFrame, objective: str) -> Markup:
    """Return the value of every trial, and the best so far."""
    rows = trials.with_columns(
        best=pl.col("value").fill_null(-math.inf).cum_max(), failed=pl.col("value").is_null()
    ).with_columns(best=pl.when(pl.col("best").is_finite()).then("best"))
    data = [
        _points(rows["trial"], rows["value"], name="trial", color=NEGATIVE),
        {
            "type": "scatter",
            "mode": "lines",
            "name": "best so far",
            "x": rows["trial"].to_list(),
            "y": rows["best"].to_list(),
            "line": {"shape": "hv", "color": POSITIVE},
        },
    ]
    columns = [Column("Trial", "count"), Column(objective), Column("best so far")]
    columns.append(Column("failed", "text"))
    return figure_section(
        key="history",
        title="Value of every trial",
        figure={"data": data, "layout": _axes("trial", objective)},
        table=table(
            columns=columns,
            rows=[list(row) for row in rows.select("trial", "value", "best", "failed").iter_rows()],
            caption=f"{objective} of every trial",
        ),
        caption="The first trial is the configured model; a gap is a training that diverged.",
    )


def importance_figure(shares: dict[str, float], objective: str) -> Markup:
    """Return how much of the variance between trials each hyper-parameter explains."""
    ordered = sorted(shares, key=lambda name: (-shares[name], name))
    bar = {
        "type": "bar",
        "orientation": "h",
        "y": [pretty(name) for name in ordered[::-1]],
        "x": [shares[name] for name in ordered[::-1]],
        "marker": {"color": NEGATIVE},
    }
    return figure_section(
        key="importance",
        title="Importance",
        figure={
            "data": [bar],
            "layout": _axes("share of the variance", None) | {"margin": {"l": 110}},
        },
        table=table(
            columns=[Column("Hyper-parameter", "text"), Column("share of the variance", "share")],
            rows=[[pretty(name), shares[name]] for name in ordered],
            caption="Importance of the hyper-parameters",
        ),
        caption=f"Share of the variance of {objective} over the search space that a random forest "
        "ascribes to each hyper-parameter (fANOVA, Hutter 2014). With few trials it is a hint.",
        height=140 + 32 * len(ordered),
    )


def parallel_figure(scored: pl.DataFrame, space: Mapping[str, Any], objective: str) -> Markup:
    """Return every trial as a line across the parameters of *space*, coloured by its rank."""
    names = list(space)
    ranked = scored.sort("value", "trial", descending=[False, True])
    colours = SEQUENTIAL[1:]
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": f"trial {row['trial']}",
            "showlegend": False,
            "x": [pretty(name) for name in names],
            "y": [_share(row[name], space[name]) for name in names],
            "text": [f"{row[name]:.4g}" for name in names],
            "hovertemplate": f"trial {row['trial']}: {row['value']:.4f}<br>%{{x}} %{{text}}"
            "<extra></extra>",
            "line": {"color": colours[place * len(colours) // len(ranked)], "width": 1.5},
        }
        for place, row in enumerate(ranked.iter_rows(named=True))
    ]
    if data:
        data[-1]["line"] = {"color": POSITIVE, "width": 3}
    layout = _axes(None, "place in the search range")
    layout["yaxis"] |= {"range": [-0.04, 1.04], "tickformat": ".0%"}
    best_first = ranked.reverse()
    return figure_section(
        key="parallel",
        title="Parallel coordinates",
        figure={"data": data, "layout": layout},
        table=table(
            columns=[
                Column("Trial", "count"),
                Column(objective),
                *(Column(pretty(name)) for name in names),
            ],
            rows=[list(row) for row in best_first.select("trial", "value", *names).iter_rows()],
            caption="Trials with a value, the best first",
        ),
        caption="Each line is a trial, from the bottom to the top of each hyper-parameter's range "
        "(on its logarithmic scale where it has one): darker is better, orange the best.",
    )


def slice_figure(scored: pl.DataFrame, name: str, best: Best, objective: str) -> Markup:
    """Return the values over one hyper-parameter, later trials darker."""
    points = _points(scored[name], scored["value"], name="trial", color=NEGATIVE)
    points["marker"] |= {
        "color": scored["trial"].to_list(),
        "colorscale": scale(SEQUENTIAL[1:]),
        "line": {"width": 1, "color": MUTED},
    }
    chosen = _points([best.parameters[name]], [best.value], name="chosen", color=POSITIVE)
    chosen["marker"] |= {"size": 13, "symbol": "circle-open", "line": {"width": 3}}
    layout: dict[str, Any] = _axes(pretty(name), objective) | {"showlegend": False}
    if name == "learning_rate":
        layout["xaxis"]["type"] = "log"
    return figure_section(
        key=f"slice-{name.replace('_', '-')}",
        title=pretty(name).capitalize(),
        figure={"data": [points, chosen], "layout": layout},
        table=table(
            columns=[Column("Trial", "count"), Column(pretty(name)), Column(objective)],
            rows=[list(row) for row in scored.select("trial", name, "value").iter_rows()],
            caption=f"{objective} over {pretty(name)}",
        ),
        height=300,
        level=4,
    )


def _points(x: Any, y: Any, *, name: str, color: str) -> dict[str, Any]:
    marker = {"color": color, "size": 8}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": list(x),
        "y": list(y),
        "marker": marker,
    }


def _axes(x: str | None, y: str | None) -> dict[str, Any]:
    return {
        "xaxis": {"title": {"text": x}} if x else {},
        "yaxis": {"title": {"text": y}} if y else {},
    }


def _share(value: float, distribution: Any) -> float:
    low, high = distribution.low, distribution.high
    if low == high:
        return 0.5
    if distribution.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low)
