"""The page of the exploratory analysis."""

from __future__ import annotations

from typing import Any

from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.tables import Column, table
from tomocalc.pages.words import SOURCES, badge_of, versions_of


def eda_page(*, numbers: dict[str, Any], quality: dict[str, Any], split: dict[str, Any]) -> str:
    """Return the page from the numbers of `tomocalc.eda.explore` and the two accounts."""
    rows = [
        [name, *(stats["all"][key] for key in ("n", "mean", "sd", "min", "max"))]
        for name, stats in numbers["summary"].items()
    ]
    columns = [
        Column("Feature", "text"),
        Column("n", "count"),
        *(Column(key) for key in ("mean", "sd", "min", "max")),
    ]
    return render_page(
        title="Exploratory data analysis",
        subtitle=f"What is in the data, and what is wrong with it: {SOURCES[quality['source']]}.",
        sections=[
            Section(
                "Summary", table(columns=columns, rows=rows, caption="Statistics of every feature")
            )
        ],
        plotly=False,
        badge=badge_of(quality["source"]),
        facts={"Rows": f"{quality['rows']:,}", "Protocol": split["protocol"]},
        links=[("../index.html", "Results")],
        versions=versions_of(("numpy", "polars", "plotly")),
    )
