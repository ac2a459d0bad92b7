"""The page of the evaluation, ``report.html``: figures of merit, curves, findings, clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from tomocalc.pages import curves
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.frame import render_page
from tomocalc.pages.merits import (
    CARDS,
    MEANINGS,
    counted_groups,
    few_cases,
    floor_rule,
    interval_limits,
    merit_name,
    method_words,
    with_interval,
)
from tomocalc.pages.parts import Cell
from tomocalc.pages.words import PARTS, badge_of

MOST = 200
"""Rows of a long table; the file has the rest."""
CASES = {"patients": "patient", "volumes": "volume"}


def evaluation_page(
    metrics: Mapping[str, Any],
    *,
    source: str,
    clusters: pl.DataFrame | None = None,
    patients: pl.DataFrame | None = None,
) -> str:
    """Return ``report.html``.

    Parameters
    ----------
    metrics
        ``metrics.json``; a part that lacks a class has only ``n`` and ``positives``.
    source
        ``phantom``, ``volumes`` or ``table``.
    clusters, patients
        ``clusters.parquet`` and ``patients.parquet`` where there are volumes; the test part is
        shown.
    """
    test, images = metrics["parts"]["test"], metrics.get("images", {"absent": ""})
    values: dict[str, Any] = {"images": images}
    if "metrics" in test:
        values |= _measured(metrics)
    if "absent" not in images:
        assert clusters is not None
        assert patients is not None
        values |= _images(images, clusters, patients, metrics["confidence"])
    return render_page(
        "evaluation",
        links=navigation("evaluation/report.html", run_pages()),
        badge=badge_of(source),
        packages=("numpy", "plotly", "scikit-learn", "torch"),
        metrics=metrics,
        test=test,
        measured="metrics" in test,
        **values,
    )


def _measured(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shown where the test part has both classes."""
    test, paper = metrics["parts"]["test"], metrics.get("paper", {})
    parts = {
        name: metrics["parts"][name]
        for name in PARTS
        if "metrics" in metrics["parts"].get(name, {})
    }
    given = test["metrics"]
    order = dict.fromkeys([*CARDS, *MEANINGS, *given])
    names = [name for name in order if name in given]
    cited = {name: paper[name] for name in names if isinstance(paper.get(name), int | float)}
    roc = curves.part_curves(parts, "roc", "fpr", "tpr", "auroc")
    recalls = curves.part_curves(parts, "pr", "recall", "precision", "average_precision")
    predictive = {"candidates": test, **metrics.get("images", {}).get("cases", {})}
    known = {
        unit: facts["predictive_values"]
        for unit, facts in predictive.items()
        if "metrics" in facts and facts["predictive_values"]
    }
    return {
        "shown": [name for name in CARDS if name in given],
        "groups": counted_groups(test["groups"], test["unit"]),
        "limits": interval_limits(test, CARDS),
        "others": [part for part in parts if part != "test"],
        "cited": cited,
        "paper": paper.get("confusion"),
        "merits": _merits(names, parts, cited),
        "roc_points": curves.points(roc["test"]),
        "recall_points": curves.points(recalls["test"]),
        "predictive": known,
        "report": _report(test["report"]),
        "charts": {
            "merits": curves.merit_chart(parts, names, cited),
            "roc": curves.roc_chart(roc),
            "recall": curves.precision_recall_chart(recalls, test["positives"] / test["n"]),
            "confusion": curves.confusion_chart(test["confusion"]),
            "thresholds": curves.threshold_chart(test["thresholds"], metrics["threshold"]),
            "calibration": curves.calibration_chart(test["calibration"]),
            "ppv": curves.predictive_chart(known, "ppv"),
            "npv": curves.predictive_chart(known, "npv"),
        },
    }


def _merits(
    names: Sequence[str], parts: Mapping[str, Mapping[str, Any]], cited: Mapping[str, float]
) -> list[list[Any]]:
    """Return a row per figure: test part with interval, other parts, the paper's, its meaning."""
    rows = []
    for name in names:
        figure = parts["test"]["metrics"][name]
        row = [merit_name(name), *(figure.get(key) for key in ("value", "low", "high"))]
        method = method_words(figure, parts["test"]["unit"])
        others = [parts[part]["metrics"].get(name, {}).get("value") for part in parts]
        row += [method, *others[1:], *([cited.get(name)] if cited else [])]
        rows.append([*row, MEANINGS.get(name, "")])
    return rows


def _report(lines: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Return the classification report; as in scikit-learn's, accuracy stands in F1's column."""
    scores = ("precision", "recall", "f1")
    total = sum(line["support"] for line in lines)
    rows: list[list[Any]] = [
        [line["class"], *(line[key] for key in scores), line["support"]] for line in lines
    ]
    right = sum(line["recall"] * line["support"] for line in lines)
    plain = [sum(line[key] for line in lines) / len(lines) for key in scores]
    weighted = [
        sum(line[key] * line["support"] for line in lines) / total if total else None
        for key in scores
    ]
    rows.append(["accuracy", None, None, right / total if total else None, total])
    rows.append(["mean of both classes", *plain, total])
    rows.append(["weighted by support", *weighted, total])
    return [[Cell(row[0]), *row[1:]] for row in rows]


def _images(
    facts: Mapping[str, Any], clusters: pl.DataFrame, patients: pl.DataFrame, confidence: float
) -> dict[str, Any]:
    """Return what is shown of volumes, patients, findings and clusters of the test part."""
    known = {unit: facts["cases"][unit] for unit in CASES if "metrics" in facts["cases"][unit]}
    drawn = curves.unit_curves(known)
    shown = [case["metrics"]["auroc"] for case in known.values()]
    rarer = min((case["rarer_groups"] for case in known.values()), default=None)
    limits = few_cases(rarer, "patient"), floor_rule(shown, "patient")
    test = pl.col("part") == "test"
    return {
        "units": CASES,
        "cases": facts["cases"],
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
        "froc": [
            _froc(kind, noun, facts, confidence)
            for kind, noun in (("calcifications", "calcification"), ("clusters", "cluster"))
            if "curve" in facts["froc"][kind]
        ],
        "no_froc": [one["absent"] for one in facts["froc"].values() if "absent" in one],
        "dbtex": facts["dbtex"],
        "dbtex_limit": few_cases(facts["dbtex"].get("patients_with_lesion"), "patient"),
    }


def _case_figures(known: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Return a row per figure and a column per unit; the sizes of the units last."""
    names = [name for name in MEANINGS if known and name in known[0]["metrics"]]
    rows = [
        [Cell(merit_name(name)), *(with_interval(case["metrics"][name]) for case in known)]
        for name in names
    ]
    score = "AUROC of the cluster score"
    rows.append([Cell(score), *(with_interval(case["cluster_auroc"]) for case in known)])
    rows.append([Cell("Cases"), *(f"{case['n']:,}" for case in known)])
    rows.append([Cell("Positive cases"), *(f"{case['positives']:,}" for case in known)])
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


def _froc(kind: str, noun: str, facts: Mapping[str, Any], confidence: float) -> dict[str, Any]:
    """Return one free-response curve and its tables."""
    found = facts["froc"][kind]
    curve, point, patients = (
        found[key] for key in ("curve", "operating_point", "patients_with_findings")
    )
    reached = point["false_per_volume"]
    at_rates = [
        [
            Cell(f"{reached:.2f}, at the threshold", reached),
            *(point["sensitivity"][key] for key in ("value", "low", "high")),
        ]
    ]
    for rate in found["rates"]:
        beyond = ", beyond the curve" if rate["beyond"] else ""
        name = Cell(f"{rate['false_per_volume']:g}{beyond}", rate["false_per_volume"])
        at_rates.append([name, *(rate[key] for key in ("sensitivity", "low", "high"))])
    return {
        "kind": kind,
        "noun": noun,
        "facts": found,
        "chart": curves.froc_chart(found, kind, confidence),
        "rates": at_rates,
        "points": _froc_points(curve),
        "few": few_cases(patients, "patient"),
    }


def _froc_points(curve: Mapping[str, Sequence[float]]) -> list[list[Any]]:
    """Return the points where a finding more is found, evenly chosen, and the last one."""
    found = curve["sensitivity"]
    rising = [i for i in range(len(found)) if i == 0 or found[i] > found[i - 1]]
    steps = [rising[i] for i in curves.evenly(len(rising), curves.ROWS)]
    return [
        [
            Cell(f"{found[i]:.3f}", found[i]),
            curve["false_per_volume"][i],
            curve["threshold"][i],
        ]
        for i in dict.fromkeys([*steps, len(found) - 1])
    ]
