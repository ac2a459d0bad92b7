"""Charts: traces and axes of plotly figures as plain data, drawn by the page's script.

A chart says nothing of fonts, grid or background: the page's script adds those for the theme and
the width. Its title, what is said of it and its table stand in the template of the page.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from tomocalc.accounts.figures import Shown, ends_of
from tomocalc.pages.palette import ALL, SERIES, scale
from tomocalc.pages.templating import fill, json_block

Values = Sequence[Any] | NDArray[Any]

Trace = dict[str, Any]
"""A trace, a layout or a part of either, in plotly's own terms."""

KINDS = frozenset({"bar", "box", "heatmap", "histogram", "scatter", "contour"})
"""Kinds of traces that need neither WebGL nor a network."""

DIGITS = 5
"""Significant digits of the numbers in a figure: more than a screen can show."""

LONGEST_LABEL = 36

UNIT = {"range": [-0.02, 1.02], "zeroline": False, "nticks": 6}
"""An axis from 0 to 1."""

BAR = {"thickness": 10, "outlinewidth": 0}
"""A colour bar beside a heat map."""


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


@dataclass(frozen=True)
class Chart:
    """One chart, without a word about it.

    Parameters
    ----------
    data, layout
        Plain values and numpy arrays; only traces of `KINDS`. A heat map may carry counts as
        ``customdata`` and ``derive`` instead of ``z``: ``{}`` draws their decimal logarithm,
        ``{"of": i}`` their share of the counts of trace i, ``"flip": True`` exchanges the axes.
    height
        Pixels.
    switches
        Choices shown above the chart.
    group
        Charts of one group follow the switches shown by ``switch_bar`` for that group.
    patches
        ``{switch key: {option key: {"data": [patch per trace], "layout": patch}}}``: what the
        script lays over the figure, key by key, while an option is on. Arrays are replaced.
    narrow
        ``{"data": [patch per trace], "layout": patch}`` for a chart less than 560 pixels wide,
        laid over last; ``layout["height"]`` replaces *height*.

    Raises
    ------
    ValueError
        For a kind of trace that needs WebGL or a network.
    """

    data: Sequence[Trace]
    layout: Trace
    height: int = 420
    switches: Sequence[Switch] = ()
    group: str = ""
    patches: Mapping[str, Trace] = field(default_factory=dict)
    narrow: Trace = field(default_factory=dict)

    def __post_init__(self) -> None:
        kinds = {str(trace.get("type", "scatter")) for trace in self.data}
        if unfit := sorted(kinds - KINDS):
            raise ValueError(f"a chart of kind {unfit[0]!r} needs WebGL or a network")


def chart(
    key: str,
    drawn: Chart,
    title: str,
    table: Markup,
    *,
    open: bool = False,  # noqa: A002 - as the attribute of HTML
    level: int = 3,
    caller: Callable[[], Markup] | None = None,
) -> Markup:
    """Return a chart with its heading, what the caller says of it, and its table.

    Parameters
    ----------
    key
        Identifies the chart on its page; the chart's element is ``chart-<key>``.
    table
        The same numbers, folded unless *open*.
    level
        Of the heading, 3 or 4.
    """
    figure = {
        "data": drawn.data,
        "layout": {"colorway": SERIES} | dict(drawn.layout),
        "switches": drawn.patches,
        "narrow": drawn.narrow,
    }
    return fill(
        "written_figure",
        key=key,
        title=title,
        caption=caller().strip() if caller else "",
        chart=drawn,
        table=table,
        table_open=open,
        level=level,
        figure=json_block(compact(figure)),
    )


def line(
    name: str,
    x: Values,
    y: Values,
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
    x: Values,
    y: Values,
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


def bars(name: str, x: Values, y: Values, colour: str, *, hover: str = "", **more: Any) -> Trace:
    """Return upright bars."""
    drawn = {"type": "bar", "name": name, "x": x, "y": y, "marker": {"color": colour}}
    return drawn | _hover(hover) | more


def lying_bars(
    name: str,
    labels: Sequence[str],
    values: Values,
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
    x: Values, y: Values, colours: tuple[str, ...], *, hover: str = "", **more: Any
) -> Trace:
    """Return a heat map; *more* holds its ``z`` or, to derive them, its ``customdata``."""
    drawn = {"type": "heatmap", "x": x, "y": y, "colorscale": scale(colours)}
    return drawn | _hover(hover) | more


def axis(title: str = "", **more: Any) -> Trace:
    """Return an axis with its *title*."""
    return ({"title": {"text": title}} if title else {}) | more


def dots(
    name: str,
    rows: Sequence[str],
    figures: Sequence[Shown | None],
    *,
    colour: str,
    symbol: str = "circle",
    size: int = 10,
) -> Trace:
    """Return a trace of one dot with whiskers per row."""
    values = [ends_of(figure)[0] for figure in figures]
    hover = "%{y}: %{x:.4~r}<extra>%{fullData.name}</extra>"
    drawn = markers(name, values, list(rows), colour, symbol=symbol, size=size, hover=hover)
    return drawn | {"error_x": whiskers(figures, colour=colour)}


def whiskers(figures: Sequence[Shown | None], *, colour: str) -> Trace:
    """Return the error bars from the low to the high end of every figure."""
    ends = [ends_of(figure) for figure in figures]
    return {
        "type": "data",
        "symmetric": False,
        "array": [_reach(value, high) for value, _, high in ends],
        "arrayminus": [_reach(low, value) for value, low, _ in ends],
        "color": colour,
        "thickness": 1.5,
        "width": 4,
    }


def row_layout() -> Trace:
    """Return the layout of a chart with one named row per model, the first on top."""
    return {
        "xaxis": {"zeroline": False},
        "yaxis": {"autorange": "reversed", "showgrid": True},
        "margin": {"l": 10, "b": 44},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }


def whole_ticks(most: float) -> Trace:
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


def _points(mode: str, name: str, x: Values, y: Values, hover: str) -> Trace:
    drawn = {"type": "scatter", "mode": mode, "name": name, "x": x, "y": y}
    return drawn | _hover(hover)


def _hover(template: str) -> dict[str, str]:
    return {"hovertemplate": template} if template else {"hoverinfo": "skip"}


def _reach(start: float | None, end: float | None) -> float:
    return 0.0 if start is None or end is None else max(0.0, end - start)
