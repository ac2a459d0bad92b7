"""What a page shows of volumes, patients, findings and clusters of the test part."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from tomocalc.accounts.figures import ends_of
from tomocalc.accounts.findings import Froc, FrocCurve
from tomocalc.accounts.metrics import Cases, ImageMetrics
from tomocalc.metrics import evenly
from tomocalc.pages import curves
from tomocalc.pages.levels import FINDINGS
from tomocalc.pages.merits import (
    MEANINGS,
    few_cases,
    few_positive_cases,
    floor_rule,
    merit_name,
    with_interval,
)
from tomocalc.pages.parts import Cell
from tomocalc.pages.words import NO_FINDINGS

MOST = 200
"""Rows of a long table; the file has the rest."""
OF_ROWS = ("score", "findings", "found", "candidates", "flagged")
OF_CLUSTERS = ("score", "findings", "with_candidate", "found", "candidates", "flagged", "volumes")
OF_VOLUMES = ("score", "cluster_score", *OF_CLUSTERS[1:-1], "clusters", "volumes")
"""Columns that are shown of the patients: of a table, of clusters, of other volumes."""
UNITS = {"patients": "patient", "volumes": "volume"}


def case_values(
    by_unit: dict[str, Cases], patients: pl.DataFrame, *, of_clusters: bool
) -> dict[str, Any]:
    """Return what is shown of patients and volumes of the test part; a row may be a cluster."""
    cases = {unit: by_unit[unit] for unit in reversed(by_unit)}
    known = {unit: case for unit, case in cases.items() if case.metrics}
    drawn = curves.unit_curves(known)
    shown = [case.metrics["auroc"] for case in known.values()]
    limits = few_positive_cases(known.values()), floor_rule(shown, "patient")
    test = pl.col("part") == "test"
    columns = OF_CLUSTERS if of_clusters else OF_VOLUMES if "volumes" in cases else OF_ROWS
    return {
        "units": {unit: UNITS[unit] for unit in cases},
        "cases": cases,
        "known": known,
        "case_limits": [text for text in limits if text] if known else [],
        "case_figures": _case_figures(list(known.values()), of_clusters=of_clusters),
        "case_points": [
            [Cell(UNITS[unit]), *point]
            for unit, curve in drawn.items()
            for point in curves.points(curve)
        ],
        "case_chart": curves.roc_chart(drawn),
        "patients": _patients(patients.filter(test), columns),
        "patients_total": patients.filter(test).height,
        "MOST": MOST,
    }


def image_values(facts: ImageMetrics, clusters: pl.DataFrame, confidence: float) -> dict[str, Any]:
    """Return what is shown of findings and clusters of the test part."""
    kinds = {kind: getattr(facts.froc, kind) for kind in FINDINGS if facts.froc}
    test = pl.col("part") == "test"
    return {
        "clusters": _clusters(clusters.filter(test), of_clusters=facts.froc is None),
        "clusters_total": clusters.filter(test).height,
        "froc": [_froc(kind, one, confidence) for kind, one in kinds.items() if one],
        "no_froc": [NO_FINDINGS[kind] for kind, one in kinds.items() if not one],
        "dbtex": facts.dbtex,
        "few_cases": few_cases,
    }


def _case_figures(known: Sequence[Cases], *, of_clusters: bool) -> list[list[Any]]:
    """Return a row per figure and a column per unit; the sizes of the units last."""
    names = [name for name in MEANINGS if known and name in known[0].metrics]
    rows: list[list[Any]] = [
        [merit_name(name), *(with_interval(case.metrics[name]) for case in known)] for name in names
    ]
    if not of_clusters and any(case.cluster_auroc for case in known):
        score = "AUROC of the cluster score"
        rows.append([score, *(with_interval(case.cluster_auroc) for case in known)])
    rows.append(["Cases", *(f"{case.n:,}" for case in known)])
    rows.append(["Positive cases", *(f"{case.positives:,}" for case in known)])
    return rows


def _patients(patients: pl.DataFrame, columns: Sequence[str]) -> list[list[Any]]:
    shown = patients.sort("score", "patient_id", descending=[True, False]).head(MOST)
    return [
        [Cell(row["patient_id"]), *(row[name] for name in columns)]
        for row in shown.iter_rows(named=True)
    ]


def _clusters(clusters: pl.DataFrame, *, of_clusters: bool) -> list[list[Any]]:
    likely = ("probability_max",) if of_clusters else ("probability_max", "probability_mean")
    order = ["probability_max", "volume_id", "cluster_id"]
    shown = clusters.sort(order, descending=[True, False, False]).head(MOST)
    return [
        [
            Cell(f"{row['volume_id']}, {row['cluster_id']}"),
            *(row[name] for name in (*likely, "count")),
            ("malignant" if row["annotated"] else "benign") if of_clusters else row["annotated"],
            _tenths(row["extent_mm"], " mm"),
            _tenths(row["density_per_cm2"]),
            _tenths(row["nearest_mm"], " mm"),
            Cell(" to ".join(map(str, dict.fromkeys(ends))), ends[0]),
        ]
        for row in shown.iter_rows(named=True)
        for ends in [(row["slice_first"], row["slice_last"])]
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
    steps = [rising[i] for i in evenly(len(rising), curves.ROWS)]
    return [
        [Cell(f"{found[i]:.3f}", found[i]), curve.false_per_volume[i], curve.threshold[i]]
        for i in dict.fromkeys([*steps, len(found) - 1])
    ]
