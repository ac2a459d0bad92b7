"""The page of the evaluation, ``report.html``, and of a validation elsewhere, ``external.html``."""

from collections.abc import Mapping, Sequence
from operator import mul
from typing import Any

import polars as pl

from tomocalc.accounts.external import ExternalAccount, NetBenefit, Recalibration, Spread
from tomocalc.accounts.figures import ends_of
from tomocalc.accounts.metrics import ClassLine, MetricsAccount, Part
from tomocalc.pages import curves
from tomocalc.pages.cases import case_values, image_values
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, axis, dots, line, markers, whiskers
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
from tomocalc.pages.palette import AMBER, NEGATIVE, POSITIVE
from tomocalc.pages.words import BADGES, NO_FINDINGS, PARTS, score

REPORT, EXTERNAL = "evaluation/report.html", "external/external.html"

MODES = {
    "as_released": "as released",
    "intercept": "intercept fitted",
    "slope": "intercept and slope fitted",
}
"""What was done to the probabilities."""


def evaluation_page(
    metrics: MetricsAccount,
    *,
    clusters: pl.DataFrame | None = None,
    patients: pl.DataFrame | None = None,
    in_run: bool = True,
) -> str:
    """Return ``report.html`` or, of an `ExternalAccount`, ``external.html``.

    Parameters
    ----------
    metrics
        ``metrics.json``, or ``external.json``.
    clusters, patients
        ``clusters.parquet`` and ``patients.parquet`` where there are some; the test part is
        shown.
    in_run
        Whether the other pages of a run lie beside it.
    """
    external = metrics if isinstance(metrics, ExternalAccount) else None
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
        links=navigation(EXTERNAL if external else REPORT, run_pages() if in_run else []),
        badge=BADGES.get(metrics.source),
        packages=("numpy", "plotly", "scikit-learn", "torch"),
        metrics=metrics,
        test=metrics.test,
        images=metrics.images,
        of_clusters=of_clusters,
        without_places=without_places(metrics),
        NO_FINDINGS=NO_FINDINGS,
        **values,
        **subgroup_values(metrics.subgroups, metrics.confidence),
        external=external,
        **(_elsewhere(external) if external else {}),
    )


def _measured(metrics: MetricsAccount) -> dict[str, Any]:
    """Return what is shown where the test part has both classes."""
    test, paper = metrics.test, metrics.paper
    parts = {name: metrics.parts[name] for name in PARTS if metrics.parts[name].metrics}
    order = dict.fromkeys([*CARDS, *MEANINGS, *test.metrics])
    names = [name for name in order if name in test.metrics]
    cited = {"accuracy": paper.accuracy} if paper else {}
    roc, recalls = curves.part_curves(parts, "roc"), curves.part_curves(parts, "pr")
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


def _elsewhere(account: ExternalAccount) -> dict[str, Any]:
    """Return what is shown beside of a validation elsewhere: how probabilities carry over."""
    return {
        "recalibrated": _recalibrated(account.recalibrations),
        "decision_chart": _decision_chart(account.decision) if account.decision else None,
    }


def _recalibrated(found: Sequence[Recalibration]) -> list[list[Any]]:
    """Return a row per number of patients and mode."""
    return [
        [
            f"{one.patients} patients, {MODES[mode.mode]}",
            one.held_out,
            one.draws,
            *(_spread(spread) for spread in (mode.intercept, mode.slope, mode.brier)),
        ]
        for one in found
        for mode in one.modes
    ]


def _spread(found: Spread) -> str:
    return f"{score(found.mean)} ({score(found.low)} to {score(found.high)})"


def _decision_chart(points: Sequence[NetBenefit]) -> Chart:
    """Return the net benefit over the threshold, beside flagging everything and nothing."""
    thresholds = [point.threshold for point in points]
    figures = [point.model for point in points]
    drawn = markers(
        "the model",
        thresholds,
        [figure.value for figure in figures],
        POSITIVE,
        symbol="circle",
        size=8,
        hover="net benefit %{y:.4~r}<br>threshold %{x:.3~g}<extra>the model</extra>",
        mode="lines+markers",
        line={"color": POSITIVE, "width": 2},
        error_y=whiskers(figures, colour=POSITIVE),
    )
    everything = line(
        "everything flagged",
        thresholds,
        [point.everything for point in points],
        NEGATIVE,
        dash="dash",
        hover="net benefit %{y:.4~r}<br>threshold %{x:.3~g}<extra>everything flagged</extra>",
    )
    nothing = line("nothing flagged", [0, 1], [0, 0], dash="dot", width=1.4)
    best = max(point.everything for point in points)
    highest = max(best, *(figure.high or best for figure in figures))
    layout = {
        "xaxis": axis("threshold of probability", range=[0, 1]),
        "yaxis": axis("net benefit per candidate", range=[-0.3 * best, 1.05 * highest]),
    }
    return Chart([everything, nothing, drawn], layout, height=400)
