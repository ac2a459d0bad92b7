"""Section of the exploration page on correlations: two heat maps and what is redundant."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tomocalc.eda.correlations import REDUNDANT
from tomocalc.pages.charts import Switch, figure_section
from tomocalc.pages.palette import DIVERGING, scale
from tomocalc.pages.parts import Cell, Column, block, note, table
from tomocalc.pages.shell import Section
from tomocalc.pages.words import pretty

ROWS = (("all", "All"), ("positive", "Calcifications"), ("negative", "Others"))
METHODS = (("pearson", "Pearson"), ("spearman", "Spearman"))
WRITTEN = 8
"""Features up to which the numbers are written into the cells."""


def correlation_section(numbers: dict[str, Any]) -> Section:
    """Return heat maps of both correlations, and the pairs that are redundant."""
    found = numbers["correlations"]
    names = [pretty(name) for name in numbers["features"]]
    maps = [_heat_map(key, title, found[key], names) for key, title in METHODS]
    redundant = [
        f"{pretty(pair['first'])} and {pretty(pair['second'])} "
        f"(Pearson {_signed(pair['pearson'])}, Spearman {_signed(pair['spearman'])})"
        for pair in found["redundant"]
    ]
    remark = (
        note(f"Nearly the same, |r| > {REDUNDANT}: {'; '.join(redundant)}.", tone="warn")
        if redundant
        else note(f"No pair of features is correlated beyond |r| = {REDUNDANT}.")
    )
    return Section(
        "Correlations",
        [remark, block(maps, kind="grid wide")],
        intro="Pearson measures how far two features lie on a line, Spearman how far they rise "
        "together. Both over all candidates, or within one class.",
        key="correlations",
    )


def _heat_map(key: str, title: str, found: dict[str, Any], names: list[str]) -> Markup:
    def drawn(rows: str) -> dict[str, Any]:
        z = found[rows]
        text = [["" if r is None else _signed(r) for r in row] for row in z]
        return {"z": z, "text": text}

    trace = {
        "type": "heatmap",
        "x": names,
        "y": names,
        **drawn("all"),
        "texttemplate": "%{text}" if len(names) <= WRITTEN else "",
        "colorscale": scale(DIVERGING),
        "zmin": -1,
        "zmax": 1,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{y}<br>%{x}<br>r = %{text}<extra></extra>",
        "colorbar": {"thickness": 10, "outlinewidth": 0, "tickvals": [-1, 0, 1]},
    }
    axis = {"showgrid": False, "ticks": "", "showline": False}
    layout = {
        "xaxis": {**axis, "tickangle": -45},
        "yaxis": {**axis, "autorange": "reversed"},
        "margin": {"t": 10, "r": 10},
    }
    patches = {"rows": {rows: {"data": [drawn(rows)]} for rows, _ in ROWS}}
    cells = [
        [f"{first} – {names[j]}", *(found[rows][i][j] for rows, _ in ROWS)]
        for i, first in enumerate(names)
        for j in range(i + 1, len(names))
    ]
    rows = [[pair, *(_marked(r) for r in values)] for pair, *values in cells]
    columns = [Column("Pair", "text"), *(Column(label, "score") for _, label in ROWS)]
    return figure_section(
        key=f"correlation-{key}",
        title=f"{title} correlation",
        figure={"data": [trace], "layout": layout},
        table=table(columns=columns, rows=rows, caption=f"{title} correlation of every pair"),
        height=440,
        switches=[Switch("rows", "Rows", ROWS)],
        patches=patches,
    )


def _marked(r: float | None) -> Any:
    return r if r is None or abs(r) <= REDUNDANT else Cell(_signed(r), r, "warn")


def _signed(r: float | None) -> str:
    return "–" if r is None else f"{r:.2f}".replace("-", "−")
