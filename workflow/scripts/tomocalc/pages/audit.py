"""The page of the leakage audit: a verdict for every protocol, and its grounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tomocalc.audit.gaps import FIGURES
from tomocalc.audit.identifiers import LEVEL, TELLING
from tomocalc.comparison.catalogue import NAMES
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, bars, dots, line, lying_bars, row_layout
from tomocalc.pages.comparison import COLOURS
from tomocalc.pages.frame import render_page
from tomocalc.pages.merits import (
    alike_rule,
    few_cases,
    floor_rule,
    group_unit,
    in_a_sentence,
    with_reach,
)
from tomocalc.pages.palette import MUTED
from tomocalc.pages.parts import Cell
from tomocalc.pages.words import PROTOCOL_NAMES, badge_of, pretty, share

Facts = Mapping[str, Any]
ORDER = ("own", "paper", "honest")
COPIES = {"calcifications": "positive", "other candidates": "negative", "all test rows": "all"}


def audit_page(facts: Facts, *, source: str) -> str:
    """Return ``leakage.html`` from ``leakage.json``; *source*: phantom, volumes or table."""
    audits = {name: facts["protocols"][name] for name in ORDER if name in facts["protocols"]}
    gaps = facts["gaps"]
    others = [name for name in audits if name != gaps["reference"] and name in gaps["protocols"]]
    sharing = {name: _shares(audit["sharing"]) for name, audit in audits.items()}
    alone = {
        name: {one["feature"]: one["auroc"] for one in audit["single_features"]}
        for name, audit in audits.items()
    }
    return render_page(
        "audit",
        links=navigation("audit/leakage.html", run_pages()),
        badge=badge_of(source),
        packages=("numpy", "plotly", "scikit-learn"),
        account=facts,
        audits=audits,
        gaps=[_gap(name, gaps, source) for name in others],
        prevalence=gaps["prevalence"],
        sharing=sharing,
        sharing_chart=_sharing_chart(sharing),
        near=next(iter(audits.values()))["sharing"]["near_duplicates"]["distance"],
        identifier_chart=_identifier_chart(audits),
        identifiers=[
            [pretty(one["identifier"]), PROTOCOL_NAMES[name], one["auroc"], one["p"], _found(one)]
            for name, audit in audits.items()
            for one in audit["identifiers"]
        ],
        features=[
            [pretty(feature), *(values.get(feature) for values in alone.values())]
            for feature in next(iter(alone.values()))
        ],
        TELLING=TELLING,
        LEVEL=LEVEL,
    )


def _gap(name: str, gaps: Facts, source: str) -> dict[str, Any]:
    """Return the figures of every model under protocol *name* beside the reference protocol."""
    here, reference = gaps["protocols"][name], gaps["protocols"][gaps["reference"]]
    found = [(model, figure) for model in NAMES if model in here for figure in FIGURES]
    shown = [
        values["matched"][figure]
        for values in (*here.values(), *reference.values())
        for figure in FIGURES
    ]
    unit = group_unit(source)
    limits = (
        few_cases(min(gaps["rarer_groups"][one] for one in (name, gaps["reference"])), unit),
        floor_rule(shown, unit),
        alike_rule(here[model]["gap"][figure] for model, figure in found),
    )
    return {
        "protocol": name,
        "chart": _gap_chart(name, gaps),
        "limits": [text for text in limits if text],
        "rows": [
            [
                Cell(NAMES[model]),
                in_a_sentence(figure),
                here[model]["raw"][figure],
                here[model]["matched"][figure]["value"],
                reference[model]["matched"][figure]["value"],
                _difference(here[model]["gap"][figure]),
            ]
            for model, figure in found
        ],
    }


def _difference(gap: Facts) -> Cell:
    return Cell(with_reach(gap), gap["value"], "bad" if (gap["low"] or 0) > 0 else "")


def _gap_chart(name: str, gaps: Facts) -> Chart:
    """Return average precision of every model twice, the gap a thick line between the marks."""
    models = [model for model in NAMES if model in gaps["protocols"][name]]
    labels = [NAMES[model] for model in models]
    marks = []
    for protocol, symbol in ((name, "diamond"), (gaps["reference"], "circle")):
        found = gaps["protocols"][protocol]
        figures = [found[model]["matched"]["average_precision"] for model in models]
        said, colour = PROTOCOL_NAMES[protocol], COLOURS[protocol]
        marks.append(dots(said, labels, figures, colour=colour, symbol=symbol))
    ends = zip(marks[0]["x"], marks[1]["x"], strict=True)
    between = line(
        "gap",
        [x for here, there in ends for x in (there, here, None)],
        [y for label in labels for y in (label, label, None)],
        MUTED,
        width=5,
        opacity=0.45,
        hoverinfo="skip",
        showlegend=False,
    )
    return Chart([between, *marks], row_layout(), height=140 + 36 * len(models))


def _shares(sharing: Facts) -> dict[str, float]:
    """Return the shares of test rows that the models have seen, by what they are shares of."""
    copies = sharing["test_rows_with_copy_in_train"]
    found = {said: copies[key] for said, key in COPIES.items()}
    return found | {"all, near-duplicates": sharing["near_duplicates"]["share"]}


def _sharing_chart(sharing: Mapping[str, Mapping[str, float]]) -> Chart:
    data = [
        lying_bars(
            PROTOCOL_NAMES[name],
            list(found),
            list(found.values()),
            COLOURS[name],
            texts=[share(value) for value in found.values()],
            hover="%{y}: %{x:.1%}<extra>%{fullData.name}</extra>",
        )
        for name, found in sharing.items()
    ]
    layout = row_layout() | {
        "barmode": "group",
        "xaxis": {"tickformat": ".0%", "range": [0, 1.15], "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        "margin": {"l": 10, "b": 44, "r": 36},
    }
    return Chart(data, layout, height=140 + 34 * 4 * len(sharing))


def _identifier_chart(audits: Mapping[str, Facts]) -> Chart:
    """Return how well names and places of rows predict the labels, as bars that begin at 0.5."""
    data = []
    for name, audit in audits.items():
        found = audit["identifiers"]
        data.append(
            bars(
                PROTOCOL_NAMES[name],
                [one["auroc"] - 0.5 for one in found],
                [pretty(one["identifier"]) for one in found],
                COLOURS[name],
                hover="%{y}: %{text}<extra>%{fullData.name}</extra>",
                orientation="h",
                base=0.5,
                text=[f"{one['auroc']:.2f}" for one in found],
                textposition="none",
            )
        )
    layout = row_layout() | {
        "barmode": "group",
        "xaxis": {"range": [0.3, 1], "title": {"text": "AUROC; 0.5 says nothing"}},
    }
    most = max((len(audit["identifiers"]) for audit in audits.values()), default=1)
    return Chart(data, layout, height=150 + 30 * most * len(audits))


def _found(one: Facts) -> Cell:
    return Cell("gives it away", 1, "bad") if one["telling"] else Cell("no", 0, "good")
