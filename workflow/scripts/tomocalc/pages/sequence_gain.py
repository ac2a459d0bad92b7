"""The page on what the neighbouring slices add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import figure_section
from tomocalc.pages.merits import (
    in_a_sentence,
    is_alike,
    merit_name,
    paired_limits,
    reach,
    with_interval,
    with_reach,
)
from tomocalc.pages.palette import NEGATIVE, POSITIVE
from tomocalc.pages.parts import Card, Column, block, cards, note, table, verdict
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.words import badge_of, share, signed, versions_of

SHOWN = {"slices": ("slice sequence", POSITIVE), "single_step": ("best slice alone", NEGATIVE)}

ROWS = 20
"""Rows of a curve's table, about."""


def experiment_facts(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return what a page of an experiment says of its candidates."""
    return {
        "Candidates": f"{facts['candidates']:,}",
        "Calcifications": f"{facts['positives']:,}",
        "Patients": f"{facts['patients']:,}",
        "Folds": str(facts["folds"]),
    }


def sequence_gain_page(facts: dict[str, Any], *, source: str) -> str:
    """Return ``sequence_gain.html``; *facts* as ``sequence_gain.json`` holds them."""
    return render_page(
        title="What the neighbouring slices add",
        subtitle="The same network on the slices around a candidate and on its best slice alone, "
        "every candidate scored by a model that has not seen its patient.",
        sections=[
            Section("The lead of the sequence", _lead(facts, source), key="lead"),
            Section("Precision and recall", _curves(facts), key="curves"),
        ],
        badge=badge_of(source),
        facts=experiment_facts(facts) | {"Slices": str(facts["slices"])},
        links=navigation("experiments/sequence_gain.html", run_pages()),
        versions=versions_of(("numpy", "plotly", "scikit-learn", "torch")),
    )


def _lead(facts: dict[str, Any], source: str) -> list[Markup]:
    figures = facts["figures"]
    lead = figures["average_precision"]["lead"]
    clear = lead["low"] > 0 or lead["high"] < 0
    title = (
        "The interval of the lead holds zero: no difference is shown"
        if not clear
        else "The slice sequence is better"
        if lead["value"] > 0
        else "The best slice alone is better"
    )
    reasons = [
        f"Average precision {with_interval(figures['average_precision']['slices'])} with the "
        f"sequence, {with_interval(figures['average_precision']['single_step'])} without.",
        "Both have the same average precision in every resample of patients."
        if is_alike(lead)
        else f"The sequence leads in {share(lead['share_ahead'])} of the resamples of patients.",
    ]
    good = None if not clear else lead["value"] > 0
    shown = [
        Card(
            f"Lead in {in_a_sentence(name)}",
            signed(figure["lead"]["value"]),
            reach(figure["lead"]),
        )
        for name, figure in figures.items()
    ]
    rows = [
        [
            merit_name(name),
            *(with_interval(figure[kind]) for kind in SHOWN),
            with_reach(figure["lead"]),
        ]
        for name, figure in figures.items()
    ]
    columns = [
        Column("Figure", "text"),
        *(Column(name.capitalize(), "text") for name, _ in SHOWN.values()),
        Column("Lead", "text"),
    ]
    how = (
        f"Intervals of {100 * facts['confidence']:g} %, from resampling patients; "
        "the same resamples for both."
    )
    limits = paired_limits(figures.values(), facts["patients"], source)
    written = table(columns=columns, rows=rows, caption="Both inputs side by side", note=how)
    return [
        cards(shown),
        verdict(good=good, title=title, reasons=reasons),
        *(note(text, tone="warn") for text in limits),
        block([written], kind="panel"),
    ]


def _curves(facts: dict[str, Any]) -> Markup:
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": facts["curves"][kind]["recall"],
            "y": facts["curves"][kind]["precision"],
            "line": {"color": colour, "width": 2},
        }
        for kind, (name, colour) in SHOWN.items()
    ]
    rows = []
    for line in data:
        points = list(zip(line["x"], line["y"], strict=True))
        rows += [[line["name"], *point] for point in points[:: max(1, len(points) // ROWS)]]
    unit = {"range": [-0.02, 1.02]}
    layout = {
        "xaxis": unit | {"title": {"text": "recall"}},
        "yaxis": unit | {"title": {"text": "precision"}},
    }
    columns = [Column("Input", "text"), Column("Recall", "score"), Column("Precision", "score")]
    return figure_section(
        key="precision-recall",
        title="Precision and recall, out of fold",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption="Points of both curves"),
    )
