"""The page of the evaluation, ``report.html``: figures of merit, curves, findings, clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import mul
from typing import Any

import polars as pl

from tomocalc.accounts.figures import ends_of
from tomocalc.accounts.metrics import ClassLine, MetricsAccount, Part
from tomocalc.pages import curves
from tomocalc.pages.cases import case_values, image_values
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, dots, markers
from tomocalc.pages.frame import render_page
from tomocalc.pages.levels import subgroup_values, without_places
from tomocalc.pages.merits import (
    CARDS,
    MEANINGS,
    counted_groups,
    interval_limits,
    merit_name,
    method_words,
)
from tomocalc.pages.palette import AMBER
from tomocalc.pages.words import NO_FINDINGS, PARTS, badge_of


def evaluation_page(
    metrics: MetricsAccount,
    *,
    clusters: pl.DataFrame | None = None,
    patients: pl.DataFrame | None = None,
    address: str = "evaluation/report.html",
    **more: Any,
) -> str:
    """Return ``report.html``, or a page like it of other data.

    Parameters
    ----------
    metrics
        ``metrics.json``.
    clusters, patients
        ``clusters.parquet`` and ``patients.parquet`` where there are some; the test part is
        shown.
    address
        Of the page.
    more
        What the page shows beside.
    """
    values = {"cases": metrics.cases} | (_measured(metrics) if metrics.test.metrics else {})
    of_clusters = metrics.images is not None and metrics.images.froc is None
    if metrics.cases:
        assert patients is not None
        values |= case_values(metrics.cases, patients, of_clusters=of_clusters)
    if metrics.images is not None:
        assert clusters is not None
        values |= image_values(metrics.images, clusters, metrics.confidence)
    return render_page(
        "evaluation",
        links=navigation(address, run_pages()),
        badge=badge_of(metrics.source),
        packages=("numpy", "plotly", "scikit-learn", "torch"),
        metrics=metrics,
        test=metrics.test,
        images=metrics.images,
        of_clusters=of_clusters,
        without_places=without_places(metrics),
        NO_FINDINGS=NO_FINDINGS,
        **values,
        **subgroup_values(metrics.subgroups, metrics.confidence),
        **dict[str, Any]({"external": None} | more),
    )


def _measured(metrics: MetricsAccount) -> dict[str, Any]:
    """Return what is shown where the test part has both classes."""
    test, paper = metrics.test, metrics.paper
    parts = {name: metrics.parts[name] for name in PARTS if metrics.parts[name].metrics}
    order = dict.fromkeys([*CARDS, *MEANINGS, *test.metrics])
    names = [name for name in order if name in test.metrics]
    cited = {"accuracy": paper.accuracy} if paper else {}
    roc, recalls = curves.roc_curves(parts), curves.recall_curves(parts)
    units = {"candidates": test, **metrics.cases}
    known = {unit: values for unit, facts in units.items() if (values := facts.predictive_values)}
    return {
        "shown": [name for name in CARDS if name in test.metrics],
        "groups": counted_groups(test.groups, test.unit),
        "limits": interval_limits(test, CARDS),
        "others": [part for part in parts if part != "test"],
        "cited": cited,
        "paper": paper.confusion if paper else None,
        "merits": _merits(names, parts, cited),
        "roc_points": curves.points(roc["test"]),
        "recall_points": curves.points(recalls["test"]),
        "predictive": known,
        "report": _report(test.report),
        "charts": {
            "merits": _merit_chart(parts, names, cited),
            "roc": curves.roc_chart(roc),
            "recall": curves.precision_recall_chart(recalls, test.positives / test.n),
            "confusion": curves.confusion_chart(test.confusion) if test.confusion else None,
            "thresholds": curves.threshold_chart(test.thresholds, metrics.threshold),
            "calibration": curves.calibration_chart(test.calibration),
            "ppv": curves.predictive_chart(known, "ppv"),
            "npv": curves.predictive_chart(known, "npv"),
        },
    }


def _merits(
    names: Sequence[str], parts: Mapping[str, Part], cited: Mapping[str, float]
) -> list[list[Any]]:
    """Return a row per figure: test part with interval, other parts, the paper's, its meaning."""
    rows = []
    for name in names:
        figure = parts["test"].metrics[name]
        others = [ends_of(part.metrics.get(name))[0] for part in parts.values()][1:]
        row = [merit_name(name), *ends_of(figure), method_words(figure, parts["test"].unit)]
        row += [*others, *([cited.get(name)] if cited else []), MEANINGS.get(name, "")]
        rows.append(row)
    return rows


def _report(lines: Sequence[ClassLine]) -> list[list[Any]]:
    """Return the classification report; as in scikit-learn's, accuracy stands in F1's column."""
    total = sum(line.support for line in lines)
    right = sum(line.recall * line.support for line in lines)
    scores = [(line.precision, line.recall, line.f1) for line in lines]
    columns = list(zip(*scores, strict=True))
    weights = [line.support / total if total else 0.0 for line in lines]
    weighted = [sum(map(mul, column, weights)) if total else None for column in columns]
    names = {"other": "no calcification", "calcification": "calcification"}
    return [
        *([names[line.name], *one, line.support] for line, one in zip(lines, scores, strict=True)),
        ["accuracy", None, None, right / total if total else None, total],
        ["mean of both classes", *(sum(column) / len(column) for column in columns), total],
        ["weighted by support", *weighted, total],
    ]


def _merit_chart(
    parts: Mapping[str, Part], names: Sequence[str], cited: Mapping[str, float]
) -> Chart:
    """Return the figures *names* of all parts as dots with whiskers, and those of the paper."""
    symbols = {"test": "circle", "validation": "diamond", "train": "square"}
    data = []
    for part, facts in parts.items():
        found = {
            name: facts.metrics[name]
            for name in names
            if ends_of(facts.metrics.get(name))[0] is not None
        }
        data.append(
            dots(
                f"{PARTS[part]} part",
                [merit_name(name) for name in found],
                list(found.values()),
                colour=curves.COLOURS[part],
                symbol=symbols[part],
                size=11 if part == "test" else 8,
            )
        )
    if cited:
        data.append(
            markers(
                "reference paper",
                list(cited.values()),
                [merit_name(name) for name in cited],
                AMBER,
                symbol="star",
                size=12,
                hover="%{y}: %{x:.4f}<extra>reference paper</extra>",
            )
        )
    layout = {
        "xaxis": {"zeroline": False},
        "yaxis": {"autorange": "reversed", "showgrid": True},
        "margin": {"l": 10, "b": 36},
    }
    return Chart(data, layout, height=110 + 36 * len(names))
