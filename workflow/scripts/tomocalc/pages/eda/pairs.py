"""Section of the exploration page on pairs of features: joint histograms over all rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from tomocalc.pages.charts import Switch, figure_section
from tomocalc.pages.palette import NEGATIVE, POSITIVE, SEQUENTIAL, WARM, scale
from tomocalc.pages.parts import Column, note, table
from tomocalc.pages.shell import Section
from tomocalc.pages.words import pretty

MOST = 8
"""Features in the matrix of all pairs; more would be too small to see."""

FEWEST = 20
"""Rows in a cell below which its share of calcifications says nothing in the table."""


STACKED = {
    "layout": {
        "height": 700,
        "xaxis": {"domain": [0, 0.84]},
        "xaxis2": {"domain": [0, 0.84]},
        "yaxis": {"domain": [0.58, 1]},
        "yaxis2": {"domain": [0, 0.42]},
    },
    "data": [
        {"colorbar": {"x": 0.86, "y": 0.79, "len": 0.42}},
        {"colorbar": {"x": 0.86, "y": 0.21, "len": 0.42}},
    ],
}
"""Two pictures that stand side by side, one below the other on a narrow screen."""


def pairs_section(numbers: dict[str, Any]) -> Section:
    """Return joint histograms of all pairs over all rows: one at a time, and as a matrix."""
    counted, names = numbers["pairs"], numbers["features"]
    if len(names) < 2:
        return Section("Pairs of features", note("There is one feature only."), key="pairs")
    chosen = [name for name in names if name in numbers["model_features"]] or names
    return Section(
        "Pairs of features",
        [_matrix(counted, numbers["distributions"], chosen[:MOST]), _explorer(numbers)],
        intro="All candidates are in these pictures, counted on a grid between the central 99 % of "
        "each feature; what lies beyond is counted in the outermost cells.",
        key="pairs",
    )


def _explorer(numbers: dict[str, Any]) -> Markup:
    counted = numbers["pairs"]
    middle = {name: _centres(edges) for name, edges in counted["edges"].items()}
    data, layout = _joint(counted["grids"][0], middle)
    patches = {}
    for grid in counted["grids"]:
        traces, frame = _joint(grid, middle)
        kept = [{key: trace[key] for key in ("x", "y", "customdata")} for trace in traces]
        patches[f"{grid['x']}~{grid['y']}"] = {
            "data": kept,
            "layout": {
                axis: {"title": frame[axis]["title"]} for axis in ("xaxis", "yaxis", "xaxis2")
            },
        }
    options = [
        (f"{grid['x']}~{grid['y']}", f"{pretty(grid['x'])} × {pretty(grid['y'])}")
        for grid in counted["grids"]
    ]
    names = numbers["features"]
    rows = []
    for grid in counted["grids"]:
        i, j = names.index(grid["x"]), names.index(grid["y"])
        rhos = [numbers["correlations"][key]["all"][i][j] for key in ("pearson", "spearman")]
        rows.append([f"{pretty(grid['x'])} × {pretty(grid['y'])}", *rhos, *_grid_facts(grid)])
    columns = [
        Column("Pair", "text"),
        Column("Pearson", "score"),
        Column("Spearman", "score"),
        Column("Cells in use", "count", "cells of the grid that hold a candidate"),
        Column("Fullest cell", "share", "share of all candidates in it"),
        Column("Most calcified cell", "share", f"of the cells with {FEWEST} candidates or more"),
    ]
    return figure_section(
        key="pair",
        title="One pair at a time",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption="Every pair of features"),
        caption="Teal: candidates per cell, logarithmic. Orange: share of calcifications.",
        height=430,
        narrow=STACKED,
        switches=[Switch("pair", "Pair", options)] if len(options) > 1 else (),
        patches={"pair": patches},
    )


def _joint(
    grid: dict[str, Any], middle: dict[str, NDArray[np.float64]]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    base = {"type": "heatmap", "x": middle[grid["x"]], "y": middle[grid["y"]], "zmin": 0}
    ticks = np.arange(int(math.log10(max(1, *map(max, grid["all"])))) + 1)
    bar = {"thickness": 10, "outlinewidth": 0, "len": 0.9}
    traces = [
        base
        | {
            "customdata": grid["all"],
            "derive": {},
            "colorscale": scale(SEQUENTIAL),
            "colorbar": {
                **bar,
                "x": 0.44,
                "tickvals": ticks,
                "ticktext": [f"{10**t:,}" for t in ticks],
            },
            "hovertemplate": "%{x}, %{y}<br>%{customdata:,} candidates<extra></extra>",
        },
        base
        | {
            "customdata": grid["positive"],
            "derive": {"of": 0},
            "xaxis": "x2",
            "yaxis": "y2",
            "zmax": 1,
            "colorscale": scale(WARM),
            "colorbar": {**bar, "x": 1.0, "tickformat": ".0%"},
            "hovertemplate": "%{x}, %{y}<br>%{z:.1%}: %{customdata:,}<extra></extra>",
        },
    ]
    x, y = {"text": pretty(grid["x"])}, {"text": pretty(grid["y"])}
    layout = {
        "xaxis": {"domain": [0, 0.43], "title": x, "showgrid": False, "zeroline": False},
        "xaxis2": {"domain": [0.57, 0.99], "title": x, "showgrid": False, "zeroline": False},
        "yaxis": {"title": y, "showgrid": False, "zeroline": False},
        "yaxis2": {"anchor": "x2", "matches": "y", "showgrid": False, "zeroline": False},
        "margin": {"t": 10},
    }
    return traces, layout


def _matrix(counted: dict[str, Any], single: dict[str, Any], names: list[str]) -> Markup:
    grids = [g for g in counted["grids"] if g["x"] in names and g["y"] in names]
    middle = {name: _centres(counted["edges"][name]) for name in names}
    rows = [[f"{pretty(grid['x'])} × {pretty(grid['y'])}", *_grid_facts(grid)] for grid in grids]
    columns = [
        Column("Pair", "text"),
        Column("Cells in use", "count"),
        Column("Fullest cell", "share"),
        Column("Most calcified cell", "share"),
    ]
    data = [
        *(_panel(grid, names, middle, upper=False) for grid in grids),
        *(_panel(grid, names, middle, upper=True, of=i) for i, grid in enumerate(grids)),
    ]
    for name in names:
        data += _diagonal(name, names, single[name]["central"])
    return figure_section(
        key="pair-matrix",
        title="All pairs at a glance",
        figure={"data": data, "layout": _frames(names, middle)},
        table=table(columns=columns, rows=rows, caption="Pairs of the matrix"),
        caption="Below the diagonal: candidates per cell (teal, logarithmic). Above: share of "
        "calcifications per cell (orange). On it: distribution of others (blue) and "
        "calcifications (orange)."
        + (f" The first {MOST} features that the model reads." if len(names) == MOST else ""),
        height=max(420, 118 * len(names)),
        narrow={"layout": {"height": 90 + 48 * len(names)}},
    )


def _frames(names: list[str], middle: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    """Return the axes of the matrix: names at its left and lower edge, nothing elsewhere."""
    size, gap = len(names), 0.012
    width = (1 - gap * (size - 1)) / size
    layout: dict[str, Any] = {"margin": {"t": 10, "r": 10, "b": 10, "l": 10}, "barmode": "overlay"}
    layout |= {"showlegend": False, "hovermode": False, "bargap": 0}
    for row, y in enumerate(names):
        for column, x in enumerate(names):
            mark = _mark(row, column, size)
            left, bottom = column * (width + gap), 1 - row * (width + gap) - width
            plain = {"showgrid": False, "zeroline": False, "ticks": "", "tickfont": {"size": 11}}
            # on the diagonal the upright axis is that of the bars, which reach 1
            upright = np.array([0.0, 1.0]) if row == column else middle[y]
            layout[f"xaxis{mark}"] = plain | {
                "domain": [left, min(left + width, 1)],
                "anchor": f"y{mark}",
                "showticklabels": row == size - 1,
                "tickangle": -35,
                **_named(x, middle[x]),
            }
            layout[f"yaxis{mark}"] = plain | {
                "domain": [max(bottom, 0), min(bottom + width, 1)],
                "anchor": f"x{mark}",
                "showticklabels": column == 0,
                **_named(y, upright),
            }
    return layout


def _named(name: str, values: NDArray[np.float64]) -> dict[str, Any]:
    """Return the settings of an axis whose only tick is its name, in the middle."""
    return {"tickvals": [(values[0] + values[-1]) / 2], "ticktext": [pretty(name)]}


def _panel(
    grid: dict[str, Any],
    names: list[str],
    middle: dict[str, NDArray[np.float64]],
    *,
    upper: bool,
    of: int = 0,
) -> dict[str, Any]:
    """Return one heat map: candidates below the diagonal, their share calcified above it."""
    x, y = (grid["y"], grid["x"]) if upper else (grid["x"], grid["y"])
    mark = _mark(names.index(y), names.index(x), len(names))
    return {
        "type": "heatmap",
        "x": middle[x],
        "y": middle[y],
        "customdata": grid["positive" if upper else "all"],
        "derive": {"of": of, "flip": True} if upper else {},
        "zmin": 0,
        **({"zmax": 1} if upper else {}),
        "colorscale": scale(WARM if upper else SEQUENTIAL),
        "showscale": False,
        "xaxis": f"x{mark}",
        "yaxis": f"y{mark}",
    }


def _diagonal(name: str, names: list[str], counted: dict[str, Any]) -> list[dict[str, Any]]:
    place = names.index(name)
    mark = _mark(place, place, len(names))
    return [
        {
            "type": "bar",
            "x": _centres(counted["edges"]),
            "y": np.asarray(counted[key]) / max(*counted[key], 1),
            "marker": {"color": colour, "line": {"width": 0}},
            "opacity": 0.6,
            "xaxis": f"x{mark}",
            "yaxis": f"y{mark}",
        }
        for key, colour in (("negative", NEGATIVE), ("positive", POSITIVE))
    ]


def _mark(row: int, column: int, size: int) -> str:
    number = row * size + column + 1
    return "" if number == 1 else str(number)


def _grid_facts(grid: dict[str, Any]) -> tuple[int, float | None, float | None]:
    counts, positive = np.asarray(grid["all"]), np.asarray(grid["positive"])
    total = int(counts.sum())
    enough = counts >= FEWEST
    richest = float((positive[enough] / counts[enough]).max()) if enough.any() else None
    return int((counts > 0).sum()), (float(counts.max()) / total if total else None), richest


def _centres(edges: list[float]) -> NDArray[np.float64]:
    return (np.asarray(edges[1:]) + np.asarray(edges[:-1])) / 2
