"""The page on which several runs stand side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tomocalc.pages.catalogue import navigation
from tomocalc.pages.charts import Chart, dots, label
from tomocalc.pages.frame import render_page
from tomocalc.pages.merits import alike_rule, merit_name
from tomocalc.pages.palette import SERIES

FIGURES = ("auroc", "average_precision", "f1", "recall", "specificity", "accuracy", "brier")
DRAWN = ("auroc", "average_precision")


def runs_page(facts: Mapping[str, Any]) -> str:
    """Return the page; *facts* as `tomocalc.experiments.runs.compare` returns them."""
    runs = facts["runs"]
    kinds = {(run["settings"]["source"], run["settings"]["protocol"]) for run in runs}
    leads = list(zip(runs, facts["leads"], strict=True))[1:]
    differences = [figure["lead"] for _, lead in leads if lead for figure in lead.values()]
    return render_page(
        "runs",
        links=navigation("runs/runs.html", []),
        packages=("numpy", "plotly", "polars"),
        runs=runs,
        unlike=len(kinds) > 1,
        FIGURES=FIGURES,
        figures=_chart(runs),
        differing=facts["differing"],
        leads=leads,
        limits=[text for text in [alike_rule(differences)] if text],
    )


def _chart(runs: Sequence[Mapping[str, Any]]) -> Chart:
    """Return figures with their intervals, one row per run."""
    rows = [label(run["name"]) for run in runs]
    data = [
        dots(
            merit_name(name),
            rows,
            [run["test"]["metrics"].get(name) for run in runs],
            colour=colour,
        )
        for name, colour in zip(DRAWN, SERIES, strict=False)
    ]
    layout = {
        "xaxis": {"title": {"text": "figure of merit"}, "range": [0, 1.02]},
        "yaxis": {"autorange": "reversed", "type": "category"},
        "legend": {"orientation": "h", "y": 1.12},
    }
    return Chart(data, layout, height=max(260, 90 + 60 * len(runs)))
