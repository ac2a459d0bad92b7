"""The page of the evaluation, ``report.html``: figures of merit, curves, findings, clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import mul
from typing import Any

import polars as pl

from tomocalc.accounts.figures import ends_of
from tomocalc.accounts.metrics import (
    Cases,
    ClassLine,
    Froc,
    FrocCurve,
    ImageMetrics,
    MetricsAccount,
    Part,
)
from tomocalc.pages import curves
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, dots, markers
from tomocalc.pages.frame import render_page
from tomocalc.pages.merits import (
    CARDS,
    MEANINGS,
    counted_groups,
    few_cases,
    few_positive_cases,
    floor_rule,
    interval_limits,
    merit_name,
    method_words,
    with_interval,
)
from tomocalc.pages.palette import AMBER
from tomocalc.pages.parts import Cell
from tomocalc.pages.words import NO_FINDINGS, NO_IMAGES, PARTS, badge_of

MOST = 200
"""Rows of a long table; the file has the rest."""
CASES = {"patients": "patient", "volumes": "volume"}


def evaluation_page(
    metrics: MetricsAccount,
    *,
    clusters: pl.DataFrame | None = None,
    patients: pl.DataFrame | None = None,
) -> str:
    """Return ``report.html``.

    Parameters
    ----------
    metrics
        ``metrics.json``.
    clusters, patients
        ``clusters.parquet`` and ``patients.parquet`` where there are volumes; the test part is
        shown.
    """
    values = _measured(metrics) if metrics.test.metrics else {}
    if metrics.images is not None:
        assert clusters is not None
        assert patients is not None
        values |= _images(metrics.images, clusters, patients, metrics.confidence)
    return render_page(
        "evaluation",
        links=navigation("evaluation/report.html", run_pages()),
        badge=badge_of(metrics.source),
        packages=("numpy", "plotly", "scikit-learn", "torch"),
        metrics=metrics,
        test=metrics.test,
        images=metrics.images,
        NO_IMAGES=NO_IMAGES,
        NO_FINDINGS=NO_FINDINGS,
        **values,
    )


def _measured(metrics: MetricsAccount) -> dict[str, Any]:
    """Return what is shown where the test part has both classes."""
    test, paper, images = metrics.test, metrics.paper, metrics.images
    parts = {name: metrics.parts[name] for name in PARTS if metrics.parts[name].metrics}
    order = dict.fromkeys([*CARDS, *MEANINGS, *test.metrics])
    names = [name for name in order if name in test.metrics]
    cited = {"accuracy": paper.accuracy} if paper else {}
    roc, recalls = curves.roc_curves(parts), curves.recall_curves(parts)
    units = {"candidates": test.predictive_values}
    if images:
        units["volumes"] = images.cases.volumes.predictive_values
        units["patients"] = images.cases.patients.predictive_values
    known = {unit: values for unit, values in units.items() if values}
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


def _images(
    facts: ImageMetrics, clusters: pl.DataFrame, patients: pl.DataFrame, confidence: float
) -> dict[str, Any]:
    """Return what is shown of volumes, patients, findings and clusters of the test part."""
    cases = {"patients": facts.cases.patients, "volumes": facts.cases.volumes}
    known = {unit: case for unit, case in cases.items() if case.metrics}
    drawn = curves.unit_curves(known)
    shown = [case.metrics["auroc"] for case in known.values()]
    limits = few_positive_cases(known.values()), floor_rule(shown, "patient")
    kinds = {"calcifications": facts.froc.calcifications, "clusters": facts.froc.clusters}
    test = pl.col("part") == "test"
    return {
        "units": CASES,
        "cases": cases,
        "known": known,
        "case_limits": [text for text in limits if text] if known else [],
        "case_figures": _case_figures(list(known.values())),
        "case_points": [
            [Cell(CASES[unit]), *point]
            for unit, curve in drawn.items()
            for point in curves.points(curve)
        ],
        "case_chart": curves.roc_chart(drawn),
        "patients": _patients(patients.filter(test)),
        "patients_total": patients.filter(test).height,
        "clusters": _clusters(clusters.filter(test)),
        "clusters_total": clusters.filter(test).height,
        "MOST": MOST,
        "froc": [_froc(kind, one, confidence) for kind, one in kinds.items() if one],
        "no_froc": [NO_FINDINGS[kind] for kind, one in kinds.items() if not one],
        "dbtex": facts.dbtex,
        "few_cases": few_cases,
    }


def _case_figures(known: Sequence[Cases]) -> list[list[Any]]:
    """Return a row per figure and a column per unit; the sizes of the units last."""
    names = [name for name in MEANINGS if known and name in known[0].metrics]
    rows: list[list[Any]] = [
        [merit_name(name), *(with_interval(case.metrics[name]) for case in known)] for name in names
    ]
    score = "AUROC of the cluster score"
    rows.append([score, *(with_interval(case.cluster_auroc) for case in known)])
    rows.append(["Cases", *(f"{case.n:,}" for case in known)])
    rows.append(["Positive cases", *(f"{case.positives:,}" for case in known)])
    return rows


def _patients(patients: pl.DataFrame) -> list[list[Any]]:
    columns = (
        *("score", "cluster_score", "findings", "with_candidate", "found", "candidates"),
        *("flagged", "clusters", "volumes"),
    )
    shown = patients.sort("score", "patient_id", descending=[True, False]).head(MOST)
    return [
        [Cell(row["patient_id"]), *(row[name] for name in columns)]
        for row in shown.iter_rows(named=True)
    ]


def _clusters(clusters: pl.DataFrame) -> list[list[Any]]:
    order = ["probability_max", "volume_id", "cluster_id"]
    shown = clusters.sort(order, descending=[True, False, False]).head(MOST)
    return [
        [
            Cell(f"{row['volume_id']}, {row['cluster_id']}"),
            *(row[name] for name in ("probability_max", "probability_mean", "count", "annotated")),
            _tenths(row["extent_mm"], " mm"),
            _tenths(row["density_per_cm2"]),
            _tenths(row["nearest_mm"], " mm"),
            Cell(f"{row['slice_first']} to {row['slice_last']}", row["slice_first"]),
        ]
        for row in shown.iter_rows(named=True)
    ]


def _tenths(value: float | None, unit: str = "") -> Cell | None:
    return None if value is None else Cell(f"{value:.1f}{unit}", value)


def _froc(kind: str, found: Froc, confidence: float) -> dict[str, Any]:
    """Return one free-response curve and its tables."""
    point = found.operating_point
    reached = point.false_per_volume
    at_rates = [[Cell(f"{reached:.2f}, at the threshold", reached), *ends_of(point.sensitivity)]]
    for rate in found.rates:
        beyond = ", beyond the curve" if rate.beyond else ""
        name = Cell(f"{rate.false_per_volume:g}{beyond}", rate.false_per_volume)
        at_rates.append([name, rate.sensitivity, rate.low, rate.high])
    return {
        "kind": kind,
        "noun": kind.removesuffix("s"),
        "facts": found,
        "chart": curves.froc_chart(found, kind, confidence),
        "rates": at_rates,
        "points": _froc_points(found.curve),
        "few": few_cases(found.patients_with_findings, "patient", f"annotated {kind}"),
    }


def _froc_points(curve: FrocCurve) -> list[list[Any]]:
    """Return the points where a finding more is found, evenly chosen, and the last one."""
    found = curve.sensitivity
    rising = [i for i in range(len(found)) if i == 0 or found[i] > found[i - 1]]
    steps = [rising[i] for i in curves.evenly(len(rising), curves.ROWS)]
    return [
        [Cell(f"{found[i]:.3f}", found[i]), curve.false_per_volume[i], curve.threshold[i]]
        for i in dict.fromkeys([*steps, len(found) - 1])
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
