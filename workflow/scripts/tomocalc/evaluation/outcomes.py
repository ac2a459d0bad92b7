"""What a model of clusters is worth on breasts and patients, and any on those of a table."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import polars as pl

from tomocalc.accounts.manifest import VolumeFacts
from tomocalc.evaluation.cases import case_account, patients_of_table
from tomocalc.evaluation.clusters import Rule, cluster_table
from tomocalc.evaluation.images import (
    Images,
    measured_cases,
    patient_parts,
    volume_rows,
    without_images,
)
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
    judged = {name: row for name, row in by_id.items() if name in asked}
    return measured_cases(
        volume_rows(
            judged,
            parts,
            clusters=one_each["volume_id"],
            findings=[row["volume_id"] for row in malignant],
            with_candidate=on_malignant["volume_id"],
            found=on_malignant.filter(pl.col("probability") >= threshold)["volume_id"],
        ),
        one_each,
        one_each.select("volume_id", rating=pl.col("probability")),
        clusters=clusters,
        split_patients=splits["patient_id"],
        threshold=threshold,
        rule=rule,
        settings=settings,
    )


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
    cases = None
    if test.height:
        found = case_account(test, threshold=threshold, settings=settings)
        cases = msgspec.structs.replace(found, cluster_auroc=None)
    return replace(without_images("no_places"), patients=rows, cases=cases)
