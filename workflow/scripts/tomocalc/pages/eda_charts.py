"""Charts of the exploration page; its template says what they show."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.eda import (
    ByClass,
    Counts,
    Distribution,
    FeatureSummary,
    Histogram,
    Shift,
    Statistics,
)
from tomocalc.metrics import CHANCE
from tomocalc.pages.charts import (
    BAR,
    Chart,
    Switch,
    Trace,
    axis,
    bars,
    heat_map,
    label,
    lying_bars,
    markers,
    whole_ticks,
)
from tomocalc.pages.palette import DIVERGING, NEGATIVE, POSITIVE, SEQUENTIAL
from tomocalc.pages.words import CLASSES, pretty

COLOURS = {"negative": NEGATIVE, "positive": POSITIVE}
NAMES = {"negative": CLASSES[0], "positive": CLASSES[1]}
SCALES = (("linear", "Linear"), ("log", "Logarithmic"))
RANGES = (("central", "Central 99 %"), ("whole", "Whole range"))
SWITCHES = (Switch("scale", "Shares", SCALES), Switch("range", "Range", RANGES))
"""Of all distributions."""
GROUPS = (("all", "All"), ("positive", "Calcifications"), ("negative", "Others"))
FEW = 8
"""Features up to which numbers fit into the cells of a heat map."""


def balance_chart(states: Sequence[tuple[str, int, int]]) -> Chart:
    """Return class counts by state: its name, its rows, and the calcifications among them."""
    names = [name for name, _, _ in states]
    counts = [[n - k for _, n, k in states], [k for _, _, k in states]]
    data = [
        lying_bars(
            CLASSES[one],
            names,
            counts[one],
            colour,
            texts=[f"{value:,}" for value in counts[one]],
            hover="%{y}: %{x:,} " + CLASSES[one] + "<extra></extra>",
        )
        for one, colour in ((0, NEGATIVE), (1, POSITIVE))
    ]
    most = max(*counts[0], *counts[1], 10)
    log = axis("rows", type="log", dtick=1, range=[0, 1.12 * math.log10(most)])
    linear = {"type": "linear", "dtick": None, "range": [0, 1.12 * most]}
    return Chart(
        data,
        {
            "barmode": "group",
            "xaxis": log,
            "yaxis": {"showgrid": False, "autorange": "reversed"},
            "margin": {"l": 10, "r": 44},
        },
        height=120 + 62 * len(states),
        switches=[Switch("scale", "Scale", SCALES[::-1])],
        patches={"scale": {"log": {}, "linear": {"layout": {"xaxis": linear}}}},
    )


def distribution_chart(counted: Distribution, summary: FeatureSummary, title: str) -> Chart:
    """Return a histogram per class, and the five numbers of each class below it.

    *title*: the feature and its unit, for the hovers.
    """
    ranges = {"central": counted.central, "whole": counted.whole}
    drawn = {key: _bars(found) for key, found in ranges.items()}
    data = [
        {
            "type": "bar",
            "name": NAMES[key],
            "marker": {"color": COLOURS[key], "line": {"width": 0}},
            "opacity": 0.62,
            "hovertemplate": f"{title} %{{x:.4~r}}: %{{y:.2%}}, %{{customdata:,}} rows"
            "<extra>%{fullData.name}</extra>",
        }
        | bar
        for key, bar in zip(COLOURS, drawn["central"], strict=True)
    ]
    for key in COLOURS:
        if (facts := getattr(summary, key)).n:
            data += _box(facts, NAMES[key], COLOURS[key], title)
    limits = {key: _widened(found.edges) for key, found in ranges.items()}
    layout = {
        "barmode": "overlay",
        "bargap": 0,
        "xaxis": {"range": limits["central"], "anchor": "y2", "showgrid": False},
        "yaxis": {"domain": [0.3, 1], "tickformat": ",.3~%", "nticks": 6},
        "yaxis2": {"domain": [0, 0.22], "showticklabels": False, "showgrid": False},
        "margin": {"t": 34, "b": 28},
        "legend": {"font": {"size": 11}},
    }
    log = {"layout": {"yaxis": {"type": "log", "nticks": 5}}}
    reach = {
        key: {"data": drawn[key], "layout": {"xaxis": {"range": limits[key]}}} for key in ranges
    }
    patches = {"scale": {"linear": {}, "log": log}, "range": reach}
    return Chart(data, layout, height=330, group="distributions", patches=patches)


def _bars(counted: Histogram) -> list[Trace]:
    width = counted.edges[1] - counted.edges[0]
    found = ((counted.negative, counted.negative_rows), (counted.positive, counted.positive_rows))
    return [
        {
            "x": centres(counted.edges),
            "y": np.asarray(counts) / max(rows, 1),
            "width": width,
            "customdata": counts,
        }
        for counts, rows in found
    ]


def _box(facts: Statistics, name: str, colour: str, title: str) -> list[Trace]:
    box = {
        "type": "box",
        "orientation": "h",
        "y": [name],
        "q1": [facts.p25],
        "median": [facts.p50],
        "q3": [facts.p75],
        "lowerfence": [facts.whisker_low],
        "upperfence": [facts.whisker_high],
        "name": name,
        "marker": {"color": colour},
        "line": {"width": 1.5},
    }
    hover = f"{title} %{{x:.4~r}}<extra>{name}, smallest or largest</extra>"
    ends = markers(
        "", [facts.min, facts.max], [name, name], colour, symbol="line-ns-open", size=9, hover=hover
    )
    return [one | {"yaxis": "y2", "showlegend": False} for one in (box, ends)]


def correlation_chart(found: ByClass, names: Sequence[str]) -> Chart:
    """Return a heat map of the correlations of every pair of features."""

    def drawn(rows: str) -> Trace:
        z = getattr(found, rows)
        return {"z": z, "text": [["" if r is None else signed(r) for r in row] for row in z]}

    trace = heat_map(
        names,
        names,
        DIVERGING,
        hover="%{y}<br>%{x}<br>r = %{text}<extra></extra>",
        texttemplate="%{text}" if len(names) <= FEW else "",
        zmin=-1,
        zmax=1,
        xgap=1,
        ygap=1,
        colorbar=BAR | {"tickvals": [-1, 0, 1]},
        **drawn("all"),
    )
    plain = {"showgrid": False, "ticks": "", "showline": False}
    return Chart(
        [trace],
        {
            "xaxis": plain | {"tickangle": -45},
            "yaxis": plain | {"autorange": "reversed"},
            "margin": {"t": 10, "r": 10},
        },
        height=440,
        switches=[Switch("rows", "Rows", GROUPS)],
        patches={"rows": {rows: {"data": [drawn(rows)]} for rows, _ in GROUPS}},
    )


def signed(r: float) -> str:
    """Return a correlation as it is written into a cell, with a true minus."""
    return f"{r:.2f}".replace("-", "−")


def places_chart(counted: Counts, what: str) -> Chart:
    """Return how many patients have how many candidates, or calcifications (*what*)."""
    edges = np.asarray(counted.edges)
    starts, ends = edges[:-1] + 0.5, edges[1:] - 0.5
    drawn = bars(
        "",
        (starts + ends) / 2,
        counted.counts,
        POSITIVE if what == "calcifications" else NEGATIVE,
        hover=f"%{{customdata}} {what}: %{{y}} patients<extra></extra>",
        width=float(edges[1] - edges[0]) * 0.92,
        customdata=bin_names(counted),
    )
    across = whole_ticks(float(edges[-1] - edges[0]))
    layout = {
        "xaxis": axis(f"{what} of one patient", showgrid=False, **across),
        "yaxis": axis("patients", rangemode="tozero", **whole_ticks(max(counted.counts))),
        "showlegend": False,
    }
    return Chart([drawn], layout, height=300)


def bin_names(counted: Counts) -> list[str]:
    """Return what each bin holds: ``3``, or ``4–7``."""
    ends = itertools.pairwise(counted.edges)
    spans = [(low + 0.5, high - 0.5) for low, high in ends]
    return [f"{a:.0f}" if a == b else f"{a:.0f}–{b:.0f}" for a, b in spans]


def drift_chart(rows: Sequence[Shift]) -> Chart:
    """Return a heat map of what exceeds chance in each group and feature, the index written."""
    groups = list(dict.fromkeys(row.group for row in rows))
    features = list(dict.fromkeys(row.feature for row in rows))
    found = {(row.group, row.feature): row for row in rows}
    lines = [[found[group, feature] for feature in features] for group in groups]
    shown = [label(group) if group else "no name" for group in groups]
    # names that were cut to the same text stay rows of their own
    named = [f"{text}\u200b{'' if shown.count(text) == 1 else i}" for i, text in enumerate(shown)]
    trace = heat_map(
        [pretty(feature) for feature in features],
        named,
        SEQUENTIAL,
        hover="%{y}, %{x}: PSI %{text}, %{z:.2f} beyond chance<extra></extra>",
        z=[[max(0.0, row.psi - CHANCE * row.psi_chance) for row in line] for line in lines],
        text=[[f"{row.psi:.2f}" for row in line] for line in lines],
        texttemplate="%{text}",
        zmin=0,
        zmax=0.5,
        xgap=1,
        ygap=1,
        colorbar=BAR,
    )
    layout = {
        "xaxis": {"showgrid": False, "tickangle": -35, "ticks": ""},
        "yaxis": {"showgrid": False, "autorange": "reversed", "ticks": ""},
        "margin": {"t": 10},
    }
    narrow = {"data": [{"texttemplate": ""}]} if len(features) > FEW else {}
    return Chart([trace], layout, height=170 + 40 * len(groups), narrow=narrow)


def centres(edges: Sequence[float]) -> NDArray[np.float64]:
    """Return the middle of every bin."""
    return (np.asarray(edges[1:]) + np.asarray(edges[:-1])) / 2


def _widened(edges: Sequence[float]) -> list[float]:
    margin = 0.02 * (edges[-1] - edges[0])
    return [edges[0] - margin, edges[-1] + margin]
