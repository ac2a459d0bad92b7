"""Charts of a binary classifier; the templates of the pages say what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tomocalc.pages.charts import (
    UNIT,
    Chart,
    Trace,
    axis,
    diagonal,
    dots,
    heat_map,
    line,
    markers,
    whiskers,
)
from tomocalc.pages.merits import merit_name
from tomocalc.pages.palette import ALL, AMBER, GREEN, NEGATIVE, POSITIVE, PURPLE, SEQUENTIAL
from tomocalc.pages.words import PARTS, share

HEIGHT = 400
ROWS = 40
"""Rows of a curve's table, evenly chosen from its points."""

COLOURS = {"test": POSITIVE, "validation": NEGATIVE, "train": ALL}
DASHES = {"test": "solid", "validation": "dash", "train": "longdashdot"}
SHOWN_RATE = 10.0
"""False marks per volume up to which a curve is drawn at first; the table has the rest."""

UNITS = {
    "candidates": (POSITIVE, "circle", "solid"),
    "volumes": (NEGATIVE, "diamond", "dash"),
    "patients": (GREEN, "square", "solid"),
}
"""Colour, mark and stroke of what is counted."""


def roc_chart(curves: Mapping[str, Trace]) -> Chart:
    """Return ROC curves; *curves* are those of `part_curves` or `unit_curves`."""
    return _unit_square([*curves.values(), diagonal("chance")], "1 − specificity", "recall")


def precision_recall_chart(curves: Mapping[str, Trace], prevalence: float | None = None) -> Chart:
    """Return precision-recall curves, and chance where the *prevalence* is one."""
    chance = [] if prevalence is None else [_level("chance in the test part", prevalence)]
    return _unit_square([*curves.values(), *chance], "recall", "precision")


def part_curves(
    parts: Mapping[str, Mapping[str, Any]], key: str, x: str, y: str, area: str
) -> dict[str, Trace]:
    """Return one curve per part of ``metrics.json``.

    Parameters
    ----------
    key, x, y
        Where the curve stands in a part: ``roc``, ``fpr``, ``tpr``.
    area
        The figure of merit that is its area.
    """
    curves = {}
    for part, facts in parts.items():
        size = facts["metrics"].get(area, {}).get("value")
        name = PARTS[part] + (f", area {size:.3f}" if size is not None else "")
        curves[part] = line(
            name,
            facts[key][x],
            facts[key][y],
            COLOURS[part],
            dash=DASHES[part],
            width=2.5 if part == "test" else 1.4,
            hover="%{x:.3f}, %{y:.3f}<extra>" + PARTS[part] + "</extra>",
        )
    return curves


def unit_curves(cases: Mapping[str, Mapping[str, Any]]) -> dict[str, Trace]:
    """Return the ROC curve of volumes and of patients, those that there are."""
    return {
        unit: line(
            f"{unit}, area {case['metrics']['auroc']['value']:.3f}",
            case["roc"]["fpr"],
            case["roc"]["tpr"],
            UNITS[unit][0],
            dash=UNITS[unit][2],
            width=2.4,
            hover="%{x:.3f}, %{y:.3f}<extra>" + unit + "</extra>",
        )
        for unit, case in cases.items()
    }


def points(curve: Trace, most: int = ROWS) -> list[list[float]]:
    """Return at most *most* points of a curve for its table, the first and the last too."""
    return [[curve["x"][i], curve["y"][i]] for i in evenly(len(curve["x"]), most)]


def evenly(length: int, most: int) -> list[int]:
    """Return at most *most* indices below *length*, evenly spaced, the first and the last too."""
    return np.unique(np.linspace(0, length - 1, most).round().astype(int)).tolist()


def calibration_chart(bins: Sequence[Mapping[str, Any]]) -> Chart:
    """Return observed shares against predicted probabilities; larger dots are more rows."""
    most = max((one["n"] for one in bins), default=1)
    drawn = markers(
        "test part",
        [one["mean_predicted"] for one in bins],
        [one["observed"] for one in bins],
        POSITIVE,
        size=[8 + 18 * np.sqrt(one["n"] / most) for one in bins],
        hover="predicted %{x:.3f}, observed %{y:.3f}<br>%{customdata:,} rows<extra></extra>",
        mode="lines+markers",
        customdata=[one["n"] for one in bins],
        line={"color": POSITIVE, "width": 1.5},
        error_y=whiskers([{**one, "value": one["observed"]} for one in bins], colour=POSITIVE),
    )
    ends = "mean probability given", "share of calcifications observed"
    return _unit_square([diagonal("perfect"), drawn], *ends)


def threshold_chart(thresholds: Sequence[Mapping[str, Any]], chosen: float) -> Chart:
    """Return precision, recall, specificity and F1 over the threshold, the chosen one marked."""
    styles = {
        "precision": (NEGATIVE, "solid"),
        "recall": (POSITIVE, "dash"),
        "specificity": (GREEN, "dot"),
        "f1": (PURPLE, "dashdot"),
    }
    x = [one["threshold"] for one in thresholds]
    data = []
    for key, (colour, dash) in styles.items():
        name = "F1" if key == "f1" else key
        # without a call there is no precision
        hidden = [key == "precision" and one["flagged"] == 0 for one in thresholds]
        y = [None if no else one[key] for one, no in zip(thresholds, hidden, strict=True)]
        hover = f"{name} %{{y:.3f}} at %{{x}}<extra></extra>"
        data.append(line(name, x, y, colour, dash=dash, hover=hover))
    data.append(line(f"chosen: {chosen:.3f}", [chosen, chosen], [0, 1], dash="dot", width=1.4))
    return _unit_square(data, "threshold", "")


def confusion_chart(counts: Mapping[str, int]) -> Chart:
    """Return the confusion matrix: counts, and their share of the true class."""
    grid = [[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]]
    shares = [[n / max(sum(row), 1) for n in row] for row in grid]
    written = [
        [f"<b>{n:,}</b><br>{share(part)}" for n, part in zip(*pair, strict=True)]
        for pair in zip(grid, shares, strict=True)
    ]
    trace = heat_map(
        ["called other", "called calcification"],
        ["other", "calcification"],
        SEQUENTIAL,
        hover="%{y}, %{x}<br>%{text}<extra></extra>",
        z=shares,
        text=written,
        texttemplate="%{text}",
        zmin=0,
        zmax=1,
        xgap=3,
        ygap=3,
        showscale=False,
    )
    layout = {
        "xaxis": {"showgrid": False, "side": "top", "ticks": ""},
        "yaxis": axis("truth", showgrid=False, autorange="reversed"),
        "margin": {"b": 20},
    }
    return Chart([trace], layout, height=HEIGHT)


def merit_chart(
    parts: Mapping[str, Mapping[str, Any]], names: Sequence[str], cited: Mapping[str, float]
) -> Chart:
    """Return the figures *names* of all parts as dots with whiskers, and those of the paper."""
    symbols = {"test": "circle", "validation": "diamond", "train": "square"}
    data = []
    for part, facts in parts.items():
        found = {
            name: facts["metrics"][name]
            for name in names
            if facts["metrics"].get(name, {}).get("value") is not None
        }
        data.append(
            dots(
                f"{PARTS[part]} part",
                [merit_name(name) for name in found],
                list(found.values()),
                colour=COLOURS[part],
                symbol=symbols[part],
                size=11 if part == "test" else 8,
            )
        )
    if cited:
        data.append(
            markers(
                "reference paper",
                list(cited.values()),
                [merit_name(name) for name in cited],
                AMBER,
                symbol="star",
                size=12,
                hover="%{y}: %{x:.4f}<extra>reference paper</extra>",
            )
        )
    layout = {
        "xaxis": {"zeroline": False},
        "yaxis": {"autorange": "reversed", "showgrid": True},
        "margin": {"l": 10, "b": 36},
    }
    return Chart(data, layout, height=110 + 36 * len(names))


def predictive_chart(units: Mapping[str, Sequence[Mapping[str, Any]]], key: str) -> Chart:
    """Return positive or negative (*key*: ``ppv``, ``npv``) predictive value over prevalence."""
    data = []
    for unit, lines in units.items():
        colour, symbol, _ = UNITS[unit]
        known = [one for one in lines if one[key]["value"] is not None]
        values = [one[key] for one in known]
        data.append(
            markers(
                unit,
                [100 * one["prevalence"] for one in known],
                [value["value"] for value in values],
                colour,
                symbol=symbol,
                size=9,
                hover="at %{x:.3g} %: %{y:.3f}<extra>" + unit + "</extra>",
                mode="lines+markers",
                line={"color": colour, "width": 1.4},
                error_y=whiskers(values, colour=colour),
            )
        )
    ticks = sorted({100 * one["prevalence"] for lines in units.values() for one in lines})
    layout = {
        "xaxis": axis(
            "prevalence (%)", type="log", tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks]
        ),
        "yaxis": axis("predictive value", zeroline=False),
    }
    return Chart(data, layout, height=360)


def froc_chart(facts: Mapping[str, Any], kind: str, confidence: float) -> Chart:
    """Return a free-response curve with its band; *kind*: ``calcifications``, ``clusters``."""
    curve, band, point = facts["curve"], facts["band"], facts["operating_point"]
    reachable = facts["with_candidate"] / facts["findings"]
    last = curve["false_per_volume"][-1]
    right = min(last, max(SHOWN_RATE, 1.5 * point["false_per_volume"])) or 1.0
    data = [
        line(
            f"{100 * confidence:g} % band",
            band["false_per_volume"] + band["false_per_volume"][::-1],
            band["high"] + band["low"][::-1],
            POSITIVE,
            width=0,
            fill="toself",
            opacity=0.35,
            hoverinfo="skip",
        ),
        line(
            "sensitivity",
            [0, *curve["false_per_volume"]],
            [0, *curve["sensitivity"]],
            POSITIVE,
            width=2.5,
            hover="%{x:.2f} false, %{y:.3f} found<extra></extra>",
        ),
        _level(f"within reach: {reachable:.3f}", reachable, until=last) | {"hoverinfo": "skip"},
        markers(
            "at the threshold",
            [point["false_per_volume"]],
            [point["sensitivity"]["value"]],
            AMBER,
            symbol="diamond",
            size=12,
            hover="%{x:.2f} false, %{y:.3f} found<extra>at the threshold</extra>",
        ),
    ]
    layout = {
        "xaxis": axis("false marks per volume", range=[-0.02 * right, right], zeroline=False),
        "yaxis": axis(f"share of {kind} found", **UNIT),
        "legend": {"traceorder": "normal"},
    }
    return Chart(data, layout, height=HEIGHT)


def _level(name: str, y: float, *, until: float = 1) -> Trace:
    return line(name, [0, until], [y, y], dash="dot", width=1.4)


def _unit_square(data: list[Trace], x: str, y: str) -> Chart:
    return Chart(data, {"xaxis": axis(x, **UNIT), "yaxis": axis(y, **UNIT)}, height=HEIGHT)
