"""The marks of a volume as a DICOM structured report: measurements after TID 1500 of PS3.16."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.dicom_output.content import (
    Concept,
    circle,
    coded,
    container,
    number,
    text,
    unique,
)
from tomocalc.dicom_output.dataset import MAKER, as_stored, file_bytes, general, item, reference
from tomocalc.dicom_output.identity import Identity

LARGEST_REPORT = 100
"""Most marks of one report, the most probable first: nobody reads more."""

CONTEXT, MODIFIER = "HAS OBS CONTEXT", "HAS CONCEPT MOD"
REPORT: Concept = ("126000", "DCM", "Imaging Measurement Report")
LANGUAGE: Concept = ("121049", "DCM", "Language of Content Item and Descendants")
ENGLISH: Concept = ("en-US", "RFC5646", "English (United States)")
OBSERVER: Concept = ("121005", "DCM", "Observer Type")
DEVICE: Concept = ("121007", "DCM", "Device")
DEVICE_UID: Concept = ("121012", "DCM", "Device Observer UID")
DEVICE_NAME: Concept = ("121013", "DCM", "Device Observer Name")
DEVICE_MAKER: Concept = ("121014", "DCM", "Device Observer Manufacturer")
DEVICE_MODEL: Concept = ("121015", "DCM", "Device Observer Model Name")
PROCEDURE: Concept = ("121058", "DCM", "Procedure reported")
TOMOSYNTHESIS: Concept = ("450566007", "SCT", "Digital breast tomosynthesis")
MEASUREMENTS: Concept = ("126010", "DCM", "Imaging Measurements")
GROUP: Concept = ("125007", "DCM", "Measurement Group")
TRACKING: Concept = ("112039", "DCM", "Tracking Identifier")
TRACKING_UID: Concept = ("112040", "DCM", "Tracking Unique Identifier")
FINDING: Concept = ("121071", "DCM", "Finding")
CALCIFICATION: Concept = ("129770007", "SCT", "Individual Calcification")
CLUSTER: Concept = ("129769006", "SCT", "Calcification Cluster")
OF_BREAST: Concept = ("309587003", "SCT", "Calcification of breast")
SITE: Concept = ("363698007", "SCT", "Finding Site")
BREAST: Concept = ("76752008", "SCT", "Breast")
LATERALITY: Concept = ("272741003", "SCT", "Laterality")
SIDES: dict[str, Concept] = {"L": ("7771000", "SCT", "Left"), "R": ("24028007", "SCT", "Right")}
CERTAINTY: Concept = ("111012", "DCM", "Certainty of Finding")
PERCENT: Concept = ("%", "UCUM", "Percent")
COUNT: Concept = ("111038", "DCM", "Number of calcifications")
NO_UNIT: Concept = ("1", "UCUM", "no units")
AREA: Concept = ("42798000", "SCT", "Area")
SQUARE_MM: Concept = ("mm2", "UCUM", "square millimeter")
REGION: Concept = ("111030", "DCM", "Image Region")
SOURCE: Concept = ("260753009", "SCT", "Source")

Row = Mapping[str, Any]


def report_bytes(
    *,
    identity: Identity,
    manifest: VolumeManifest,
    marks: Sequence[Row],
    clusters: Sequence[Row],
    score: float,
    version: str,
) -> bytes:
    """Return a Comprehensive SR with one measurement group per flagged mark and per cluster.

    Parameters
    ----------
    manifest
        Of the volume; where it was ``turned``, places are those of the stored image.
    marks
        Flagged candidates, most probable first: candidate_id, slice, row, col (px), diameter_mm,
        probability, area_mm2. At most `LARGEST_REPORT` are listed.
    clusters
        cluster_id, slice, row, col (px), radius_mm, calcifications, probability.
    score
        Of the volume, 0..1.
    version
        Of the model, for the device's identity.
    """
    listed = [row for row in marks if row["probability"] is not None][:LARGEST_REPORT]
    groups = [
        _volume_group(identity, manifest, score=score, flagged=len(marks)),
        *(_mark_group(identity, manifest, row) for row in listed),
        *(_cluster_group(identity, manifest, row) for row in clusters),
    ]
    report = general(
        identity,
        sop_class=ComprehensiveSRStorage,
        modality="SR",
        kind="report",
        series_number=901,
    )
    content = container(
        REPORT,
        [
            coded(MODIFIER, LANGUAGE, ENGLISH),
            *_device(identity, version),
            coded(MODIFIER, PROCEDURE, TOMOSYNTHESIS),
            container(MEASUREMENTS, groups),
        ],
        template="1500",
    )
    del content.RelationshipType  # the root of the tree belongs to nothing
    report.update(content)
    report.ReferencedPerformedProcedureStepSequence = []
    report.PerformedProcedureCodeSequence = []
    report.CurrentRequestedProcedureEvidenceSequence = [_evidence(identity)]
    report.CompletionFlag = "COMPLETE"
    report.VerificationFlag = "UNVERIFIED"
    report.PreliminaryFlag = "PRELIMINARY"
    return file_bytes(report)


def _evidence(identity: Identity) -> Dataset:
    images = [reference(image) for image in identity.images]
    series = item(SeriesInstanceUID=identity.series, ReferencedSOPSequence=images)
    return item(
        StudyInstanceUID=identity.patient["StudyInstanceUID"], ReferencedSeriesSequence=[series]
    )


def _device(identity: Identity, version: str) -> list[Dataset]:
    return [
        coded(CONTEXT, OBSERVER, DEVICE),
        unique(CONTEXT, DEVICE_UID, identity.uid("device", version)),
        text(CONTEXT, DEVICE_NAME, MAKER),
        text(CONTEXT, DEVICE_MAKER, MAKER),
        text(CONTEXT, DEVICE_MODEL, version),
    ]


def _about(
    identity: Identity, manifest: VolumeManifest, kind: str, number_: object, finding: Concept
) -> list[Dataset]:
    """Return how a group is followed, what it is of, and where."""
    side = SIDES.get(manifest.laterality)
    return [
        text(CONTEXT, TRACKING, f"{kind} {number_}"),
        unique(CONTEXT, TRACKING_UID, identity.uid("tracking", kind, number_)),
        coded("CONTAINS", FINDING, finding),
        coded(MODIFIER, SITE, BREAST, below=[coded(MODIFIER, LATERALITY, side)] if side else []),
    ]


def _certainty(probability: float) -> Dataset:
    return number(CERTAINTY, round(100 * probability, 3), PERCENT)


def _volume_group(
    identity: Identity, manifest: VolumeManifest, *, score: float, flagged: int
) -> Dataset:
    about = _about(identity, manifest, "volume", 1, OF_BREAST)
    measured = [_certainty(score), number(COUNT, flagged, NO_UNIT)]
    return container(GROUP, [*about, *measured], template="1501")


def _mark_group(identity: Identity, manifest: VolumeManifest, row: Row) -> Dataset:
    about = _about(identity, manifest, "candidate", row["candidate_id"], CALCIFICATION)
    measured = [
        _certainty(row["probability"]),
        number(AREA, round(row["area_mm2"], 5), SQUARE_MM),
        _circle(identity, manifest, row, radius_mm=row["diameter_mm"] / 2),
    ]
    return container(GROUP, [*about, *measured], template="1410")


def _cluster_group(identity: Identity, manifest: VolumeManifest, row: Row) -> Dataset:
    about = _about(identity, manifest, "cluster", row["cluster_id"], CLUSTER)
    measured = [
        _certainty(row["probability"]),
        number(COUNT, row["calcifications"], NO_UNIT),
        _circle(identity, manifest, row, radius_mm=row["radius_mm"]),
    ]
    return container(GROUP, [*about, *measured], template="1410")


def _circle(identity: Identity, manifest: VolumeManifest, row: Row, *, radius_mm: float) -> Dataset:
    """Outline a mark by centre and a point on the circle; pixel centres lie at n + 0.5 (SCOORD)."""
    y, x = as_stored(row["row"], row["col"], manifest)
    radius = max(radius_mm / manifest.pixel_spacing_mm[1], 1.0)
    # A circle that leaves the image is not allowed: the outer point goes to where there is room.
    outer = x + 0.5 + radius
    if outer > manifest.columns:
        outer = max(x + 0.5 - radius, 0.0)
    image, frame = identity.image_of(row["slice"])
    points = [round(value, 3) for value in (x + 0.5, y + 0.5, outer, y + 0.5)]
    return circle(REGION, SOURCE, points, image, frame if image.frames > 1 else None)
