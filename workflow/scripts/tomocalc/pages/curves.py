"""Charts of a binary classifier: ROC, precision-recall, calibration, thresholds, confusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from tomocalc.pages.charts import figure_section, whiskers
from tomocalc.pages.figures_of_merit import COLOURS
from tomocalc.pages.palette import (
    ALL,
    GREEN,
    NEGATIVE,
    POSITIVE,
    PURPLE,
    SEQUENTIAL,
    scale,
)
from tomocalc.pages.parts import Cell, Column, table
from tomocalc.pages.words import PARTS, share

ROWS = 40
"""Rows of a curve's table, evenly chosen from its points."""

UNIT = {"range": [-0.02, 1.02], "zeroline": False, "nticks": 6}
HEIGHT = 400


def roc_figure(parts: Mapping[str, Mapping[str, Any]]) -> Markup:
    """Return the ROC curves of all parts."""
    data = [
        _curve(part, facts["roc"]["fpr"], facts["roc"]["tpr"], facts["metrics"].get("auroc", {}))
        for part, facts in parts.items()
    ]
    data.append(diagonal("chance"))
    layout = {
        "xaxis": {**UNIT, "title": {"text": "1 − specificity"}},
        "yaxis": {**UNIT, "title": {"text": "recall"}},
    }
    return figure_section(
        key="roc",
        title="ROC curve",
        figure={"data": data, "layout": layout},
        table=_points(parts, "roc", ("fpr", "1 − specificity"), ("tpr", "Recall")),
        height=HEIGHT,
    )


def precision_recall_figure(parts: Mapping[str, Mapping[str, Any]]) -> Markup:
    """Return the precision-recall curves of all parts."""
    data = [
        _curve(
            part,
            facts["pr"]["recall"],
            facts["pr"]["precision"],
            facts["metrics"].get("average_precision", {}),
        )
        for part, facts in parts.items()
    ]
    prevalence = parts["test"]["positives"] / parts["test"]["n"]
    data.append(_line([0, 1], [prevalence, prevalence], "chance in the test part"))
    layout = {
        "xaxis": {**UNIT, "title": {"text": "recall"}},
        "yaxis": {**UNIT, "title": {"text": "precision"}},
    }
    return figure_section(
        key="precision-recall",
        title="Precision and recall",
        figure={"data": data, "layout": layout},
        table=_points(parts, "pr", ("recall", "Recall"), ("precision", "Precision")),
        height=HEIGHT,
    )


def calibration_figure(bins: Sequence[Mapping[str, Any]]) -> Markup:
    """Return observed shares against predicted probabilities."""
    most = max((entry["n"] for entry in bins), default=1)
    sizes = [8 + 18 * np.sqrt(entry["n"] / most) for entry in bins]
    data = [
        diagonal("perfect"),
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "test part",
            "x": [entry["mean_predicted"] for entry in bins],
            "y": [entry["observed"] for entry in bins],
            "customdata": [entry["n"] for entry in bins],
            "line": {"color": POSITIVE, "width": 1.5},
            "marker": {"color": POSITIVE, "size": sizes},
            "error_y": whiskers(
                [{**entry, "value": entry["observed"]} for entry in bins], colour=POSITIVE
            ),
            "hovertemplate": "predicted %{x:.3f}, observed %{y:.3f}<br>%{customdata:,} rows"
            "<extra></extra>",
        },
    ]
    layout = {
        "xaxis": {**UNIT, "title": {"text": "mean probability given"}},
        "yaxis": {**UNIT, "title": {"text": "share of calcifications observed"}},
    }
    keys = ("mean_predicted", "observed", "low", "high", "n")
    rows = [[entry[key] for key in keys] for entry in bins]
    columns = [
        Column("Mean probability", "score"),
        Column("Observed share", "score"),
        Column("From", "score", "Wilson interval of the observed share"),
        Column("To", "score"),
        Column("Rows", "count"),
    ]
    return figure_section(
        key="calibration",
        title="Probability given and share observed",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption="Calibration in bins of probability"),
        caption="The larger a dot, the more rows; small dots scatter by chance, as their Wilson "
        "intervals show.",
        height=HEIGHT,
    )


def threshold_figure(thresholds: Sequence[Mapping[str, Any]], chosen: float) -> Markup:
    """Return precision, recall, specificity and F1 over the threshold, the chosen one marked."""
    styles = {
        "precision": (NEGATIVE, "solid"),
        "recall": (POSITIVE, "dash"),
        "specificity": (GREEN, "dot"),
        "f1": (PURPLE, "dashdot"),
    }
    names = {key: "F1" if key == "f1" else key for key in styles}
    x = [entry["threshold"] for entry in thresholds]
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": names[key],
            "x": x,
            "y": [_defined(entry, key) for entry in thresholds],
            "line": {"color": colour, "dash": dash, "width": 2},
            "hovertemplate": f"{names[key]} %{{y:.3f}} at %{{x}}<extra></extra>",
        }
        for key, (colour, dash) in styles.items()
    ]
    data.append(_line([chosen, chosen], [0, 1], f"chosen: {chosen:.3f}"))
    layout = {"xaxis": {**UNIT, "title": {"text": "threshold"}}, "yaxis": dict(UNIT)}
    keys = ("threshold", *styles, "balanced_accuracy", "mcc", "flagged")
    rows = [[entry[key] for key in keys] for entry in thresholds]
    columns = [
        Column("Threshold", "score"),
        *(Column(name.capitalize(), "score") for name in names.values()),
        Column("Balanced accuracy", "score"),
        Column("Matthews' correlation", "score"),
        Column("Flagged", "share", "share of the rows that are called calcifications"),
    ]
    return figure_section(
        key="thresholds",
        title="What another threshold would do",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption="Figures at other thresholds"),
        height=HEIGHT,
    )


def _defined(entry: Mapping[str, Any], key: str) -> float | None:
    """Return a figure at a threshold; without a call there is no precision."""
    return None if key == "precision" and entry["flagged"] == 0 else entry[key]


def confusion_figure(
    counts: Mapping[str, int], reference: Mapping[str, int] | None = None
) -> Markup:
    """Return the confusion matrix; *reference* is the paper's own, for the table."""
    grid = [[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]]
    shares = [[n / max(sum(row), 1) for n in row] for row in grid]
    called = ["called other", "called calcification"]
    truth = ["other", "calcification"]
    trace = {
        "type": "heatmap",
        "x": called,
        "y": truth,
        "z": shares,
        "text": [
            [f"<b>{n:,}</b><br>{share(part)}" for n, part in zip(*pair, strict=True)]
            for pair in zip(grid, shares, strict=True)
        ],
        "texttemplate": "%{text}",
        "colorscale": scale(SEQUENTIAL),
        "zmin": 0,
        "zmax": 1,
        "xgap": 3,
        "ygap": 3,
        "showscale": False,
        "hovertemplate": "%{y}, %{x}<br>%{text}<extra></extra>",
    }
    layout = {
        "xaxis": {"showgrid": False, "side": "top", "ticks": ""},
        "yaxis": {"showgrid": False, "autorange": "reversed", "title": {"text": "truth"}},
        "margin": {"b": 20},
    }
    cells = (
        ("called other, is other", "tn"),
        ("called calcification, is other", "fp"),
        ("called other, is calcification", "fn"),
        ("called calcification, is calcification", "tp"),
    )
    columns = [Column("Case", "text"), Column("Rows", "count")]
    columns += [Column("Reference paper", "count")] if reference else []
    rows: list[list[Any]] = [
        [Cell(name), counts[key], *([reference[key]] if reference else [])] for name, key in cells
    ]
    return figure_section(
        key="confusion",
        title="Confusion matrix",
        figure={"data": [trace], "layout": layout},
        table=table(columns=columns, rows=rows, caption="Confusion matrix", sortable=False),
        caption="Counts, and their share of the true class.",
        height=HEIGHT,
        table_open=bool(reference),
    )


def _curve(
    part: str, x: Sequence[float], y: Sequence[float], figure: Mapping[str, Any]
) -> dict[str, Any]:
    area = f", area {figure['value']:.3f}" if figure.get("value") is not None else ""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{PARTS[part]}{area}",
        "x": x,
        "y": y,
        "line": {
            "color": COLOURS[part],
            "width": 2.5 if part == "test" else 1.4,
            "dash": {"test": "solid", "validation": "dash", "train": "longdashdot"}[part],
        },
        "hovertemplate": "%{x:.3f}, %{y:.3f}<extra>" + PARTS[part] + "</extra>",
    }


def evenly(length: int, most: int) -> list[int]:
    """Return at most *most* indices below *length*, evenly spaced, the first and the last too."""
    return np.unique(np.linspace(0, length - 1, most).round().astype(int)).tolist()


def diagonal(name: str) -> dict[str, Any]:
    """Return the line from (0, 0) to (1, 1)."""
    return _line([0, 1], [0, 1], name)


def _line(x: Sequence[float], y: Sequence[float], name: str) -> dict[str, Any]:
    line = {"color": ALL, "dash": "dot", "width": 1.4}
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "line": line}


def _points(
    parts: Mapping[str, Mapping[str, Any]], key: str, x: tuple[str, str], y: tuple[str, str]
) -> Markup:
    curve = parts["test"][key]
    rows = [[curve[x[0]][i], curve[y[0]][i]] for i in evenly(len(curve[x[0]]), ROWS)]
    columns = [Column(x[1], "score"), Column(y[1], "score")]
    return table(columns=columns, rows=rows, caption=f"{y[1]} and {x[1].lower()} of the test part")
