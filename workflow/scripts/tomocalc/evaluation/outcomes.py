"""What a model of clusters is worth on breasts and patients, and any on those of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import polars as pl

from tomocalc.accounts.manifest import VolumeFacts
from tomocalc.accounts.metrics import ByUnit, ImageMetrics
from tomocalc.accounts.prediction import ClusterRule
from tomocalc.evaluation.cases import case_account, patient_table, patients_of_table, volume_table
from tomocalc.evaluation.clusters import Rule, cluster_table
from tomocalc.evaluation.images import Images, patient_parts, without_images
from tomocalc.sections import EvaluationSection, Finding, SplitSection


def measure_outcomes(
    members: pl.DataFrame,
    splits: pl.DataFrame,
    volumes: Sequence[VolumeFacts],
    annotations: Sequence[Finding],
    *,
    threshold: float,
    rule: Rule,
    settings: EvaluationSection,
    split: SplitSection,
    seed: int,
) -> Images:
    """Return the scores of breasts and patients with an annotated outcome, and every cluster.

    A case is positive when a malignant finding is annotated in it, whether or not its cluster was
    found; its score is the largest probability of its clusters, 0 without any. Breasts in which no
    outcome is known are no cases: the question is asked of findings.

    Parameters
    ----------
    members
        Rows of ``candidates.parquet``, each with its cluster's probability.
    annotations
        Findings, each with its ``pathology``.
    rule
        That forms clusters.
    settings, split
        Sections ``evaluation`` and ``split`` of the configuration.
    """
    by_id = {row.volume_id: row for row in sorted(volumes, key=lambda row: row.volume_id)}
    patients = sorted({row.patient_id for row in by_id.values()})
    parts = patient_parts(patients, splits, split=split, seed=seed)
    if parts is None:
        return without_images("not_by_patient")
    spacing = {name: row.slice_spacing_mm for name, row in by_id.items()}
    clusters = cluster_table(
        members.with_columns(part=pl.col("patient_id").replace_strict(parts)), spacing, rule
    )
    one_each = members.filter("focus")
    asked = {row["volume_id"] for row in annotations if row["pathology"] is not None}
    malignant = [row for row in annotations if row["pathology"] == "malignant"]
    on_malignant = one_each.filter(pl.col("label") == 1)
    counted = {
        "clusters": Counter(one_each["volume_id"]),
        "findings": Counter(row["volume_id"] for row in malignant),
        "with_candidate": Counter(on_malignant["volume_id"]),
        "found": Counter(on_malignant.filter(pl.col("probability") >= threshold)["volume_id"]),
    }
    rows = pl.DataFrame(
        [
            {"volume_id": name, "patient_id": row.patient_id, "part": parts[row.patient_id]}
            | {key: counts[name] for key, counts in counted.items()}
            for name, row in by_id.items()
            if name in asked
        ]
    )
    rated = one_each.select("volume_id", rating=pl.col("probability"))
    volume_rows = volume_table(rows, one_each, rated, threshold=threshold)
    patient_rows = patient_table(volume_rows)
    tested = [frame.filter(pl.col("part") == "test") for frame in (volume_rows, patient_rows)]
    named = set(splits["patient_id"])
    breasts, women = (
        case_account(
            frame,
            threshold=threshold,
            prevalences=settings["prevalences"],
            confidence=settings["confidence"],
        )
        for frame in tested
    )
    facts = ImageMetrics(
        volumes=tested[0].height,
        patients=tested[1].height,
        patients_drawn=sum(patient not in named for patient in tested[1]["patient_id"]),
        rule=ClusterRule(calcifications=rule.calcifications, distance_mm=rule.distance_mm),
        cases=ByUnit(volumes=breasts, patients=women),
        froc=None,
        dbtex=None,
    )
    return Images(facts, clusters, volume_rows, patient_rows)


def measure_table(scored: pl.DataFrame, *, threshold: float, settings: EvaluationSection) -> Images:
    """Measure the scores of a feature table's patients, where it names them.

    Parameters
    ----------
    scored
        As `patients_of_table` takes them.
    settings
        Section ``evaluation`` of the configuration.
    """
    rows = patients_of_table(scored, threshold=threshold)
    test = rows.filter(pl.col("part") == "test")
    cases = case_account(
        test,
        threshold=threshold,
        prevalences=settings["prevalences"],
        confidence=settings["confidence"],
    )
    return replace(
        without_images("no_places"),
        patients=rows,
        cases=msgspec.structs.replace(cases, cluster_auroc=None) if test.height else None,
    )
