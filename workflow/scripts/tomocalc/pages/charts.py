"""Charts: plotly figures as JSON, drawn by the page's script, each followed by its table.

A figure is plain data, ``{"data": [...], "layout": {...}}``, or a plotly figure object. It says
nothing of fonts, grid or background: the page's script adds those for the theme and the width.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from tomocalc.pages.palette import SERIES
from tomocalc.pages.templating import fill, json_block

TRACES = frozenset({"bar", "box", "heatmap", "histogram", "scatter", "contour"})
"""Kinds of traces that need neither WebGL nor a network."""

DIGITS = 5
"""Significant digits of the numbers in a figure: more than a screen can show."""

LONGEST_LABEL = 36


@dataclass(frozen=True)
class Switch:
    """A choice of how a chart, or every chart of one group, is shown.

    Parameters
    ----------
    key
        Name of the switch; charts of one group that have the same key change together.
    label
        Plain text before the options.
    options
        Key and label of each option; the first one is on at the start.
    """

    key: str
    label: str
    options: Sequence[tuple[str, str]]


def figure_section(
    *,
    key: str,
    title: str,
    figure: Any,
    table: Markup,
    caption: str = "",
    height: int = 420,
    switches: Sequence[Switch] = (),
    group: str = "",
    patches: Mapping[str, Mapping[str, Any]] | None = None,
    narrow: Mapping[str, Any] | None = None,
    table_open: bool = False,
    level: int = 3,
) -> Markup:
    """Return one chart with its heading, caption, switches and table.

    Parameters
    ----------
    key
        Identifies the chart on its page; the chart's element is ``chart-<key>``.
    title, caption
        Plain text. The caption says what to see, and how the numbers came about.
    figure
        ``{"data", "layout"}`` of plain values and numpy arrays, or a plotly figure
        (an Optuna plot is one). Only traces of `TRACES`. A heat map may carry counts as
        ``customdata`` and ``derive`` instead of ``z``: ``{}`` draws their decimal logarithm,
        ``{"of": i}`` their share of the counts of trace i, ``"flip": True`` exchanges the axes.
    table
        The same numbers, from `tomocalc.pages.parts.table`; folded unless *table_open*.
    height
        Pixels.
    switches
        Choices shown above the chart.
    group
        Charts of one group follow the switches shown by `switch_bar` for that group.
    patches
        ``{switch key: {option key: {"data": [patch per trace], "layout": patch}}}``: what the
        script lays over the figure, key by key, while an option is on. Arrays are replaced.
    narrow
        ``{"data": [patch per trace], "layout": patch}`` for a chart less than 560 pixels wide,
        laid over last; ``layout["height"]`` replaces *height*.
    level
        Of the heading, 3 or 4.

    Examples
    --------
    >>> figure_section(
    ...     key="history",
    ...     title="Objective of every trial",
    ...     figure={"data": [{"type": "scatter", "x": [1, 2], "y": [0.7, 0.8]}], "layout": {}},
    ...     table=table(columns=[Column("trial"), Column("value")], rows=[[1, 0.7], [2, 0.8]]),
    ...     caption="Higher is better.",
    ... )

    Raises
    ------
    ValueError
        For a kind of trace that needs WebGL or a network.
    """
    figure = plain_figure(figure)
    figure |= {"switches": compact(patches or {}), "narrow": compact(narrow or {})}
    return fill(
        "written_figure",
        key=key,
        title=title,
        caption=caption,
        height=height,
        switches=switches,
        group=group,
        table=table,
        table_open=table_open,
        level=level,
        figure=json_block(figure),
    )


def switch_bar(*, group: str, switches: Sequence[Switch]) -> Markup:
    """Return the switches that rule every chart of *group*."""
    return fill("switch_bar", group=group, switches=switches)


def plain_figure(figure: Any) -> dict[str, Any]:
    """Return *figure* as ``{"data", "layout"}`` of JSON values without a template."""
    if hasattr(figure, "to_json"):
        figure = json.loads(figure.to_json())
    data, layout = compact(figure.get("data", [])), compact(figure.get("layout", {}))
    layout.pop("template", None)
    layout.setdefault("colorway", list(SERIES))
    for trace in data:
        kind = trace.get("type", "scatter")
        if kind not in TRACES:
            raise ValueError(f"a chart of kind {kind!r} needs WebGL or a network")
    return {"data": data, "layout": layout}


def compact(value: Any) -> Any:
    """Return *value* as JSON values: numbers of `DIGITS` digits, NaN and infinity as null."""
    if isinstance(value, Mapping):
        return {str(key): compact(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return compact(value.tolist())
    if isinstance(value, list | tuple):
        return [compact(item) for item in value]
    if isinstance(value, np.generic):
        return compact(value.item())
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        rounded = float(f"{value:.{DIGITS}g}")
        return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
    return value


def whole_ticks(most: float) -> dict[str, Any]:
    """Return the ticks of an axis of counts from 0 to *most*: whole numbers, at most six."""
    wanted = max(1.0, most / 6)
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wanted)
    return {"tick0": 0, "dtick": int(step), "tickformat": ",d"}


def label(text: str) -> str:
    """Return *text* for a chart: plotly reads mark-up in its texts, and long names overlap.

    Names come from outside, so their mark-up is shown as it was written.
    """
    text = text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def dots(
    name: str,
    rows: Sequence[str],
    figures: Sequence[Mapping[str, Any]],
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


def whiskers(figures: Sequence[Mapping[str, Any]], *, colour: str) -> dict[str, Any]:
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


def _reach(figure: Mapping[str, Any], end: str) -> float:
    value, bound = figure.get("value"), figure.get(end)
    if value is None or bound is None:
        return 0.0
    return max(0.0, bound - value if end == "high" else value - bound)
