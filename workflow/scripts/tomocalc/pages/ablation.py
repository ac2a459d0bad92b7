"""The page on what each feature, or each slice more, is worth to the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import dots, figure_section, label
from tomocalc.pages.merits import (
    in_a_sentence,
    merit_name,
    paired_limits,
    with_interval,
    with_reach,
)
from tomocalc.pages.palette import NEGATIVE, POSITIVE
from tomocalc.pages.parts import Column, note, table
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.words import badge_of, share, versions_of

TITLES = {
    "features": (
        "What each feature is worth",
        "The model trained again without one feature after another, beside the whole.",
    ),
    "slices": (
        "How many slices it takes",
        "The model trained again on shorter sequences, beside the whole.",
    ),
    "sequence": (
        "What the neighbouring slices add",
        "The model trained again on the best slice alone, beside the whole sequence.",
    ),
}
COLOURS = {"whole": POSITIVE}
CURVE_ROWS = 20
"""Rows of a curve's table, about."""


def ablation_page(facts: Mapping[str, Any], *, what: str, source: str) -> str:
    """Return the page; *facts* as ``ablation_<what>.json`` holds them."""
    title, subtitle = TITLES[what]
    sections = _losses(facts, source)
    if facts["curves"]:
        sections.append(Section("Precision and recall", _curves(facts), key="curves"))
    return render_page(
        title=title,
        subtitle=f"{subtitle} Every candidate is scored by a model that has not seen its patient.",
        sections=sections,
        badge=badge_of(source),
        facts={
            "Candidates": f"{facts['candidates']:,}",
            "Calcifications": f"{facts['positives']:,}",
            "Patients": f"{facts['patients']:,}",
            "Folds": str(facts["folds"]),
            "Slices": str(facts["slices"]),
        },
        links=navigation(f"experiments/ablation_{what}.html", run_pages()),
        versions=versions_of(("numpy", "plotly", "scikit-learn", "torch")),
    )


def _losses(facts: Mapping[str, Any], source: str) -> list[Section]:
    return [
        Section(
            f"Loss in {in_a_sentence(name)}",
            [*_limits(facts, name, source), _chart(facts, name)],
            key=name,
        )
        for name in facts["variants"][0]["figures"]
    ]


def _curves(facts: Mapping[str, Any]) -> Markup:
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": curve["recall"],
            "y": curve["precision"],
            "line": {"color": COLOURS.get(name, NEGATIVE), "width": 2},
        }
        for name, curve in facts["curves"].items()
    ]
    rows = []
    for line in data:
        points = list(zip(line["x"], line["y"], strict=True))
        rows += [[line["name"], *point] for point in points[:: max(1, len(points) // CURVE_ROWS)]]
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
        table=table(columns=columns, rows=rows, caption="Points of the curves"),
    )


def _limits(facts: Mapping[str, Any], name: str, source: str) -> list[Markup]:
    figures = [entry["figures"][name] for entry in facts["variants"]]
    said = paired_limits(figures, facts["patients"], source)
    return [note(text, tone="warn") for text in said]


def _chart(facts: Mapping[str, Any], name: str) -> Markup:
    """Return the lead of the whole model over every reduced one, largest first."""
    entries = list(facts["variants"])
    if facts["what"] == "features":
        entries.sort(key=lambda entry: -entry["figures"][name]["lead"]["value"])
    leads = [entry["figures"][name]["lead"] for entry in entries]
    names = [label(entry["name"]) for entry in entries]
    data = [dots("whole minus reduced", names, leads, colour=NEGATIVE)]
    layout = {
        "xaxis": {"title": {"text": f"loss in {in_a_sentence(name)}"}, "zeroline": True},
        "yaxis": {"autorange": "reversed", "type": "category"},
    }
    rows = [
        [
            entry["name"],
            with_interval(entry["figures"][name]["reduced"]),
            with_reach(lead),
            share(lead["share_ahead"]),
        ]
        for entry, lead in zip(entries, leads, strict=True)
    ]
    columns = [
        Column("Model", "text"),
        Column(merit_name(name), "text"),
        Column("Loss", "text", help="of the whole model over this one"),
        Column("Whole is ahead in", "text", help="share of the resamples of patients"),
    ]
    whole = with_interval(facts["variants"][0]["figures"][name]["whole"])
    return figure_section(
        key=f"loss-{name}",
        title=f"{merit_name(name)} lost; the whole model has {whole}",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption="Reduced models", sortable=False),
        caption=(
            "To the right of zero: the model is worse without it. Intervals of "
            f"{100 * facts['confidence']:g} %, from resampling patients, the same for both models."
        ),
        height=max(260, 110 + 34 * len(entries)),
        table_open=True,
    )
