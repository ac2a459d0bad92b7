"""Sections of the exploration page on patients, sites and drift."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup

from tomocalc.intervals import wilson
from tomocalc.pages.charts import figure_section, label, whole_ticks
from tomocalc.pages.palette import NEGATIVE, POSITIVE, SEQUENTIAL, scale
from tomocalc.pages.parts import Cell, Column, block, note, table
from tomocalc.pages.shell import Section
from tomocalc.pages.words import pretty, without_candidate
from tomocalc.shifts import CHANCE

SHIFTS = {"none": "", "some": "warn", "strong": "bad"}
FEW = 8
"""Features up to which the numbers fit into the cells on a narrow screen."""


def places_section(balance: dict[str, Any], quality: dict[str, Any]) -> Section:
    """Return how candidates and calcifications are spread over patients and sites."""
    body: list[Markup | str] = []
    for key, one, many in (("patients", "Patient", "patients"), ("sites", "Site", "sites")):
        facts = balance[key]
        if not quality[key]:
            body.append(note(f"The data name no {many}."))
            continue
        if bare := without_candidate(quality, key):
            body.append(note(f"{quality[key]:,} {many}, {bare}: those are not listed here."))
        if facts is None:
            continue
        if key == "patients":
            charts = [
                _counts(many, what, facts)
                for what in (("candidates", "Candidates"), ("positives", "Calcifications"))
            ]
            body.append(block(charts, kind="grid"))
        body.append(_listed(one, many, facts))
    return Section("Patients and sites", body, key="places")


def _counts(many: str, what: tuple[str, str], facts: dict[str, Any]) -> Markup:
    key, title = what
    counted = facts[key]["histogram"]
    edges = np.asarray(counted["edges"])
    starts, ends = edges[:-1] + 0.5, edges[1:] - 0.5
    bins = [f"{a:.0f}" if a == b else f"{a:.0f}–{b:.0f}" for a, b in zip(starts, ends, strict=True)]
    bars = {
        "type": "bar",
        "x": (starts + ends) / 2,
        "y": counted["counts"],
        "width": float(edges[1] - edges[0]) * 0.92,
        "customdata": bins,
        "marker": {"color": POSITIVE if key == "positives" else NEGATIVE},
        "hovertemplate": f"%{{customdata}} {title.lower()}: %{{y}} {many}<extra></extra>",
    }
    layout = {
        "xaxis": {
            "title": {"text": f"{title.lower()} of one patient"},
            "showgrid": False,
            **whole_ticks(float(edges[-1] - edges[0])),
        },
        "yaxis": {
            "title": {"text": many},
            "rangemode": "tozero",
            **whole_ticks(max(counted["counts"])),
        },
        "showlegend": False,
    }
    rows = [[Cell(text, a), n] for text, a, n in zip(bins, starts, counted["counts"], strict=True)]
    columns = [Column(title), Column(many.capitalize(), "count")]
    five = facts[key]["five"]
    names = ("smallest", "first quartile", "median", "third quartile", "largest")
    spread = ", ".join(f"{name} {value:g}" for name, value in zip(names, five, strict=True))
    return figure_section(
        key=f"{many}-{key}",
        title=f"{title} per patient",
        figure={"data": [bars], "layout": layout},
        table=table(columns=columns, rows=rows, caption=f"{title} per patient: how many patients"),
        caption=f"{spread.capitalize()}; mean {facts[key]['mean']:.1f}."
        + (
            f" {facts['without_positives']:,} of {facts['total']:,} have none."
            if key == "positives"
            else ""
        ),
        height=300,
    )


def _listed(one: str, many: str, facts: dict[str, Any]) -> Markup:
    columns = [
        Column(one, "text"),
        *([Column("Patients", "count")] if many == "sites" else []),
        Column("Volumes", "count", "with a candidate"),
        Column("Candidates", "count"),
        Column("Calcifications", "count"),
        Column("Prevalence", "share"),
        Column("95 % from", "share", "Wilson's interval; candidates of a patient are not apart"),
        Column("to", "share"),
    ]
    rows = []
    for group in facts["largest"]:
        n, k = group["candidates"], group["positives"]
        low, high = wilson(k, n)
        places = [group["patients"]] if many == "sites" else []
        rows.append([group["name"], *places, group["volumes"], n, k, k / n, low, high])
    shown = len(facts["largest"])
    written = table(
        columns=columns,
        rows=rows,
        caption=f"{shown:,} of {facts['total']:,} {many}, those with the most candidates first",
    )
    if many == "sites":
        return block([written], kind="panel")
    fold = Markup('<details class="panel"><summary>Table: {}</summary>{}</details>')
    return fold.format(f"{shown:,} {many}, one by one", written)


def drift_section(drift: dict[str, Any]) -> Section:
    """Return how differently features are distributed between parts and between sites."""
    body: list[Markup | str] = []
    for key, title in (
        ("parts", "Against the training part"),
        ("sites", "Each site against all others"),
    ):
        rows = drift[key]
        if not rows:
            if key == "sites":
                body.append(
                    note("Fewer than two named sites have a candidate: there is none to compare.")
                )
            continue
        body.append(_drift(key, title, rows))
    return Section(
        "Drift",
        body,
        intro="PSI is the population stability index over tenths of the reference: above 0.1 there "
        "is some shift, above 0.25 a strong one, unless chance makes nearly as much in samples "
        "this small. KS is the largest gap between the two distribution functions.",
        key="drift",
    )


def _drift(key: str, title: str, rows: list[dict[str, Any]]) -> Markup:
    groups = list(dict.fromkeys(row["group"] for row in rows))
    features = list(dict.fromkeys(row["feature"] for row in rows))
    found = {(row["group"], row["feature"]): row for row in rows}
    shown = [label(group) if group else "no name" for group in groups]
    index = [[f"{found[group, feature]['psi']:.2f}" for feature in features] for group in groups]
    beyond = [
        [max(0.0, row["psi"] - CHANCE * row["psi_chance"]) for row in line]
        for line in ([found[group, feature] for feature in features] for group in groups)
    ]
    trace = {
        "type": "heatmap",
        "x": [pretty(feature) for feature in features],
        "y": [f"{text}\u200b{'' if shown.count(text) == 1 else i}" for i, text in enumerate(shown)],
        "z": beyond,
        "text": index,
        "texttemplate": "%{text}",
        "zmin": 0,
        "zmax": 0.5,
        "xgap": 1,
        "ygap": 1,
        "colorscale": scale(SEQUENTIAL),
        "colorbar": {"thickness": 10, "outlinewidth": 0},
        "hovertemplate": "%{y}, %{x}: PSI %{text}, %{z:.2f} beyond chance<extra></extra>",
    }
    layout = {
        "xaxis": {"showgrid": False, "tickangle": -35, "ticks": ""},
        "yaxis": {"showgrid": False, "autorange": "reversed", "ticks": ""},
        "margin": {"t": 10},
    }
    written = [
        [
            row["group"] or "no name",
            pretty(row["feature"]),
            row["psi"],
            row["psi_chance"],
            row["ks"],
            row["ks_chance"],
            Cell(row["shift"], list(SHIFTS).index(row["shift"]), SHIFTS[row["shift"]]),
            row["n"],
        ]
        for row in rows
    ]
    columns = [
        Column("Part" if key == "parts" else "Site", "text"),
        Column("Feature", "text"),
        Column("PSI", "score"),
        Column("by chance", "score", "mean index of two samples of these sizes without a shift"),
        Column("KS", "score"),
        Column("95 % bound", "score", "gap that two samples without a shift exceed in 5 %"),
        Column("Shift", "text"),
        Column("Rows", "count"),
    ]
    strong = sum(row["shift"] == "strong" for row in rows)
    some = sum(row["shift"] == "some" for row in rows)
    return figure_section(
        key=f"drift-{key}",
        title=title,
        figure={"data": [trace], "layout": layout},
        table=table(columns=columns, rows=written, caption=f"{title}: drift of every feature"),
        caption=f"The numbers are PSI, the colour what of it exceeds {CHANCE} times what chance "
        f"alone makes in samples of these sizes. {strong} strong and {some} smaller shifts in "
        f"{len(rows)} comparisons. "
        "Candidates of one patient are alike, so between patients chance makes more than stated.",
        height=170 + 40 * len(groups),
        narrow={"data": [{"texttemplate": ""}]} if len(features) > FEW else {},
    )
