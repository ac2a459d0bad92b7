"""Figures of merit with their intervals: cards, a chart and its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tomocalc.pages.charts import dots, figure_section
from tomocalc.pages.merits import MEANINGS, merit_name
from tomocalc.pages.palette import ALL, AMBER, NEGATIVE, POSITIVE
from tomocalc.pages.parts import Card, Column, table
from tomocalc.pages.words import PARTS

CARDS = ("auroc", "average_precision", "f1", "recall", "specificity", "accuracy")
"""Figures that head a page, in order."""

COLOURS = {"test": POSITIVE, "validation": NEGATIVE, "train": ALL}
SYMBOLS = {"test": "circle", "validation": "diamond", "train": "square"}


def figure_card(name: str, figure: Mapping[str, Any]) -> Card:
    """Return a figure as a card, its interval below."""
    value, low, high = (figure.get(key) for key in ("value", "low", "high"))
    shown = "–" if value is None else f"{value:.3f}"
    interval = "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
    return Card(merit_name(name), shown, interval)


def merit_figure(parts: Mapping[str, Mapping[str, Any]], paper: Mapping[str, Any]) -> Markup:
    """Return all figures of all parts as dots with whiskers, and as a table.

    Parameters
    ----------
    parts
        Part and its account, the test part among them.
    paper
        Figures of the reference paper by name, where it gives them.
    """
    given = parts["test"]["metrics"]
    names = [name for name in CARDS if name in given] + [n for n in given if n not in CARDS]
    data = []
    for part, facts in parts.items():
        figures = {name: facts["metrics"][name] for name in names if name in facts["metrics"]}
        known = [name for name in names if figures.get(name, {}).get("value") is not None]
        data.append(
            dots(
                f"{PARTS[part]} part",
                [merit_name(name) for name in known],
                [figures[name] for name in known],
                colour=COLOURS[part],
                symbol=SYMBOLS[part],
                size=11 if part == "test" else 8,
            )
        )
    cited = [name for name in names if isinstance(paper.get(name), int | float)]
    if cited:
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "reference paper",
                "y": [merit_name(name) for name in cited],
                "x": [paper[name] for name in cited],
                "marker": {"color": AMBER, "symbol": "star", "size": 12},
                "hovertemplate": "%{y}: %{x:.4f}<extra>reference paper</extra>",
            }
        )
    layout = {
        "xaxis": {"zeroline": False},
        "yaxis": {"autorange": "reversed", "showgrid": True},
        "margin": {"l": 10, "b": 36},
    }
    return figure_section(
        key="figures",
        title="Figures of merit with their intervals",
        figure={"data": data, "layout": layout},
        table=_merit_table(names, parts, paper, cited=bool(cited)),
        caption="Dots are the values, whiskers their intervals; a figure without whiskers has none "
        "computed. For the Brier score and the calibration error less is better. Wilson intervals "
        "take rows as independent, which those of one patient are not; the table has both.",
        height=110 + 36 * len(names),
        table_open=True,
    )


def _merit_table(
    names: list[str],
    parts: Mapping[str, Mapping[str, Any]],
    paper: Mapping[str, Any],
    *,
    cited: bool,
) -> Markup:
    others = [part for part in parts if part != "test"]
    columns = [
        Column("Figure", "text"),
        Column("Test", "score"),
        Column("From", "score", "lower end of the interval"),
        Column("To", "score", "upper end of the interval"),
        Column("Interval", "text", "how the interval was computed"),
        *(Column(PARTS[part].capitalize(), "score") for part in others),
        *([Column("Paper", "score", "the reference paper's own figure")] if cited else []),
        Column("Meaning", "text"),
    ]
    rows = []
    for name in names:
        figure = parts["test"]["metrics"][name]
        row = [merit_name(name), *(figure.get(key) for key in ("value", "low", "high"))]
        row.append(_method(figure))
        row += [parts[part]["metrics"].get(name, {}).get("value") for part in others]
        row += [paper.get(name)] if cited else []
        rows.append([*row, MEANINGS.get(name, "")])
    return table(columns=columns, rows=rows, caption="Figures of merit")


def _method(figure: Mapping[str, Any]) -> str:
    """Return how an interval was computed; of a proportion also what resampling gives."""
    method = figure.get("method", "–")
    if "by_group" not in figure:
        return method
    low, high = figure["by_group"]
    return f"{method}; bootstrap {low:.3f}–{high:.3f}"
