"""Charts of the leakage audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tomocalc.audit.identifiers import LEVEL, TELLING
from tomocalc.comparison.catalogue import NAMES
from tomocalc.pages.charts import dots, figure_section, row_layout
from tomocalc.pages.comparison import COLOURS
from tomocalc.pages.palette import MUTED
from tomocalc.pages.parts import Cell, Column, table
from tomocalc.pages.words import PROTOCOL_NAMES, pretty, share, under

Audits = Mapping[str, Mapping[str, Any]]
SHARED = {
    "calcifications": ("test_rows_with_copy_in_train", "positive"),
    "other candidates": ("test_rows_with_copy_in_train", "negative"),
    "all test rows": ("test_rows_with_copy_in_train", "all"),
    "all, near-duplicates": ("near_duplicates", "share"),
}


def gap_figure(name: str, gaps: Mapping[str, Any], written: Markup) -> Markup:
    """Return average precision of every model under a protocol beside the reference protocol."""
    reference = gaps["reference"]
    models = list(gaps["protocols"][name])
    labels = [NAMES.get(model, pretty(model)) for model in models]
    data: list[dict[str, Any]] = []
    for protocol, symbol in ((name, "diamond"), (reference, "circle")):
        figures = [
            gaps["protocols"][protocol][model]["matched"]["average_precision"] for model in models
        ]
        said, colour = PROTOCOL_NAMES[protocol], COLOURS[protocol]
        data.append(dots(said, labels, figures, colour=colour, symbol=symbol))
    ends = zip(data[0]["x"], data[1]["x"], labels, strict=True)
    lines = {
        "type": "scatter",
        "mode": "lines",
        "name": "gap",
        "x": [x for here, there, _ in ends for x in (there, here, None)],
        "y": [y for label in labels for y in (label, label, None)],
        "line": {"color": MUTED, "width": 5},
        "opacity": 0.45,
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return figure_section(
        key=f"gap-{name}",
        title=f"Average precision under {under(name)} and the honest protocol, at equal prevalence",
        figure={"data": [lines, *data], "layout": row_layout()},
        table=written,
        caption="The thick grey line between the two marks of a model is its gap: none is drawn "
        f"where they are equal. Where {under(name)} gives the higher figure, what was learnt by "
        "heart may make the difference. Thin whiskers are intervals.",
        height=140 + 36 * len(models),
    )


def sharing_figure(audits: Audits) -> Markup:
    """Return the shares of test rows that the models have seen."""
    labels = list(SHARED)
    values = {
        name: [audit["sharing"][group][key] for group, key in SHARED.values()]
        for name, audit in audits.items()
    }
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": PROTOCOL_NAMES[name],
            "y": labels,
            "x": found,
            "text": [share(value) for value in found],
            "textposition": "outside",
            "cliponaxis": False,
            "marker": {"color": COLOURS[name]},
            "hovertemplate": "%{y}: %{x:.1%}<extra>%{fullData.name}</extra>",
        }
        for name, found in values.items()
    ]
    layout = row_layout() | {
        "barmode": "group",
        "xaxis": {"tickformat": ".0%", "range": [0, 1.15], "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        "margin": {"l": 10, "b": 44, "r": 36},
    }
    rows: list[list[Any]] = [
        [f"{label}: share with a copy", *(share(found[place]) for found in values.values())]
        for place, label in enumerate(labels)
    ]
    for key, label in (("shared_patients", "patients"), ("shared_groups", "groups of the split")):
        counts = [f"{audit['sharing'][key]:,}" for audit in audits.values()]
        rows.append([f"{label} on both sides", *counts])
    for part in ("train", "validation", "test"):
        sizes = [audit["parts"][part] for audit in audits.values()]
        rows.append(
            [
                f"{part} part, rows (calcifications)",
                *(f"{size['rows']:,} ({size['positives']:,})" for size in sizes),
            ]
        )
    near = next(iter(audits.values()))["sharing"]["near_duplicates"]["distance"]
    written = table(
        columns=[
            Column("Fact", "text"),
            *(Column(PROTOCOL_NAMES[name], "text") for name in audits),
        ],
        rows=rows,
        caption="What test and training part share",
        sortable=False,
    )
    return figure_section(
        key="sharing",
        title="Test rows that the models have seen",
        figure={"data": bars, "layout": layout},
        table=written,
        caption="Identical in every feature that the models read. A near-duplicate differs in no "
        f"feature by more than {near} standard deviations.",
        height=140 + 34 * len(labels) * len(audits),
        table_open=True,
    )


def identifier_figure(audits: Audits) -> Markup:
    """Return how well names and places of rows tell the labels."""
    rows: list[list[Any]] = []
    data = []
    for name, audit in audits.items():
        found = audit["identifiers"]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": PROTOCOL_NAMES[name],
                "y": [pretty(one["identifier"]) for one in found],
                "x": [one["auroc"] - 0.5 for one in found],
                "base": 0.5,
                "marker": {"color": COLOURS[name]},
                "hovertemplate": "%{y}: %{text}<extra>%{fullData.name}</extra>",
                "text": [f"{one['auroc']:.2f}" for one in found],
                "textposition": "none",
            }
        )
        rows += [
            [
                pretty(one["identifier"]),
                PROTOCOL_NAMES[name],
                one["auroc"],
                one["p"],
                Cell("tells the label", 1, "bad") if one["telling"] else Cell("no", 0, "good"),
            ]
            for one in found
        ]
    columns = [
        Column("Learnt from", "text"),
        Column("Protocol", "text"),
        Column("AUROC", "score", "0.5 tells nothing"),
        Column("p", "number", "share of random orders of the training labels that tell as much"),
        Column("Finding", "text"),
    ]
    layout = row_layout() | {
        "barmode": "group",
        "xaxis": {"range": [0.3, 1], "title": {"text": "AUROC; 0.5 tells nothing"}},
    }
    most = max((len(audit["identifiers"]) for audit in audits.values()), default=1)
    return figure_section(
        key="identifiers",
        title="Labels told from names and places alone",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption="Identifiers and the label"),
        caption="Patient, volume and site: mean label of their training rows; a name that was not "
        "seen tells nothing. Row order: mean label of the ten nearest training rows in the "
        "table's order. Chance: the same with the training labels in random order, whole patients "
        f"at a time. The finding is 'tells the label' where the AUROC is at least {TELLING:g} and "
        f"p at most {LEVEL:g}, otherwise 'no': it may be chance, or too little to matter.",
        height=150 + 30 * most * len(audits),
        table_open=True,
    )
