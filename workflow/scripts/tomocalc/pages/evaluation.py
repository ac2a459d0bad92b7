"""The page of the evaluation."""

from __future__ import annotations

from typing import Any

from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.tables import Column, table
from tomocalc.pages.words import badge_of, versions_of


def evaluation_page(metrics: dict[str, Any], *, source: str) -> str:
    """Return ``report.html``.

    Parameters
    ----------
    metrics
        ``{"protocol", "threshold", "parts": {"test": {"n", "positives", "metrics": {name: {"value",
        "low", "high", "method"}}, "confusion": {"tn", "fp", "fn", "tp"}, "roc": {"fpr", "tpr"},
        "pr": {"recall", "precision"}, "calibration": [{"mean_predicted", "observed", "n"}],
        "thresholds": [{"threshold", "precision", "recall", "specificity", "f1"}], "report":
        [{"class", "precision", "recall", "f1", "support"}]}, "validation": …, "train": …},
        "paper": {…}}``; the parts other than ``test`` and ``paper`` are optional.
    source
        ``phantom``, ``volumes`` or ``table``.
    """
    test = metrics["parts"]["test"]
    rows = [
        [name, fact["value"], fact.get("low"), fact.get("high")]
        for name, fact in test["metrics"].items()
    ]
    columns = [
        Column("Metric", "text"),
        Column("Value", "score"),
        Column("Low", "score"),
        Column("High", "score"),
    ]
    return render_page(
        title="Evaluation",
        subtitle="How well the classifier does on candidates it has never seen.",
        sections=[
            Section(
                "Metrics", table(columns=columns, rows=rows, caption="Metrics of the test part")
            )
        ],
        plotly=False,
        badge=badge_of(source),
        links=[("../index.html", "Results")],
        versions=versions_of(("numpy", "polars", "plotly", "torch")),
    )
