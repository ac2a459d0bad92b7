"""Sections of the exploration page on single features: statistics and distributions."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup

from tomocalc.pages.charts import Switch, figure_section, switch_bar
from tomocalc.pages.palette import ALL, NEGATIVE, POSITIVE
from tomocalc.pages.parts import Cell, Column, block, heading, note, table
from tomocalc.pages.shell import Section
from tomocalc.pages.words import CLASSES, explained, pretty, unit_of, with_unit

KEYS = (
    *("n", "mean", "sd", "min", "p1", "p5", "p25", "p50", "p75", "p95", "p99", "max"),
    *("skew", "kurtosis", "outliers"),
)
FORMS = {"n": "count", "outliers": "share"}
HELP = {
    "sd": "standard deviation",
    "p50": "median",
    "skew": "m3 / m2^1.5; 0 for a symmetric distribution",
    "kurtosis": "m4 / m2² − 3; 0 for a normal distribution",
    "outliers": "share beyond the quartiles −/+ 1.5 times their distance (Tukey)",
}
GROUPS = (("all", "All candidates"), ("positive", "Calcifications"), ("negative", "Others"))
READ = "\N{NO-BREAK SPACE}•"
"""Marks a feature that the model reads."""

RANGES = (("central", "Central 99 %"), ("whole", "Whole range"))
SCALES = (("linear", "Linear"), ("log", "Logarithmic"))


def summary_section(numbers: dict[str, Any], source: str) -> Section:
    """Return the sortable tables of statistics, for all rows and per class."""
    body: list[Markup | str] = []
    for group, title in GROUPS:
        written = _summary(numbers, group, title)
        if group == "all":
            body.append(block([heading(title), written], kind="panel"))
        else:
            fold = Markup('<details class="panel"><summary>{}</summary>{}</details>')
            body.append(fold.format(f"{title}: the same statistics", written))
    if source != "table":
        body.append(_meanings(list(numbers["summary"])))
    return Section(
        "Features in numbers",
        body,
        intro="One row per candidate, on its slice of best focus. Press a header to sort. AUROC is "
        "that of the feature alone; far from 0.5 in either direction it separates the classes. "
        "• marks features that the model reads.",
        key="summary",
    )


def _summary(numbers: dict[str, Any], group: str, title: str) -> Markup:
    columns = [
        Column("Feature", "text"),
        *(Column(key, FORMS.get(key, "number"), HELP.get(key, "")) for key in KEYS),
    ]
    if group == "all":
        columns.append(Column("AUROC", "score", "of this feature used alone as the score"))
    rows = []
    for name, stats in numbers["summary"].items():
        facts = stats[group]
        marked = pretty(name) + (READ if name in numbers["model_features"] else "")
        row: list[Any] = [Cell(marked, name), *(facts[key] for key in KEYS)]
        rows.append([*row, facts["auroc"]] if group == "all" else row)
    return table(columns=columns, rows=rows, caption=f"Statistics of every feature: {title}")


def _meanings(names: list[str]) -> Markup:
    rows = [[pretty(name), unit_of(name) or "–", explained(name)] for name in names]
    columns = [Column("Feature", "text"), Column("Unit", "text"), Column("Meaning", "text")]
    written = table(columns=columns, rows=rows, caption="What the features measure", sortable=False)
    fold = Markup('<details class="panel"><summary>What the features measure</summary>{}</details>')
    return fold.format(written)


def distribution_section(numbers: dict[str, Any], source: str) -> Section:
    """Return a histogram per class and the five numbers of every feature."""
    figures = [_distribution(name, numbers, source) for name in numbers["features"]]
    switches = [Switch("scale", "Shares", SCALES), Switch("range", "Range", RANGES)]
    body = [switch_bar(group="distributions", switches=switches), block(figures, kind="grid")]
    if numbers["constant"]:
        names = ", ".join(pretty(name) for name in numbers["constant"])
        body.append(note(f"One value only, so not shown from here on: {names}."))
    return Section(
        "Distributions",
        body,
        intro="Bars show the share of each class that falls into a bin, so that a rare class is as "
        "visible as a frequent one. Boxes below: quartiles and median; whiskers reach the "
        "outermost value within 1.5 quartile distances, ticks mark the smallest and the largest.",
        key="distributions",
    )


def _distribution(name: str, numbers: dict[str, Any], source: str) -> Markup:
    counted = numbers["distributions"][name]
    stats = numbers["summary"][name]
    bars = {key: _bars(counted[key]) for key, _ in RANGES}
    data = [
        {
            "type": "bar",
            "name": CLASSES[label],
            "marker": {"color": colour, "line": {"width": 0}},
            "opacity": 0.62,
            **bars["central"][label],
            "hovertemplate": "%{x}: %{y:.2%}, %{customdata:,} rows<extra>"
            + CLASSES[label]
            + "</extra>",
        }
        for label, colour in ((0, NEGATIVE), (1, POSITIVE))
    ]
    for label, key, colour in ((0, "negative", NEGATIVE), (1, "positive", POSITIVE)):
        if stats[key]["n"]:
            data += _box(stats[key], CLASSES[label], colour)
    limits = {key: [counted[key]["edges"][0], counted[key]["edges"][-1]] for key, _ in RANGES}
    layout = {
        "barmode": "overlay",
        "bargap": 0,
        "xaxis": {
            "range": _widened(limits["central"]),
            "anchor": "y2",
            "showgrid": False,
        },
        "yaxis": {"domain": [0.3, 1], "tickformat": ",.3~%", "nticks": 6},
        "yaxis2": {"domain": [0, 0.22], "showticklabels": False, "showgrid": False},
        "margin": {"t": 34, "b": 28},
        "legend": {"font": {"size": 11}},
    }
    patches = {
        "scale": {
            "linear": {},
            "log": {"layout": {"yaxis": {"type": "log", "nticks": 5}}},
        },
        "range": {
            key: {
                "data": [bars[key][0], bars[key][1]],
                "layout": {"xaxis": {"range": _widened(limits[key])}},
            }
            for key, _ in RANGES
        },
    }
    return figure_section(
        key=f"distribution-{name}",
        title=with_unit(name, source),
        figure={"data": data, "layout": layout},
        table=_bin_table(name, counted["central"]),
        height=330,
        group="distributions",
        patches=patches,
    )


def _bars(counted: dict[str, Any]) -> list[dict[str, Any]]:
    edges = np.asarray(counted["edges"])
    centres, width = (edges[1:] + edges[:-1]) / 2, float(edges[1] - edges[0])
    bars = []
    for key in ("negative", "positive"):
        counts = np.asarray(counted[key])
        shares = counts / max(counted["rows"][key], 1)
        bars.append({"x": centres, "y": shares, "width": width, "customdata": counts})
    return bars


def _box(facts: dict[str, Any], name: str, colour: str) -> list[dict[str, Any]]:
    box = {
        "type": "box",
        "orientation": "h",
        "y": [name],
        "q1": [facts["p25"]],
        "median": [facts["p50"]],
        "q3": [facts["p75"]],
        "lowerfence": [facts["whisker_low"]],
        "upperfence": [facts["whisker_high"]],
        "name": name,
        "marker": {"color": colour},
        "line": {"width": 1.5},
        "yaxis": "y2",
        "showlegend": False,
    }
    ends = {
        "type": "scatter",
        "mode": "markers",
        "x": [facts["min"], facts["max"]],
        "y": [name, name],
        "marker": {"symbol": "line-ns-open", "color": colour or ALL, "size": 9},
        "yaxis": "y2",
        "showlegend": False,
        "hovertemplate": "%{x}<extra>smallest or largest</extra>",
    }
    return [box, ends]


def _bin_table(name: str, counted: dict[str, Any]) -> Markup:
    edges = counted["edges"]
    rows = [
        [edges[i], edges[i + 1], counted["negative"][i], counted["positive"][i]]
        for i in range(len(edges) - 1)
    ]
    columns = [
        Column("From"),
        Column("To"),
        Column("Others", "count"),
        Column("Calcifications", "count"),
    ]
    return table(
        columns=columns,
        rows=rows,
        caption=f"Counts per bin of {pretty(name)}, central 99 %",
        note=f"{counted['below']:,} rows lie below the first bin and {counted['above']:,} above "
        "the last one. The five numbers of the boxes are in the tables of statistics.",
    )


def _widened(limits: list[float]) -> list[float]:
    margin = 0.02 * (limits[1] - limits[0])
    return [limits[0] - margin, limits[1] + margin]
