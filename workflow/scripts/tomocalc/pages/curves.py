"""Charts of a binary classifier: ROC, precision-recall, calibration, thresholds, confusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from tomocalc.pages.charts import figure_section
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
from tomocalc.pages.tables import Cell, Column, share, table
from tomocalc.pages.words import PARTS

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
    data.append(_diagonal("chance"))
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
        _diagonal("perfect"),
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "test part",
            "x": [entry["mean_predicted"] for entry in bins],
            "y": [entry["observed"] for entry in bins],
            "customdata": [entry["n"] for entry in bins],
            "line": {"color": POSITIVE, "width": 1.5},
            "marker": {"color": POSITIVE, "size": sizes},
            "hovertemplate": "predicted %{x:.3f}, observed %{y:.3f}<br>%{customdata:,} rows"
            "<extra></extra>",
        },
    ]
    layout = {
        "xaxis": {**UNIT, "title": {"text": "mean probability given"}},
        "yaxis": {**UNIT, "title": {"text": "share of calcifications observed"}},
    }
    rows = [[entry["mean_predicted"], entry["observed"], entry["n"]] for entry in bins]
    columns = [
        Column("Mean probability", "score"),
        Column("Observed share", "score"),
        Column("Rows", "count"),
    ]
    return figure_section(
        key="calibration",
        title="Probability given and share observed",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption="Calibration in bins of probability"),
        caption="The larger a dot, the more rows; small dots scatter by chance.",
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
            "y": [entry[key] for entry in thresholds],
            "line": {"color": colour, "dash": dash, "width": 2},
            "hovertemplate": f"{names[key]} %{{y:.3f}} at %{{x}}<extra></extra>",
        }
        for key, (colour, dash) in styles.items()
    ]
    data.append(_line([chosen, chosen], [0, 1], f"chosen: {chosen:.3f}"))
    layout = {"xaxis": {**UNIT, "title": {"text": "threshold"}}, "yaxis": dict(UNIT)}
    rows = [[entry["threshold"], *(entry[key] for key in styles)] for entry in thresholds]
    columns = [
        Column("Threshold", "score"),
        *(Column(name.capitalize(), "score") for name in names.values()),
    ]
    return figure_section(
        key="thresholds",
        title="What another threshold would do",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption="Figures at other thresholds"),
        height=HEIGHT,
    )


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


def _diagonal(name: str) -> dict[str, Any]:
    return _line([0, 1], [0, 1], name)


def _line(x: Sequence[float], y: Sequence[float], name: str) -> dict[str, Any]:
    line = {"color": ALL, "dash": "dot", "width": 1.4}
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "line": line}


def _points(
    parts: Mapping[str, Mapping[str, Any]], key: str, x: tuple[str, str], y: tuple[str, str]
) -> Markup:
    curve = parts["test"][key]
    keep = np.unique(np.linspace(0, len(curve[x[0]]) - 1, ROWS).round().astype(int))
    rows = [[curve[x[0]][i], curve[y[0]][i]] for i in keep]
    columns = [Column(x[1], "score"), Column(y[1], "score")]
    return table(columns=columns, rows=rows, caption=f"{y[1]} and {x[1].lower()} of the test part")
