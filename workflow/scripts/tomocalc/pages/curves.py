"""Charts of a binary classifier; the templates of the pages say what they show."""

from collections.abc import Mapping, Sequence

import numpy as np

from tomocalc.accounts.figures import Figure, ends_of
from tomocalc.accounts.findings import Froc
from tomocalc.accounts.metrics import (
    AtThreshold,
    CalibrationBin,
    Cases,
    Confusion,
    Part,
    PredictiveValue,
)
from tomocalc.metrics import evenly
from tomocalc.pages.charts import (
    UNIT,
    Chart,
    Trace,
    axis,
    diagonal,
    heat_map,
    line,
    markers,
    whiskers,
)
from tomocalc.pages.palette import ALL, AMBER, GREEN, NEGATIVE, POSITIVE, PURPLE, SEQUENTIAL
from tomocalc.pages.words import PARTS, score, share

HEIGHT = 400
ROWS = 40
"""Rows of a curve's table, evenly chosen from its points."""

COLOURS = {"test": POSITIVE, "validation": NEGATIVE, "train": ALL}
DASHES = {"test": "solid", "validation": "dash", "train": "longdashdot"}
SHOWN_RATE = 10.0
"""False marks per volume up to which a curve is drawn at first; the table has the rest."""

ON_ROC = "recall %{y:.1%}<br>1 − specificity %{x:.1%}<br>%{customdata}"
ON_RECALL = "precision %{y:.1%}<br>recall %{x:.1%}<br>%{customdata}"
ON_FROC = "%{y:.1%} found<br>%{x:.3~r} false marks per volume"
"""What the pointer shows on a curve; `predictive_chart` and others say their own."""

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


AREAS = {
    "roc": ("auroc", "fpr", "tpr", ON_ROC),
    "pr": ("average_precision", "recall", "precision", ON_RECALL),
}
"""Of a curve of `Part`: the figure of merit that is its area, its axes, and what is shown on it."""


def part_curves(parts: Mapping[str, Part], kind: str) -> dict[str, Trace]:
    """Return one curve per part that has it; *kind* is a key of `AREAS`."""
    area, x, y, hover = AREAS[kind]
    drawn = {}
    for name, part in parts.items():
        if curve := getattr(part, kind):
            size, _, _ = ends_of(part.metrics.get(area))
            drawn[name] = line(
                PARTS[name] + (f", area {score(size)}" if size is not None else ""),
                getattr(curve, x),
                getattr(curve, y),
                COLOURS[name],
                dash=DASHES[name],
                width=2.5 if name == "test" else 1.4,
                hover=hover + f"<extra>{PARTS[name]}</extra>",
            ) | _from(curve.threshold)
    return drawn


def unit_curves(cases: Mapping[str, Cases]) -> dict[str, Trace]:
    """Return the ROC curve of volumes and of patients, those that there are."""
    return {
        unit: line(
            f"{unit}, area {score(case.metrics['auroc'].value)}",
            case.roc.fpr,
            case.roc.tpr,
            UNITS[unit][0],
            dash=UNITS[unit][2],
            width=2.4,
            hover=f"{ON_ROC}<extra>{unit}</extra>",
        )
        | _from(case.roc.threshold)
        for unit, case in cases.items()
        if case.roc
    }


def _from(thresholds: Sequence[float | None]) -> Trace:
    """Return what the pointer shows of the thresholds at the points of a curve."""
    return {
        "customdata": [
            "above every score" if one is None else f"from threshold {score(one)}"
            for one in thresholds
        ]
    }


def points(curve: Trace, most: int = ROWS) -> list[list[float]]:
    """Return at most *most* points of a curve for its table, the first and the last too."""
    return [[curve["x"][i], curve["y"][i]] for i in evenly(len(curve["x"]), most)]


def calibration_chart(bins: Sequence[CalibrationBin]) -> Chart:
    """Return observed shares against predicted probabilities; larger dots are more rows."""
    most = max((one.n for one in bins), default=1)
    drawn = markers(
        "test part",
        [one.mean_predicted for one in bins],
        [one.observed for one in bins],
        POSITIVE,
        size=[8 + 18 * np.sqrt(one.n / most) for one in bins],
        hover="mean probability %{x:.4~r}<br>%{y:.1%} are calcifications<br>"
        "%{customdata:,} candidates<extra></extra>",
        mode="lines+markers",
        customdata=[one.n for one in bins],
        line={"color": POSITIVE, "width": 1.5},
        error_y=whiskers(
            [Figure(value=one.observed, low=one.low, high=one.high) for one in bins],
            colour=POSITIVE,
        ),
    )
    ends = "mean probability given", "share of calcifications observed"
    return _unit_square([diagonal("perfect"), drawn], *ends)


def threshold_chart(thresholds: Sequence[AtThreshold], chosen: float) -> Chart:
    """Return precision, recall, specificity and F1 over the threshold, the chosen one marked."""
    styles = {
        "precision": (NEGATIVE, "solid"),
        "recall": (POSITIVE, "dash"),
        "specificity": (GREEN, "dot"),
        "f1": (PURPLE, "dashdot"),
    }
    x = [one.threshold for one in thresholds]
    data = []
    for key, (colour, dash) in styles.items():
        name = "F1" if key == "f1" else key
        # without a call there is no precision
        hidden = [key == "precision" and one.flagged == 0 for one in thresholds]
        y = [None if no else getattr(one, key) for one, no in zip(thresholds, hidden, strict=True)]
        hover = f"{name} %{{y:.4~r}}<br>at threshold %{{x:.4~r}}<extra></extra>"
        data.append(line(name, x, y, colour, dash=dash, hover=hover))
    data.append(line(f"chosen: {score(chosen)}", [chosen, chosen], [0, 1], dash="dot", width=1.4))
    return _unit_square(data, "threshold", "")


def confusion_chart(counts: Confusion) -> Chart:
    """Return the confusion matrix: counts, and their share of the true class."""
    grid = [[counts.tn, counts.fp], [counts.fn, counts.tp]]
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


def predictive_chart(units: Mapping[str, Sequence[PredictiveValue]], key: str) -> Chart:
    """Return positive or negative (*key*: ``ppv``, ``npv``) predictive value over prevalence."""
    data = []
    for unit, lines in units.items():
        colour, symbol, _ = UNITS[unit]
        known = [one for one in lines if getattr(one, key).value is not None]
        values = [getattr(one, key) for one in known]
        data.append(
            markers(
                unit,
                [100 * one.prevalence for one in known],
                [value.value for value in values],
                colour,
                symbol=symbol,
                size=9,
                hover=f"{key.upper()} %{{y:.1%}}<br>prevalence %{{x:.3~g}} %<extra>{unit}</extra>",
                mode="lines+markers",
                line={"color": colour, "width": 1.4},
                error_y=whiskers(values, colour=colour),
            )
        )
    ticks = sorted({100 * one.prevalence for lines in units.values() for one in lines})
    layout = {
        "xaxis": axis(
            "prevalence (%)", type="log", tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks]
        ),
        "yaxis": axis("predictive value", zeroline=False),
    }
    return Chart(data, layout, height=360)


def froc_chart(facts: Froc, kind: str, confidence: float) -> Chart:
    """Return a free-response curve with its band; *kind*: ``calcifications``, ``clusters``."""
    curve, band, point = facts.curve, facts.band, facts.operating_point
    reachable = facts.with_candidate / facts.findings
    last = curve.false_per_volume[-1]
    right = min(last, max(SHOWN_RATE, 1.5 * point.false_per_volume)) or 1.0
    data = [
        line(
            f"{100 * confidence:g} % band",
            band.false_per_volume + band.false_per_volume[::-1],
            band.high + band.low[::-1],
            POSITIVE,
            width=0,
            fill="toself",
            opacity=0.35,
            hoverinfo="skip",
        ),
        line(
            "sensitivity",
            [0, *curve.false_per_volume],
            [0, *curve.sensitivity],
            POSITIVE,
            width=2.5,
            hover=f"{ON_FROC}<br>from threshold %{{customdata:.4~r}}<extra></extra>",
            customdata=[None, *curve.threshold],
        ),
        _level(f"within reach: {score(reachable)}", reachable, until=last) | {"hoverinfo": "skip"},
        markers(
            "at the threshold",
            [point.false_per_volume],
            [point.sensitivity.value],
            AMBER,
            symbol="diamond",
            size=12,
            hover=f"{ON_FROC}<extra>the model's threshold, {score(point.threshold)}</extra>",
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
