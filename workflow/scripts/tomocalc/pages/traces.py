"""Traces and axes of charts: plain data in this project's colours, without a word of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tomocalc.pages.charts import Switch
from tomocalc.pages.palette import ALL, scale

Trace = dict[str, Any]

UNIT = {"range": [-0.02, 1.02], "zeroline": False, "nticks": 6}
"""An axis from 0 to 1."""

BAR = {"thickness": 10, "outlinewidth": 0}
"""A colour bar beside a heat map."""


@dataclass(frozen=True)
class Chart:
    """One drawn chart; its title, caption and table stand in the template of the page.

    The fields are those of `tomocalc.pages.charts.figure_section`.
    """

    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    height: int = 420
    switches: Sequence[Switch] = ()
    group: str = ""
    patches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    narrow: Mapping[str, Any] = field(default_factory=dict)


def line(
    name: str,
    x: Sequence[Any],
    y: Sequence[Any],
    colour: str = ALL,
    *,
    dash: str = "solid",
    width: float = 2.0,
    hover: str = "",
    **more: Any,
) -> Trace:
    """Return a line through points; *hover* is plotly's template of what the pointer shows."""
    drawn = {"color": colour, "dash": dash, "width": width}
    return _points("lines", name, x, y, hover) | {"line": drawn} | more


def diagonal(name: str) -> Trace:
    """Return the line from (0, 0) to (1, 1)."""
    return line(name, [0, 1], [0, 1], dash="dot", width=1.4)


def markers(
    name: str,
    x: Sequence[Any],
    y: Sequence[Any],
    colour: Any,
    *,
    symbol: str = "circle",
    size: Any = 8,
    hover: str = "",
    **more: Any,
) -> Trace:
    """Return points."""
    drawn = {"color": colour, "symbol": symbol, "size": size}
    return _points("markers", name, x, y, hover) | {"marker": drawn} | more


def bars(
    name: str, x: Sequence[Any], y: Sequence[Any], colour: str, *, hover: str = "", **more: Any
) -> Trace:
    """Return upright bars."""
    drawn = {"type": "bar", "name": name, "x": x, "y": y, "marker": {"color": colour}}
    return drawn | _hover(hover) | more


def lying_bars(
    name: str,
    labels: Sequence[str],
    values: Sequence[Any],
    colour: str,
    *,
    texts: Sequence[str],
    hover: str = "",
    **more: Any,
) -> Trace:
    """Return one lying bar per label, its value written at the end."""
    written = {"text": texts, "textposition": "outside", "cliponaxis": False}
    return bars(name, values, labels, colour, hover=hover, orientation="h", **written) | more


def heat_map(
    x: Sequence[Any], y: Sequence[Any], colours: tuple[str, ...], *, hover: str = "", **more: Any
) -> Trace:
    """Return a heat map; *more* holds its ``z`` or, to derive them, its ``customdata``."""
    drawn = {"type": "heatmap", "x": x, "y": y, "colorscale": scale(colours)}
    return drawn | _hover(hover) | more


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    """Return an axis with its *title*."""
    return ({"title": {"text": title}} if title else {}) | more


def _points(mode: str, name: str, x: Sequence[Any], y: Sequence[Any], hover: str) -> dict[str, Any]:
    drawn = {"type": "scatter", "mode": mode, "name": name, "x": x, "y": y}
    return drawn | _hover(hover)


def _hover(template: str) -> dict[str, str]:
    return {"hovertemplate": template} if template else {}
