"""The page on which several runs stand side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tomocalc.pages.catalogue import navigation
from tomocalc.pages.charts import dots, figure_section, label
from tomocalc.pages.merits import alike_rule, merit_name, with_interval, with_reach
from tomocalc.pages.palette import SERIES
from tomocalc.pages.parts import Column, block, note, table
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.words import plural, pretty, share, versions_of

FIGURES = ("auroc", "average_precision", "f1", "recall", "specificity", "accuracy", "brier")
SHOWN = ("auroc", "average_precision")


def runs_page(facts: Mapping[str, Any]) -> str:
    """Return the page; *facts* as `tomocalc.experiments.runs.compare` returns them."""
    runs = facts["runs"]
    kinds = {(run["settings"]["source"], run["settings"]["protocol"]) for run in runs}
    warning = (
        [
            note(
                "The runs differ in their data or in their protocol: their figures are not those "
                "of models on the same task.",
                tone="warn",
            )
        ]
        if len(kinds) > 1
        else []
    )
    return render_page(
        title="Runs side by side",
        subtitle=f"{plural(len(runs), 'run')}: what was set differently, and what came of it.",
        sections=[
            Section("Figures on the test part", [*warning, _figures(runs)], key="figures"),
            Section("Set differently", _settings(facts), key="settings"),
            Section("Against the first run", _leads(facts), intro=PAIRED, key="leads"),
            Section("Data", block([_data(runs)], kind="panel"), key="data"),
        ],
        links=navigation("runs/runs.html", []),
        facts={"Runs": str(len(runs))},
        versions=versions_of(("numpy", "plotly", "polars")),
    )


PAIRED = (
    "Differences on the same test rows, with intervals from resampling patients, the same "
    "resamples for both. Runs with other test rows have no paired difference."
)


def _figures(runs: Sequence[Mapping[str, Any]]) -> Markup:
    names = [run["name"] for run in runs]
    data = []
    for figure, colour in zip(SHOWN, SERIES, strict=False):
        found = [(run["test"]["metrics"] or {}).get(figure) or {} for run in runs]
        rows = [label(name) for name in names]
        data.append(dots(merit_name(figure), rows, found, colour=colour))
    layout = {
        "xaxis": {"title": {"text": "figure of merit"}, "range": [0, 1.02]},
        "yaxis": {"autorange": "reversed", "type": "category"},
        "legend": {"orientation": "h", "y": 1.12},
    }
    rows = [
        [
            run["name"],
            *(with_interval((run["test"]["metrics"] or {}).get(name) or {}) for name in FIGURES),
        ]
        for run in runs
    ]
    columns = [Column("Run", "text"), *(Column(merit_name(name), "text") for name in FIGURES)]
    return figure_section(
        key="runs",
        title="Figures of every run",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption="Figures of merit with their intervals"),
        caption="Whiskers are the intervals of each run alone; the paired differences say more.",
        height=max(260, 90 + 60 * len(runs)),
        table_open=True,
    )


def _settings(facts: Mapping[str, Any]) -> Markup:
    if not facts["differing"]:
        return note("Every setting that the results record is the same in all runs.")
    columns = [Column("Setting", "text"), *(Column(run["name"], "text") for run in facts["runs"])]
    rows = [
        [pretty(key), *(value or "–" for value in values)]
        for key, values in facts["differing"].items()
    ]
    written = table(columns=columns, rows=rows, caption="Settings that differ", sortable=False)
    return block([written], kind="panel")


def _leads(facts: Mapping[str, Any]) -> list[Markup]:
    rows = []
    for run, lead in list(zip(facts["runs"], facts["leads"], strict=True))[1:]:
        if lead is None:
            rows.append([run["name"], "other test rows", "–", "–"])
            continue
        for name, figure in lead.items():
            found = figure["lead"]
            ahead = share(found["share_ahead"])
            rows.append([run["name"], merit_name(name), with_reach(found), ahead])
    columns = [
        Column("Run", "text"),
        Column("Figure", "text"),
        Column("Difference", "text"),
        Column("Ahead in resamples", "text"),
    ]
    caption = f"Differences to {facts['runs'][0]['name']}"
    found = [figure["lead"] for lead in facts["leads"] if lead for figure in lead.values()]
    said = [note(text, tone="warn") for text in [alike_rule(found)] if text]
    return [*said, block([table(columns=columns, rows=rows, caption=caption)], kind="panel")]


def _data(runs: Sequence[Mapping[str, Any]]) -> Markup:
    columns = [
        Column("Run", "text"),
        Column("Candidates", "count"),
        Column("Calcifications", "count"),
        Column("Patients", "count"),
        Column("Test rows", "count"),
        Column("Test calcifications", "count"),
    ]
    rows = [
        [
            run["name"],
            *(run["data"][key] for key in ("candidates", "positives", "patients")),
            run["test"]["n"],
            run["test"]["positives"],
        ]
        for run in runs
    ]
    return table(columns=columns, rows=rows, caption="Data of every run")
