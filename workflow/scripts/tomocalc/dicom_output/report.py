"""The marks of a volume as a DICOM structured report: measurements after TID 1500 of PS3.16."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import highdicom as hd
import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from tomocalc.dicom_output.identity import Identity, as_stored, finish, source_images

PROCEDURE = Code("450566007", "SCT", "Digital breast tomosynthesis")
SIDES = {"L": codes.SCT.Left, "R": codes.SCT.Right}
MAKER, PRODUCT = "tomocalc", "tomocalc"
LARGEST_REPORT = 100
"""Most marks of one report, the most probable first: nobody reads more, and each costs 10 ms."""

Row = Mapping[str, Any]


def report_bytes(
    *,
    identity: Identity,
    manifest: Mapping[str, Any],
    marks: Sequence[Row],
    clusters: Sequence[Row],
    score: float,
    turned: bool,
    version: str,
) -> bytes:
    """Return a Comprehensive SR with one measurement group per flagged mark and per cluster.

    Parameters
    ----------
    marks
        Flagged candidates, most probable first: candidate_id, slice, row, col (px), diameter_mm,
        probability, area_mm2. At most `LARGEST_REPORT` are listed.
    clusters
        cluster_id, slice, row, col (px), radius_mm, calcifications, probability.
    score
        Of the volume, 0..1.
    turned
        Whether the image was turned when it was read; places are those of the stored image.
    version
        Of the model, for the device's identity.
    """
    images = source_images(identity, manifest)
    context = hd.sr.ObservationContext(
        observer_device_context=hd.sr.ObserverContext(
            observer_type=codes.DCM.Device,
            observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
                uid=identity.uid("device", version),
                name=PRODUCT,
                manufacturer_name=MAKER,
                model_name=version,
            ),
        )
    )
    site = [
        hd.sr.FindingSite(
            anatomic_location=codes.SCT.Breast, laterality=SIDES.get(manifest["laterality"])
        )
    ]
    listed = [row for row in marks if row["probability"] is not None][:LARGEST_REPORT]
    groups: list[Any] = [
        _volume_group(identity, score=score, flagged=len(marks), site=site),
        *(_mark_group(identity, manifest, row, site=site, turned=turned) for row in listed),
        *(_cluster_group(identity, manifest, row, site=site, turned=turned) for row in clusters),
    ]
    content = hd.sr.MeasurementReport(
        observation_context=context,
        procedure_reported=PROCEDURE,
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    report = hd.sr.ComprehensiveSR(
        evidence=images,
        content=content[0],
        series_instance_uid=identity.uid("report series"),
        series_number=901,
        sop_instance_uid=identity.uid("report"),
        instance_number=1,
        manufacturer=MAKER,
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    report.SeriesDescription = "Candidates for microcalcifications (research)"
    return finish(report, identity)


def _certainty(probability: float) -> hd.sr.Measurement:
    return hd.sr.Measurement(
        name=codes.DCM.CertaintyOfFinding,
        value=round(100 * probability, 3),
        unit=codes.UCUM.Percent,
    )


def _tracked(identity: Identity, kind: str, number: object) -> hd.sr.TrackingIdentifier:
    return hd.sr.TrackingIdentifier(
        uid=identity.uid("tracking", kind, number), identifier=f"{kind} {number}"
    )


def _volume_group(
    identity: Identity, *, score: float, flagged: int, site: list[hd.sr.FindingSite]
) -> hd.sr.MeasurementsAndQualitativeEvaluations:
    return hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracked(identity, "volume", 1),
        finding_type=codes.SCT.CalcificationOfBreast,
        finding_sites=site,
        measurements=[
            _certainty(score),
            hd.sr.Measurement(
                name=codes.DCM.NumberOfCalcifications, value=flagged, unit=codes.UCUM.NoUnits
            ),
        ],
    )


def _mark_group(
    identity: Identity,
    manifest: Mapping[str, Any],
    row: Row,
    *,
    site: list[hd.sr.FindingSite],
    turned: bool,
) -> hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    area = hd.sr.Measurement(
        name=codes.SCT.Area, value=round(row["area_mm2"], 5), unit=codes.UCUM.SquareMillimeter
    )
    return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracked(identity, "candidate", row["candidate_id"]),
        referenced_region=_circle(
            identity, manifest, row, radius_mm=row["diameter_mm"] / 2, turned=turned
        ),
        finding_type=codes.SCT.IndividualCalcification,
        finding_sites=site,
        measurements=[_certainty(row["probability"]), area],
    )


def _cluster_group(
    identity: Identity,
    manifest: Mapping[str, Any],
    row: Row,
    *,
    site: list[hd.sr.FindingSite],
    turned: bool,
) -> hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    number = hd.sr.Measurement(
        name=codes.DCM.NumberOfCalcifications,
        value=row["calcifications"],
        unit=codes.UCUM.NoUnits,
    )
    return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracked(identity, "cluster", row["cluster_id"]),
        referenced_region=_circle(
            identity, manifest, row, radius_mm=row["radius_mm"], turned=turned
        ),
        finding_type=codes.SCT.CalcificationCluster,
        finding_sites=site,
        measurements=[_certainty(row["probability"]), number],
    )


def _circle(
    identity: Identity, manifest: Mapping[str, Any], row: Row, *, radius_mm: float, turned: bool
) -> hd.sr.ImageRegion:
    """Outline a mark by centre and a point on the circle; pixel centres lie at n + 0.5 (SCOORD)."""
    y, x = as_stored(row["row"], row["col"], manifest, turned=turned)
    radius = max(radius_mm / manifest["pixel_spacing_mm"][1], 1.0)
    # A circle that leaves the image is not allowed: the outer point goes to where there is room.
    outer = x + 0.5 + radius
    if outer > manifest["columns"]:
        outer = max(x + 0.5 - radius, 0.0)
    image, frame = identity.image_of(row["slice"])
    source = hd.sr.SourceImageForRegion(
        image.sop_class, image.instance, [frame] if image.frames > 1 else None
    )
    points = np.round(np.array([[x + 0.5, y + 0.5], [outer, y + 0.5]]), 3)
    return hd.sr.ImageRegion(hd.sr.GraphicTypeValues.CIRCLE, points, source)


def circles(dataset: Dataset) -> list[dict[str, Any]]:
    """Read the marks of a report back: identifier, frame, centre (px), certainty (%).

    Walks the content tree with nothing but pydicom, for tests and for users without highdicom.
    """
    found = []
    for group in _items(dataset, "125007"):
        texts = [item.TextValue for item in _items(group, "112039")]
        certainty = [
            float(i.MeasuredValueSequence[0].NumericValue) for i in _items(group, "111012")
        ]
        regions = _items(group, "111030")
        if not regions:
            continue
        frame = regions[0].ContentSequence[0].ReferencedSOPSequence[0]
        numbers = frame.get("ReferencedFrameNumber", 1)
        x, y = regions[0].GraphicData[:2]
        found.append(
            {
                "identifier": texts[0],
                "frame": int(numbers),
                "x": float(x) - 0.5,
                "y": float(y) - 0.5,
                "certainty": certainty[0],
            }
        )
    return found


def _items(dataset: Dataset, code: str) -> list[Dataset]:
    """Return the content items below *dataset* whose concept has this code."""
    found = []
    for item in dataset.get("ContentSequence", []):
        concept = item.get("ConceptNameCodeSequence")
        if concept and concept[0].CodeValue == code:
            found.append(item)
        else:
            found += _items(item, code)
    return found
