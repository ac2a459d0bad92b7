"""Tables that qualify the figures: predictive values, operating points, calibration error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tomocalc.pages.charts import figure_section, whiskers
from tomocalc.pages.palette import GREEN, NEGATIVE, POSITIVE
from tomocalc.pages.parts import Cell, Column, block, paragraph, table
from tomocalc.pages.words import share

UNITS = {
    "candidates": (POSITIVE, "circle"),
    "volumes": (NEGATIVE, "diamond"),
    "patients": (GREEN, "square"),
}
VALUES = {"ppv": "positive", "npv": "negative"}
RULES = {
    "chosen": "the model's own",
    "half": "0.5",
    "youden": "most recall + specificity",
    "recall_90": "recall of 0.90",
    "recall_95": "recall of 0.95",
}


def predictive_figures(units: Mapping[str, Sequence[Mapping[str, Any]]]) -> Markup:
    """Return positive and negative predictive value over the prevalence, each with its table.

    Parameters
    ----------
    units
        ``candidates``, ``volumes``, ``patients`` and their predictive values, those that there
        are.
    """
    return block([_predictive_figure(key, units) for key in VALUES], kind="grid")


def _predictive_figure(key: str, units: Mapping[str, Sequence[Mapping[str, Any]]]) -> Markup:
    data, rows = [], []
    for unit, lines in units.items():
        colour, symbol = UNITS[unit]
        known = [line for line in lines if line[key]["value"] is not None]
        values = [line[key] for line in known]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": unit,
                "x": [100 * line["prevalence"] for line in known],
                "y": [value["value"] for value in values],
                "line": {"color": colour, "width": 1.4},
                "marker": {"color": colour, "symbol": symbol, "size": 9},
                "error_y": whiskers(values, colour=colour),
                "hovertemplate": "at %{x:.3g} %: %{y:.3f}<extra>" + unit + "</extra>",
            }
        )
        rows += [
            [
                Cell(f"{unit}, {share(line['prevalence'])}"),
                *(line[key][end] for end in ("value", "low", "high")),
            ]
            for line in lines
        ]
    ticks = sorted({100 * line["prevalence"] for lines in units.values() for line in lines})
    axis = {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
    layout = {
        "xaxis": {**axis, "title": {"text": "prevalence (%)"}},
        "yaxis": {"zeroline": False, "title": {"text": "predictive value"}},
    }
    columns = [
        Column("Unit and prevalence", "text"),
        Column("Value", "score"),
        Column("From", "score"),
        Column("To", "score"),
    ]
    name = VALUES[key]
    return figure_section(
        key=key,
        title=f"{name.capitalize()} predictive value",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption=f"{name.capitalize()} predictive values"),
        height=360,
        table_open=True,
    )


def operating_table(points: Sequence[Mapping[str, Any]]) -> Markup:
    """Return what thresholds chosen on the validation part give on the test part."""
    shown = ("recall", "specificity", "precision")
    columns = [
        Column("Rule", "text"),
        Column("Threshold", "score"),
        *(Column(name.capitalize(), "text", "with its Wilson interval") for name in shown),
        Column("F1", "score"),
    ]
    rows = [
        [
            Cell(RULES[point["rule"]]),
            point["threshold"],
            *(_interval(point[name]) for name in shown),
            point["f1"],
        ]
        for point in points
    ]
    written = table(
        columns=columns,
        rows=rows,
        caption="Thresholds by rule, chosen on the validation part, measured on the test part",
        sortable=False,
    )
    return block([written], kind="panel")


def calibration_error_table(facts: Mapping[str, Any]) -> Markup:
    """Return the calibration error beside its bias."""
    rows: list[list[Any]] = [
        [Cell("Calibration error (ECE)"), facts["ece"], "as it is usually given"],
        [
            Cell("Expected of perfect probabilities"),
            facts["expected_if_calibrated"],
            "what chance alone makes of so few rows",
        ],
        [
            Cell("95 % of perfect ones stay below"),
            facts["upper_if_calibrated"],
            "a larger error is more than chance",
        ],
        [Cell("Error less its bias"), facts["debiased"], "first minus second, at least 0"],
        [Cell("p value"), facts["p_value"], "of the error, if the probabilities were right"],
    ]
    columns = [Column("Figure", "text"), Column("Value", "score"), Column("Meaning", "text")]
    written = table(
        columns=columns, rows=rows, caption="Calibration error and its bias", sortable=False
    )
    text = (
        f"The error is a mean of absolute differences over {facts['bins']} bins of equal width. "
        "It is never 0, even of perfect probabilities, and the fewer the rows the larger. Its bias "
        f"is measured by drawing the labels {facts['simulations']:,} times from the probabilities "
        "themselves, rows taken as independent."
    )
    return block([written, paragraph(text)], kind="panel")


def _interval(figure: Mapping[str, float]) -> Cell:
    text = f"{figure['value']:.3f} ({figure['low']:.3f}–{figure['high']:.3f})"
    return Cell(text, figure["value"])
