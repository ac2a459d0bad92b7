"""Charts of dots with whiskers: one named row per model, run or figure of merit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Figure = Mapping[str, Any]
"""``value``, ``low`` and ``high``; the ends are missing or None where there is no interval."""


def dots(
    name: str,
    rows: Sequence[str],
    figures: Sequence[Figure],
    *,
    colour: str,
    symbol: str = "circle",
    size: int = 10,
) -> dict[str, Any]:
    """Return a trace of one dot with whiskers per row."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "y": list(rows),
        "x": [figure.get("value") for figure in figures],
        "marker": {"color": colour, "symbol": symbol, "size": size},
        "error_x": whiskers(figures, colour=colour),
        "hovertemplate": "%{y}: %{x:.3f}<extra>%{fullData.name}</extra>",
    }


def whiskers(figures: Sequence[Figure], *, colour: str) -> dict[str, Any]:
    """Return the error bars from the low to the high end of every figure."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [_reach(figure, "high") for figure in figures],
        "arrayminus": [_reach(figure, "low") for figure in figures],
        "color": colour,
        "thickness": 1.5,
        "width": 4,
    }


def row_layout() -> dict[str, Any]:
    """Return the layout of a chart with one named row per model, the first on top."""
    return {
        "xaxis": {"zeroline": False},
        "yaxis": {"autorange": "reversed", "showgrid": True},
        "margin": {"l": 10, "b": 44},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }


def _reach(figure: Figure, end: str) -> float:
    value, bound = figure.get("value"), figure.get(end)
    if value is None or bound is None:
        return 0.0
    return max(0.0, bound - value if end == "high" else value - bound)
