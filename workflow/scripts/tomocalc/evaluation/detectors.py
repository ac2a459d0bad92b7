"""Detectors beside the run's own chain: the same findings, the same volumes, the same rules."""

from collections.abc import Mapping, Sequence

import polars as pl

from tomocalc.accounts.findings import FoundBy, System
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.dataset.labels import drop_ambiguous, label_candidates
from tomocalc.evaluation.clusters import cluster_marks
from tomocalc.evaluation.findings import Findings
from tomocalc.evaluation.froc import FreeResponse, froc, sensitivity_leads
from tomocalc.evaluation.images import dbtex_of
from tomocalc.evaluation.responses import TestPart, VolumeMarks, responses
from tomocalc.neighbours import Rule
from tomocalc.sections import Finding, LabelsSection

CHAIN = "chain"
"""The run's own candidates and released model."""
Responses = list[FreeResponse | None]
"""To calcifications, and to clusters."""


def labelled_marks(
    marks: pl.DataFrame,
    volume: VolumeManifest,
    annotations: Sequence[Finding],
    others: Sequence[Finding],
    labels: LabelsSection,
) -> pl.DataFrame:
    """Return the marks of one volume with what they lie on, by the rule for candidates.

    Parameters
    ----------
    marks
        Columns `tomocalc.detectors.marks.MARKS`.
    annotations, others
        Of the volume: calcifications and clusters with their ``finding_id``, and findings of
        other kinds, in which no mark is judged.
    labels
        Section of the configuration.
    """
    spacing = row_mm, col_mm = volume.pixel_spacing_mm
    own = marks.with_columns(detected=pl.lit(True))
    rows, _ = label_candidates(own, annotations, labels, spacing)
    rows, _ = drop_ambiguous(rows, annotations, others, labels, spacing)
    return rows.filter("focus").with_columns(
        patient_id=pl.lit(volume.patient_id),
        row_mm=pl.col("centroid_row") * row_mm,
        col_mm=pl.col("centroid_col") * col_mm,
        depth_mm=pl.col("slice") * volume.slice_spacing_mm,
    )


def measure_systems(
    systems: Mapping[str, pl.DataFrame],
    found: Findings,
    test: TestPart,
    *,
    rule: Rule,
    confidence: float,
) -> tuple[System, ...]:
    """Measure every system on the volumes of the test part.

    Parameters
    ----------
    systems
        Marks of each, as `labelled_marks` returns them, `CHAIN` first: the others are set against
        it, each patient left out of both at once.
    found
        Findings of all volumes.
    rule
        What a cluster is.
    """
    measured: list[System] = []
    reference: Responses | None = None
    for name, table in systems.items():
        marks: VolumeMarks = {
            rows["volume_id"][0]: (rows, cluster_marks(rows, rule))
            for rows in table.sort("volume_id", "candidate_id").partition_by(
                "volume_id", maintain_order=True
            )
        }
        *mine, areas = responses(table, marks, found, test)
        reference = reference or mine
        spots, clusters = (
            _found(own, chain, confidence) for own, chain in zip(mine, reference, strict=True)
        )
        dbtex = dbtex_of(marks, areas, test, confidence) if areas else None
        measured.append(System(name=name, calcifications=spots, clusters=clusters, dbtex=dbtex))
    return tuple(measured)


def _found(
    mine: FreeResponse | None, reference: FreeResponse | None, confidence: float
) -> FoundBy | None:
    if mine is None or reference is None:
        return None
    facts = froc(mine, threshold=float(mine.rating.max(initial=0.0)), confidence=confidence)
    leads = [] if mine is reference else sensitivity_leads(mine, reference, confidence=confidence)
    return FoundBy(
        findings=facts.findings,
        reached=facts.with_candidate,
        marks_per_volume=len(mine.rating) / len(mine.volume_patient),
        curve=facts.curve,
        band=facts.band,
        rates=tuple(facts.rates),
        leads=tuple(leads),
    )
