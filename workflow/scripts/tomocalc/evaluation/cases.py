"""Volumes and patients as the unit: one score each, and what it is worth."""

from collections.abc import Mapping

import msgspec
import polars as pl
import polars.selectors as cs

from tomocalc.accounts.metrics import Cases
from tomocalc.evaluation.account import roc
from tomocalc.evaluation.thresholds import predictive_values
from tomocalc.evaluation.weighted import figures_of_merit, rarer_groups
from tomocalc.metrics import confusion
from tomocalc.sections import EvaluationSection

SCORES = {"score": pl.Float64, "cluster_score": pl.Float64}
COUNTS = dict.fromkeys(
    ("candidates", "flagged", "clusters", "findings", "with_candidate", "found"), pl.Int32
)
NAMES = {"patient_id": pl.String, "part": pl.String}
VOLUMES = {"volume_id": pl.String} | NAMES | SCORES | COUNTS
PATIENTS = NAMES | {"volumes": pl.Int32} | SCORES | COUNTS
"""Columns of ``volumes.parquet`` and ``patients.parquet``."""

FIGURES = ("auroc", "average_precision", "recall", "specificity", "precision", "balanced_accuracy")
"""A volume's score is the largest of many probabilities and is itself none, so that neither
calibration nor Brier score would mean anything."""


def volume_table(
    volumes: pl.DataFrame, candidates: pl.DataFrame, marks: pl.DataFrame, *, threshold: float
) -> pl.DataFrame:
    """Return one row per volume.

    ``score`` is the largest probability of a candidate and ``cluster_score`` the largest rating
    of a cluster mark; both are 0 where there is none.

    Parameters
    ----------
    volumes
        volume_id, patient_id, part, clusters, findings, with_candidate, found.
    candidates
        volume_id and probability of every candidate.
    marks
        volume_id and rating of every cluster mark.

    Returns
    -------
    polars.DataFrame
        Columns `VOLUMES`; sorted by volume_id.
    """
    best = candidates.group_by("volume_id").agg(
        score=pl.col("probability").max(),
        candidates=pl.len(),
        flagged=(pl.col("probability") >= threshold).sum(),
    )
    rated = marks.group_by("volume_id").agg(cluster_score=pl.col("rating").max())
    rows = volumes.join(best, on="volume_id", how="left").join(rated, on="volume_id", how="left")
    return _typed(rows, VOLUMES).sort("volume_id")


def patient_table(volumes: pl.DataFrame) -> pl.DataFrame:
    """Return one row per patient: the largest scores of the volumes, and sums of the counts.

    Returns
    -------
    polars.DataFrame
        Columns `PATIENTS`; sorted by patient_id.
    """
    rows = volumes.group_by("patient_id", "part").agg(
        pl.len().alias("volumes"),
        *(pl.col(name).max() for name in SCORES),
        *(pl.col(name).sum() for name in COUNTS),
    )
    return _typed(rows, PATIENTS).sort("patient_id")


def patients_of_table(scored: pl.DataFrame, *, threshold: float) -> pl.DataFrame:
    """Return one row per patient of a feature table, whose findings are the positive rows.

    Parameters
    ----------
    scored
        volume_id, candidate_id, patient_id, label, part and probability of every candidate.

    Returns
    -------
    polars.DataFrame
        As `patient_table`; without rows where not every row names a patient, or one of them is in
        several parts.
    """
    rows = scored.unique(["volume_id", "candidate_id", "part"])
    parts = rows.group_by("patient_id").agg(pl.col("part").n_unique())["part"]
    if (rows["patient_id"] == "").any() or (parts > 1).any():
        rows = rows.clear()
    positive, flagged = pl.col("label") == 1, pl.col("probability") >= threshold
    found = rows.group_by("patient_id", "part").agg(
        score=pl.col("probability").max(),
        candidates=pl.len(),
        flagged=flagged.sum(),
        findings=positive.sum(),
        with_candidate=positive.sum(),
        found=(positive & flagged).sum(),
    )
    nothing = dict.fromkeys(("volumes", "clusters", "cluster_score"), pl.lit(0))
    return _typed(found.with_columns(**nothing), PATIENTS).sort("patient_id")


def case_account(cases: pl.DataFrame, *, threshold: float, settings: EvaluationSection) -> Cases:
    """Return what the scores of *cases* (volumes or patients) are worth.

    A case is positive when a calcification or a cluster is annotated in it, and called when its
    score reaches the *threshold*. Without both classes there are only the counts. *settings* is the
    section ``evaluation`` of the configuration.
    """
    label = (cases["findings"] > 0).cast(pl.Int8).to_numpy()
    score = cases["score"].to_numpy()
    counted = Cases(
        n=len(label),
        positives=int(label.sum()),
        without_candidates=int((cases["candidates"] == 0).sum()),
    )
    if not 0 < counted.positives < counted.n:
        return counted
    patient = (cases["patient_id"].rank("dense") - 1).cast(pl.Int32).to_numpy()
    at: dict[str, float] = {"threshold": threshold, "confidence": settings["confidence"]}
    figures = figures_of_merit(label, score, patient, **at)
    by_cluster = figures_of_merit(label, cases["cluster_score"].to_numpy(), patient, **at)
    return msgspec.structs.replace(
        counted,
        metrics={name: figures[name] for name in FIGURES},
        cluster_auroc=by_cluster["auroc"],
        confusion=confusion(label, score, threshold),
        roc=roc(label, score),
        rarer_groups=rarer_groups(label, patient),
        predictive_values=predictive_values(label, score, patient, settings["prevalences"], **at),
    )


def _typed(rows: pl.DataFrame, schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    typed = rows.select(pl.col(name).cast(kind) for name, kind in schema.items())
    return typed.with_columns(cs.numeric().fill_null(0))
