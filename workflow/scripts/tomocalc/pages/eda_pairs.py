"""Charts of pairs of features: one pair at a time, and a matrix of many."""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.eda import Exploration, Grid, Histogram
from tomocalc.pages.charts import BAR, Chart, Switch, Trace, axis, heat_map, label
from tomocalc.pages.eda_charts import COLOURS, centres
from tomocalc.pages.palette import SEQUENTIAL, WARM
from tomocalc.pages.words import pretty

FEWEST = 20
"""Rows in a cell below which its share of calcifications says nothing in the table."""

CHOSEN = ("x", "y", "customdata", "hovertemplate")
"""What of a picture changes with the pair."""

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


def pair_chart(found: Exploration) -> Chart:
    """Return the joint histogram of one pair of features, which the reader chooses."""
    middle = {name: centres(edges) for name, edges in found.pairs.edges.items()}
    grids = found.pairs.grids
    data, layout = _joint(grids[0], middle)
    patches = {}
    for grid in grids:
        traces, frame = _joint(grid, middle)
        patches[f"{grid.x}~{grid.y}"] = {
            "data": [{key: trace[key] for key in CHOSEN} for trace in traces],
            "layout": {
                name: {"title": frame[name]["title"]} for name in ("xaxis", "yaxis", "xaxis2")
            },
        }
    options = [(f"{g.x}~{g.y}", f"{pretty(g.x)} × {pretty(g.y)}") for g in grids]
    return Chart(
        data,
        layout,
        height=430,
        narrow=STACKED,
        switches=[Switch("pair", "Pair", options)] if len(options) > 1 else (),
        patches={"pair": patches},
    )


def _joint(grid: Grid, middle: Mapping[str, NDArray[np.float64]]) -> tuple[list[Trace], Trace]:
    """Return candidates per cell and the calcified share of each, side by side."""
    x, y = middle[grid.x], middle[grid.y]
    bar = BAR | {"len": 0.9}
    powers = np.arange(int(math.log10(max(1, *map(max, grid.all)))) + 1)
    ticks = {"tickvals": powers, "ticktext": [f"{10**power:,}" for power in powers]}
    place = f"{label(pretty(grid.x))} %{{x:.4~r}}<br>{label(pretty(grid.y))} %{{y:.4~r}}<br>"
    traces = [
        heat_map(
            x,
            y,
            SEQUENTIAL,
            hover=place + "%{customdata:,} candidates<extra></extra>",
            customdata=grid.all,
            derive={},
            zmin=0,
            colorbar=bar | {"x": 0.44} | ticks,
        ),
        heat_map(
            x,
            y,
            WARM,
            hover=place + "%{customdata:,} calcifications, %{z:.1%}<extra></extra>",
            customdata=grid.positive,
            derive={"of": 0},
            xaxis="x2",
            yaxis="y2",
            zmin=0,
            zmax=1,
            colorbar=bar | {"x": 1.0, "tickformat": ".0%"},
        ),
    ]
    plain = {"showgrid": False, "zeroline": False}
    return traces, {
        "xaxis": axis(pretty(grid.x), domain=[0, 0.43], **plain),
        "xaxis2": axis(pretty(grid.x), domain=[0.57, 0.99], **plain),
        "yaxis": axis(pretty(grid.y), **plain),
        "yaxis2": plain | {"anchor": "x2", "matches": "y"},
        "margin": {"t": 10},
    }


def matrix_chart(found: Exploration, names: Sequence[str]) -> Chart:
    """Return all pairs of *names*: counts below the diagonal, calcified shares above it."""
    grids = [grid for grid in found.pairs.grids if grid.x in names and grid.y in names]
    middle = {name: centres(found.pairs.edges[name]) for name in names}
    places = {name: place for place, name in enumerate(names)}
    data = [_panel(grid, places, middle) for grid in grids]
    data += [_panel(grid, places, middle, share_of=i) for i, grid in enumerate(grids)]
    for name in names:
        data += _diagonal(found.distributions[name].central, places[name], len(names))
    return Chart(
        data,
        _frames(names, middle),
        height=max(420, 118 * len(names)),
        narrow={"layout": {"height": 90 + 48 * len(names)}},
    )


def _frames(names: Sequence[str], middle: Mapping[str, NDArray[np.float64]]) -> Trace:
    """Return the axes of the matrix: names at its left and lower edge, nothing elsewhere."""
    size, gap = len(names), 0.012
    width = (1 - gap * (size - 1)) / size
    layout: Trace = {"margin": {"t": 10, "r": 10, "b": 10, "l": 10}, "barmode": "overlay"}
    layout |= {"showlegend": False, "hovermode": False, "bargap": 0}
    plain = {"showgrid": False, "zeroline": False, "ticks": "", "tickfont": {"size": 11}}
    for (row, y), (column, x) in itertools.product(enumerate(names), repeat=2):
        mark = _mark(row, column, size)
        left, bottom = column * (width + gap), 1 - row * (width + gap) - width
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


def _named(name: str, values: NDArray[np.float64]) -> Trace:
    """Return the settings of an axis whose only tick is its name, in the middle."""
    return {"tickvals": [(values[0] + values[-1]) / 2], "ticktext": [pretty(name)]}


def _panel(
    grid: Grid,
    places: Mapping[str, int],
    middle: Mapping[str, NDArray[np.float64]],
    *,
    share_of: int | None = None,
) -> Trace:
    """Return one panel; *share_of*: the trace whose counts its calcifications are a share of."""
    upper = share_of is not None
    x, y = (grid.y, grid.x) if upper else (grid.x, grid.y)
    mark = _mark(places[y], places[x], len(places))
    counts = {"customdata": grid.positive if upper else grid.all, "zmin": 0, "showscale": False}
    counts |= {"derive": {"of": share_of, "flip": True}, "zmax": 1} if upper else {"derive": {}}
    axes = {"xaxis": f"x{mark}", "yaxis": f"y{mark}"}
    return heat_map(middle[x], middle[y], WARM if upper else SEQUENTIAL, **counts, **axes)


def _diagonal(counted: Histogram, place: int, size: int) -> list[Trace]:
    mark = _mark(place, place, size)
    return [
        {
            "type": "bar",
            "x": centres(counted.edges),
            "y": np.asarray(counts) / max(*counts, 1),
            "marker": {"color": COLOURS[key], "line": {"width": 0}},
            "opacity": 0.6,
            "xaxis": f"x{mark}",
            "yaxis": f"y{mark}",
        }
        for key, counts in (("negative", counted.negative), ("positive", counted.positive))
    ]


def _mark(row: int, column: int, size: int) -> str:
    """Return the number that plotly adds to the names of a panel's axes; the first has none."""
    number = row * size + column + 1
    return "" if number == 1 else str(number)


def grid_facts(grid: Grid) -> tuple[int, float | None, float | None]:
    """Return the cells in use, the share of the fullest, the calcified share of the richest."""
    counts, positive = np.asarray(grid.all), np.asarray(grid.positive)
    total = int(counts.sum())
    enough = counts >= FEWEST
    richest = float((positive[enough] / counts[enough]).max()) if enough.any() else None
    return int((counts > 0).sum()), (float(counts.max()) / total if total else None), richest
