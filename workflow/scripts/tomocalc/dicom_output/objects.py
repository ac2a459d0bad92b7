"""A scored volume as DICOM: a structured report of its marks and a segmentation of their pixels.

Both are written by highdicom. What it would take from the clock is settled afterwards, so that
equal results give equal bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.dicom_output.identity import Identity, settled

MAKER = "tomocalc"
"""Manufacturer and name of the device that writes."""
CERTAINTY = Code("111012", "DCM", "Certainty of Finding")
CANCER = Code("111047", "DCM", "Probability of cancer")


@dataclass(frozen=True)
class Wording:
    """Words and codes of one question.

    Attributes
    ----------
    description
        Of the series and of the layer of marks; 64 characters at most.
    segment
        Of the pixels that are marked.
    figure
        What a probability is one of.
    of_marks
        Whether single marks have one: where clusters are judged, their members have none.
    """

    description: str
    segment: str
    figure: Code
    of_marks: bool


WORDING = {
    "calcification": Wording(
        "Candidates for microcalcifications (research)",
        "Microcalcification candidates",
        CERTAINTY,
        of_marks=True,
    ),
    "malignancy": Wording(
        "Clusters judged benign or malignant (research)",
        "Members of clusters called malignant",
        CANCER,
        of_marks=False,
    ),
}


CIRCLE_TOOL = "Cornerstone3DTools@^0.1.0:CircleROI"
"""Tracking identifier by which the viewer OHIF knows a circle; others take it as a name."""

LARGEST_REPORT = 100
"""Most marks of one report, the most probable first: nobody reads more."""

COUNT = Code("111038", "DCM", "Number of calcifications")
CALCIFICATION = Code("129770007", "SCT", "Individual Calcification")
CLUSTER = Code("129769006", "SCT", "Calcification Cluster")
OF_BREAST = Code("309587003", "SCT", "Calcification of breast")
TOMOSYNTHESIS = Code("450566007", "SCT", "Digital breast tomosynthesis")
BREAST = codes.SCT.Breast
SIDES = {"L": codes.SCT.Left, "R": codes.SCT.Right}

Row = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A mark or a cluster as every object tells it.

    Attributes
    ----------
    name
        By which it is tracked.
    points
        Of its circle, as `circle_points` returns them.
    probability
        None of a mark where clusters are judged.
    count
        Members of a cluster; None of a mark.
    """

    name: str
    slice: int
    points: NDArray[np.float64]
    area_mm2: float
    probability: float | None
    count: int | None = None


@dataclass(frozen=True, kw_only=True)
class ScoredVolume:
    """What the objects of one volume tell, each in its own form.

    Attributes
    ----------
    identity
        Of the volume, under which the objects go.
    manifest
        Of the volume; where it was ``turned``, places are those of the stored image.
    marks
        Flagged candidates, most probable first: candidate_id, slice, row, col (px), diameter_mm,
        probability, area_mm2. At most `LARGEST_REPORT` are shown.
    clusters
        cluster_id, slice, row, column (px), radius_mm, count, probability_max.
    score
        Of the volume, 0..1.
    remarks
        What to know before the marks are used.
    version
        Of the model, for the device's identity.
    question
        Key of `WORDING`: what the probabilities are of.
    """

    identity: Identity
    manifest: VolumeManifest
    marks: Sequence[Row]
    clusters: Sequence[Row]
    score: float
    remarks: Sequence[str]
    version: str
    question: str = "calcification"

    @property
    def words(self) -> Wording:
        """Words and codes of the question."""
        return WORDING[self.question]

    def drawn(self) -> list[Drawn]:
        """Return the marks that are shown, then the clusters."""
        marks = [row for row in self.marks if row["probability"] is not None][:LARGEST_REPORT]
        return [
            Drawn(
                f"candidate {row['candidate_id']}",
                row["slice"],
                circle_points(self.manifest, row["row"], row["col"], row["diameter_mm"] / 2),
                row["area_mm2"],
                row["probability"] if self.words.of_marks else None,
            )
            for row in marks
        ] + [
            Drawn(
                f"cluster {row['cluster_id']}",
                round(row["slice"]),
                circle_points(self.manifest, row["row"], row["column"], row["radius_mm"]),
                np.pi * row["radius_mm"] ** 2,
                row["probability_max"],
                row["count"],
            )
            for row in self.clusters
        ]


def instance(identity: Identity, name: str, series_number: int) -> dict[str, Any]:
    """Return what highdicom is told of an object's identifiers and of its maker."""
    return {
        "series_instance_uid": identity.uid(f"{name} series"),
        "series_number": series_number,
        "sop_instance_uid": identity.uid(name),
        "instance_number": 1,
        "manufacturer": MAKER,
    }


def report_bytes(scored: ScoredVolume) -> bytes:
    """Return a Comprehensive SR with one measurement group per flagged mark and per cluster.

    Remarks are comments of the first group.

    Notes
    -----
    Groups follow TID 1501 of PS3.16. The circle is that of the first measurement, which is its
    area: so the viewer OHIF draws it too.
    """
    identity, manifest, words = scored.identity, scored.manifest, scored.words
    count = hd.sr.Measurement(COUNT, len(scored.marks), codes.UCUM.NoUnits)
    measured = [_certainty(scored.score, words), count]
    groups = [_group(identity, manifest, OF_BREAST, "volume", measured, scored.remarks)]
    for one in scored.drawn():
        measured = [_area(identity, one)]
        if one.probability is not None:
            measured.append(_certainty(one.probability, words))
        if one.count is not None:
            measured.append(hd.sr.Measurement(COUNT, one.count, codes.UCUM.NoUnits))
        kind = CALCIFICATION if one.count is None else CLUSTER
        groups.append(_group(identity, manifest, kind, one.name, measured))
    device = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=identity.uid("device", scored.version),
        name=MAKER,
        manufacturer_name=MAKER,
        model_name=scored.version,
    )
    observer = hd.sr.ObserverContext(codes.DCM.Device, device)
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=TOMOSYNTHESIS,
        imaging_measurements=groups,
    )
    report = hd.sr.ComprehensiveSR(
        evidence=list(identity.images),
        content=content[0],
        **instance(identity, "report", 901),
        series_description=words.description,
        is_complete=True,
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )
    return settled(report)


def _group(
    identity: Identity,
    manifest: VolumeManifest,
    finding: Code,
    name: str,
    measured: Sequence[hd.sr.Measurement],
    remarks: Sequence[str] = (),
) -> hd.sr.MeasurementsAndQualitativeEvaluations:
    """Return measurements of a finding, with its name and remarks as comments."""
    tool = name if finding is OF_BREAST else CIRCLE_TOOL
    group = hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(identity.uid("tracking", name), tool),
        finding_type=finding,
        finding_sites=[hd.sr.FindingSite(BREAST, laterality=SIDES.get(manifest.laterality))],
        measurements=measured,
    )
    group[0].ContentSequence += [
        hd.sr.TextContentItem(codes.DCM.Comment, text, hd.sr.RelationshipTypeValues.CONTAINS)
        for text in (name, *remarks)
    ]
    return group


def _certainty(probability: float, words: Wording) -> hd.sr.Measurement:
    return hd.sr.Measurement(words.figure, round(100 * probability, 3), codes.UCUM.Percent)


def _area(identity: Identity, one: Drawn) -> hd.sr.Measurement:
    """Return the area of a mark or a cluster, with its circle on its slice."""
    image, frame = identity.image_of(one.slice)
    source = hd.sr.SourceImageForRegion(
        image.SOPClassUID, image.SOPInstanceUID, [frame] if frame else None
    )
    kind, unit = hd.sr.GraphicTypeValues.CIRCLE, codes.UCUM.SquareMillimeter
    circle = hd.sr.CoordinatesForMeasurement(kind, one.points, source)
    return hd.sr.Measurement(
        codes.SCT.Area, round(one.area_mm2, 5), unit, referenced_coordinates=[circle]
    )


def circle_points(
    manifest: VolumeManifest, y: float, x: float, radius_mm: float
) -> NDArray[np.float64]:
    """Return centre and a point of a mark's circle, (2, 2) as x and y in px of the stored image.

    Pixel centres lie at n + 0.5, in reports (SCOORD) and presentation states alike.
    """
    if manifest.turned:  # when it was read; the stored image is the other way round
        y, x = manifest.rows - 1 - y, manifest.columns - 1 - x
    radius = max(radius_mm / manifest.pixel_spacing_mm[1], 1.0)
    # A circle that leaves the image is not allowed: the outer point goes to where there is room.
    outer = x + 0.5 + radius
    if outer > manifest.columns:
        outer = max(x + 0.5 - radius, 0.0)
    return np.round(np.array([[x + 0.5, y + 0.5], [outer, y + 0.5]], np.float64), 3)
