"""What the model is worth on volumes and patients of the test part, missed findings included."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import polars as pl

from tomocalc.accounts.findings import ByFinding, Dbtex
from tomocalc.accounts.manifest import VolumeFacts
from tomocalc.accounts.metrics import ByUnit, Cases, ImageMetrics
from tomocalc.accounts.prediction import ClusterRule
from tomocalc.evaluation.cases import PATIENTS, VOLUMES, case_account, patient_table, volume_table
from tomocalc.evaluation.clusters import CLUSTERS, Rule, cluster_marks, find_clusters
from tomocalc.evaluation.dbtex import dbtex
from tomocalc.evaluation.findings import Cluster, Findings, gather_findings
from tomocalc.evaluation.froc import froc
from tomocalc.evaluation.responses import TestPart, VolumeMarks, dbtex_input, responses
from tomocalc.sections import EvaluationSection, Finding, SplitSection
from tomocalc.tables import empty

Reason = Literal["no_places", "not_by_patient"]


@dataclass(frozen=True)
class Images:
    """The account of the test part and the tables of all parts.

    Attributes
    ----------
    facts
        None where nothing can be measured.
    reason
        Why nothing can.
    cases
        Patients of the test part of a table.
    """

    facts: ImageMetrics | None
    clusters: pl.DataFrame
    volumes: pl.DataFrame
    patients: pl.DataFrame
    reason: Reason | None = None
    cases: Cases | None = None


def without_images(reason: Reason) -> Images:
    """Return tables without rows and an account that says why there is none."""
    volumes, patients = pl.DataFrame(schema=VOLUMES), pl.DataFrame(schema=PATIENTS)
    return Images(None, empty(CLUSTERS), volumes, patients, reason)


def measure_images(
    candidates: pl.DataFrame,
    splits: pl.DataFrame,
    volumes: Sequence[VolumeFacts],
    annotations: Sequence[Finding],
    *,
    threshold: float,
    settings: EvaluationSection,
    split: SplitSection,
    seed: int,
) -> Images:
    """Measure detection of calcifications and clusters, and the scores of volumes and patients.

    Parameters
    ----------
    candidates
        Every candidate on its slice of best focus, with its probability, also those that the
        split leaves out.
    splits
        ``splits.parquet``.
    volumes
        Manifests of all volumes, also those without candidates.
    annotations
        Rows of the sheet, in its order.
    threshold
        Of the model.
    settings, split
        Sections ``evaluation`` and ``split`` of the configuration.
    """
    by_id = {row.volume_id: row for row in sorted(volumes, key=lambda row: row.volume_id)}
    patients = sorted({row.patient_id for row in by_id.values()})
    parts = patient_parts(patients, splits, split=split, seed=seed)
    if parts is None:
        return without_images("not_by_patient")
    rule = Rule.of(settings["cluster"])
    found = gather_findings(annotations, by_id, rule)
    candidates = _placed(candidates, by_id, parts)
    clusters = find_clusters(candidates, rule, threshold=threshold)
    marks: VolumeMarks = {
        rows["volume_id"][0]: (rows, cluster_marks(rows, rule))
        for rows in candidates.partition_by("volume_id", maintain_order=True)
    }
    in_test = pl.col("part") == "test"
    test = TestPart.of([row for row in by_id.values() if parts[row.patient_id] == "test"])
    curves, metric = _detection(
        candidates.filter(in_test), found, marks, test, threshold, settings["confidence"]
    )
    on_finding = candidates.filter(pl.col("finding_id").is_not_null())
    rated = pl.DataFrame(
        {
            "volume_id": [volume for volume, (_, marked) in marks.items() for _ in marked.rating],
            "rating": [float(rate) for _, marked in marks.values() for rate in marked.rating],
        },
        schema={"volume_id": pl.String, "rating": pl.Float64},
    )
    return measured_cases(
        volume_rows(
            by_id,
            parts,
            clusters=clusters["volume_id"],
            findings=[row["volume_id"] for row in annotations],
            with_candidate=_distinct(on_finding),
            found=_distinct(on_finding.filter(pl.col("probability") >= threshold)),
        ),
        candidates,
        rated,
        clusters=clusters,
        split_patients=splits["patient_id"],
        threshold=threshold,
        rule=rule,
        settings=settings,
        froc=curves,
        dbtex=metric,
    )


def volume_rows(
    volumes: Mapping[str, VolumeFacts], parts: Mapping[str, str], **counted: Iterable[str]
) -> pl.DataFrame:
    """Return volume, patient, part and counts of *volumes*; *counted*: a volume for each."""
    counts = {name: Counter(names) for name, names in counted.items()}
    return pl.DataFrame(
        [
            {"volume_id": volume, "patient_id": facts.patient_id, "part": parts[facts.patient_id]}
            | {name: of_volume[volume] for name, of_volume in counts.items()}
            for volume, facts in volumes.items()
        ]
    )


def measured_cases(
    rows: pl.DataFrame,
    scored: pl.DataFrame,
    rated: pl.DataFrame,
    *,
    clusters: pl.DataFrame,
    split_patients: pl.Series,
    threshold: float,
    rule: Rule,
    settings: EvaluationSection,
    froc: ByFinding | None = None,
    dbtex: Dbtex | None = None,
) -> Images:
    """Return tables of volumes and patients, and what their scores are worth in the test part.

    Parameters
    ----------
    rows, scored, rated
        As `tomocalc.evaluation.cases.volume_table` takes them.
    clusters
        Columns `CLUSTERS`.
    split_patients
        Those that the split knows.
    threshold, rule
        Of the model, and what a cluster is.
    settings
        Section ``evaluation`` of the configuration.
    froc, dbtex
        What was measured of findings.
    """
    volumes = volume_table(rows, scored, rated, threshold=threshold)
    patients = patient_table(volumes)
    tested = [frame.filter(pl.col("part") == "test") for frame in (volumes, patients)]
    of_volumes, of_patients = (
        case_account(frame, threshold=threshold, settings=settings) for frame in tested
    )
    known = set(split_patients)
    facts = ImageMetrics(
        volumes=tested[0].height,
        patients=tested[1].height,
        patients_drawn=sum(patient not in known for patient in tested[1]["patient_id"]),
        rule=ClusterRule(calcifications=rule.calcifications, distance_mm=rule.distance_mm),
        cases=ByUnit(volumes=of_volumes, patients=of_patients),
        froc=froc,
        dbtex=dbtex,
    )
    return Images(facts, clusters, volumes, patients)


def _detection(
    candidates: pl.DataFrame,
    found: Findings,
    marks: VolumeMarks,
    test: TestPart,
    threshold: float,
    confidence: float,
) -> tuple[ByFinding, Dbtex | None]:
    """Return free-response curves and the DBTex metric, None where nothing is annotated."""
    to_spots, to_areas, areas = responses(candidates, marks, found, test)
    at = {"threshold": threshold, "confidence": confidence}
    of_spots = froc(to_spots, **at) if to_spots else None
    if to_areas is None:
        return ByFinding(calcifications=of_spots, clusters=None), None
    of_areas = msgspec.structs.replace(froc(to_areas, **at), formed=_formed(areas))
    curves = ByFinding(calcifications=of_spots, clusters=of_areas)
    return curves, dbtex_of(marks, areas, test, confidence)


def dbtex_of(
    marks: VolumeMarks, areas: Sequence[Cluster], test: TestPart, confidence: float
) -> Dbtex:
    """Return the DBTex metric over biopsied clusters; where no outcome is known, over all."""
    biopsied = [item for item in areas if item.pathology]
    places, lesions = dbtex_input(marks, biopsied or areas, test)
    return dbtex(
        places,
        lesions,
        slices=test.slices,
        patient=test.patient,
        pixel_mm=test.pixel_mm,
        confidence=confidence,
        biopsied=bool(biopsied),
        formed=_formed(biopsied or areas),
    )


def _formed(areas: Sequence[Cluster]) -> int:
    """Count the clusters that annotated calcifications form, which the sheet does not name."""
    return sum(item.formed for item in areas)


def _placed(
    candidates: pl.DataFrame, volumes: Mapping[str, VolumeFacts], parts: Mapping[str, str]
) -> pl.DataFrame:
    """Add depth in mm and part, and sort."""
    spacing = {volume: row.slice_spacing_mm for volume, row in volumes.items()}
    depth = pl.col("volume_id").replace_strict(spacing, return_dtype=pl.Float64) * pl.col("slice")
    part = pl.col("patient_id").replace_strict(parts, return_dtype=pl.String)
    return candidates.with_columns(depth_mm=depth, part=part).sort("volume_id", "candidate_id")


def _distinct(candidates: pl.DataFrame) -> pl.Series:
    """Return the volume of every finding that a candidate lies on."""
    return candidates.select("volume_id", "finding_id").unique()["volume_id"]


def patient_parts(
    patients: Sequence[str], splits: pl.DataFrame, *, split: SplitSection, seed: int
) -> dict[str, str] | None:
    """Return the part of every patient; None when the split is not by patient.

    A patient without any candidate is not in *splits*, but must be counted: their findings are
    missed, and their volumes are free of false marks. They are drawn into a part with the
    chances of the split's fractions, by a number that follows from their name and the seed
    alone, whatever was found in them or in others. They cannot leak, because nothing is learnt
    from a volume without candidates.

    Parameters
    ----------
    patients
        Of all volumes.
    split
        The ``split`` section of the configuration: validation_fraction, test_fraction.
    """
    known = splits.select("patient_id", "part").unique()
    if known["patient_id"].n_unique() < known.height or (known["patient_id"] == "").any():
        return None
    parts = dict(known.iter_rows())
    return {patient: parts.get(patient) or _drawn(patient, split, seed) for patient in patients}


def _drawn(patient: str, split: SplitSection, seed: int) -> str:
    text = hashlib.sha256(f"{seed} {patient}".encode()).digest()
    chance = int.from_bytes(text[:8], "big") / 2**64
    if chance < split["test_fraction"]:
        return "test"
    if chance < split["test_fraction"] + split["validation_fraction"]:
        return "validation"
    return "train"
