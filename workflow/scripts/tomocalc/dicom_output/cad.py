"""A scored volume as Mammography CAD SR: what CAD viewers of mammography draw (PS3.16 TID 4000)."""

from collections.abc import Sequence
from typing import Any

import highdicom as hd
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import MammographyCADSRStorage

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.dicom_output.identity import DATE, TIME, Identity, settled
from tomocalc.dicom_output.objects import COUNT, MAKER, Drawn, ScoredVolume, instance

REPORT = Code("111036", "DCM", "Mammography CAD Report")
LIBRARY = Code("111028", "DCM", "Image Library")
SUMMARY = Code("111017", "DCM", "CAD Processing and Findings Summary")
WITH_FINDINGS = Code("111242", "DCM", "All algorithms succeeded; with findings")
WITHOUT_FINDINGS = Code("111241", "DCM", "All algorithms succeeded; without findings")
IMPRESSION = Code("111034", "DCM", "Individual Impression/Recommendation")
INTENT = Code("111056", "DCM", "Rendering Intent")
SHOWN = Code("111150", "DCM", "Presentation Required: Rendering device is expected to present")
SINGLE_IMAGE = Code("111059", "DCM", "Single Image Finding")
CENTRE = Code("111010", "DCM", "Center")
OUTLINE = Code("111041", "DCM", "Outline")
ALGORITHM = Code("111001", "DCM", "Algorithm Name")
ALGORITHM_VERSION = Code("111003", "DCM", "Algorithm Version")
DETECTIONS = Code("111064", "DCM", "Summary of Detections")
SUCCEEDED = Code("111222", "DCM", "Succeeded")
SUCCESSFUL = Code("111063", "DCM", "Successful Detections")
DETECTION = Code("111022", "DCM", "Detection Performed")
ANALYSES = Code("111065", "DCM", "Summary of Analyses")
NOT_TRIED = Code("111225", "DCM", "Not Attempted")
LATERALITY = Code("111027", "DCM", "Image Laterality")
VIEW = Code("111031", "DCM", "Image View")
COMMENT = Code("121106", "DCM", "Comment")
LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
ENGLISH = Code("eng", "RFC5646", "English")
# SRT and not SNOMED CT from here on: installed CAD viewers look for what the template said first.
CALCIFICATION = Code("F-01776", "SRT", "Individual Calcification")
CLUSTER = Code("F-01775", "SRT", "Calcification Cluster")
SIDES = {"L": Code("T-04030", "SRT", "Left breast"), "R": Code("T-04020", "SRT", "Right breast")}
VIEWS = {
    "CC": Code("R-10242", "SRT", "cranio-caudal"),
    "MLO": Code("R-10226", "SRT", "medio-lateral oblique"),
    "ML": Code("R-10224", "SRT", "medio-lateral"),
    "LM": Code("R-10228", "SRT", "latero-medial"),
    "XCCL": Code("Y-X1770", "SRT", "cranio-caudal exaggerated laterally"),
}


def cad_bytes(scored: ScoredVolume) -> bytes:
    """Return a Mammography CAD SR of the flagged marks and the clusters, as the report lists them.

    Notes
    -----
    The image library names every slice with a finding; centres and outlines point back at its
    entry. The codes are those of the context groups of TID 4000 (CID 6014, 6022, 4014), which
    CAD viewers look for.
    """
    identity, manifest, words = scored.identity, scored.manifest, scored.words
    drawn, version = scored.drawn(), scored.version
    slices = sorted({one.slice for one in drawn} or {manifest.slices // 2})
    entries = {index: number for number, index in enumerate(slices, start=1)}

    def finding(one: Drawn) -> Dataset:
        inside = [_code("HAS CONCEPT MOD", INTENT, SHOWN), *_made_by(version)]
        if one.probability is not None:
            inside.append(_number(words.figure, 100 * one.probability, codes.UCUM.Percent))
        if one.count is not None:
            inside.append(_number(COUNT, one.count, codes.UCUM.NoUnits))
        image = _entry_of("SELECTED FROM", entries[one.slice])
        inside.append(_shape(CENTRE, "POINT", one.points[0].tolist(), image))
        inside.append(_shape(OUTLINE, "CIRCLE", one.points.ravel().tolist(), image))
        kind = CALCIFICATION if one.count is None else CLUSTER
        return _code("CONTAINS", SINGLE_IMAGE, kind, inside)

    findings = [finding(one) for one in drawn]
    intent = _code("HAS CONCEPT MOD", INTENT, SHOWN)
    said = [_item("TEXT", "CONTAINS", COMMENT, TextValue=text) for text in scored.remarks]
    impression = _container("INFERRED FROM", IMPRESSION, [intent, *said, *findings])
    summary = _code(
        "CONTAINS",
        SUMMARY,
        WITH_FINDINGS if findings else WITHOUT_FINDINGS,
        [impression] if findings or said else [],
    )
    library = _container(
        "CONTAINS", LIBRARY, [_entry(identity, manifest, index) for index in slices]
    )
    performed = [
        _code("CONTAINS", DETECTION, kind, [*_made_by(version), *_looked_at(len(slices))])
        for kind in (CALCIFICATION, CLUSTER)
    ]
    content = [
        _code("HAS CONCEPT MOD", LANGUAGE, ENGLISH),
        library,
        summary,
        _code(
            "CONTAINS", DETECTIONS, SUCCEEDED, [_container("INFERRED FROM", SUCCESSFUL, performed)]
        ),
        _code("CONTAINS", ANALYSES, NOT_TRIED),
    ]
    return _document(identity, content, version, words.description)


def _document(identity: Identity, content: list[Dataset], version: str, description: str) -> bytes:
    """Return the file of an SR document whose root holds *content*."""
    image = identity.images[0]
    made = hd.SOPClass(
        study_instance_uid=image.StudyInstanceUID,
        **instance(identity, "cad", 904),
        sop_class_uid=MammographyCADSRStorage,
        modality="SR",
        manufacturer_model_name=MAKER,
        software_versions=version,
        device_serial_number="1",
        series_description=description,
        patient_id=image.PatientID,
        patient_name=image.PatientName,
        patient_birth_date=image.PatientBirthDate,
        patient_sex=image.PatientSex,
        accession_number=image.AccessionNumber,
        study_id=image.StudyID,
        study_date=image.StudyDate,
        study_time=image.StudyTime,
        referring_physician_name=image.ReferringPhysicianName,
        specific_character_set=image.SpecificCharacterSet,
    )
    made.update(_container("", REPORT, content))
    del made.RelationshipType
    made.CompletionFlag, made.VerificationFlag = "COMPLETE", "UNVERIFIED"
    setattr(made, "ContentDate", DATE)  # noqa: B010, the class declares neither
    setattr(made, "ContentTime", TIME)  # noqa: B010
    made.PerformedProcedureCodeSequence, made.ReferencedPerformedProcedureStepSequence = [], []
    template, evidence, series = Dataset(), Dataset(), Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "4000"
    made.ContentTemplateSequence = [template]
    series.SeriesInstanceUID = image.SeriesInstanceUID
    series.ReferencedSOPSequence = [_reference(one) for one in identity.images]
    evidence.StudyInstanceUID, evidence.ReferencedSeriesSequence = image.StudyInstanceUID, [series]
    made.CurrentRequestedProcedureEvidenceSequence = [evidence]
    return settled(made)


def _entry(identity: Identity, manifest: VolumeManifest, index: int) -> Dataset:
    """Return the entry of a slice in the image library (TID 4020)."""
    image, frame = identity.image_of(index)
    about = [_code("HAS ACQ CONTEXT", LATERALITY, SIDES[manifest.laterality])]
    if manifest.view in VIEWS:
        about.append(_code("HAS ACQ CONTEXT", VIEW, VIEWS[manifest.view]))
    reference = _reference(image)
    if frame:
        reference.ReferencedFrameNumber = frame
    return _item("IMAGE", "CONTAINS", inside=about, ReferencedSOPSequence=[reference])


def _looked_at(entries: int) -> list[Dataset]:
    """Return references to every entry of the image library."""
    return [_entry_of("HAS PROPERTIES", number) for number in range(1, entries + 1)]


def _entry_of(relation: str, number: int) -> Dataset:
    """Refer to an entry of the image library by its number, from 1."""
    made = Dataset()
    made.RelationshipType = relation
    # Items are addressed by their numbers from the root, which is 1; its second is the library.
    made.ReferencedContentItemIdentifier = [1, 2, number]
    return made


def _reference(image: Dataset) -> Dataset:
    made = Dataset()
    made.ReferencedSOPClassUID = image.SOPClassUID
    made.ReferencedSOPInstanceUID = image.SOPInstanceUID
    return made


def _made_by(version: str) -> list[Dataset]:
    """Return name and version of the algorithm (TID 4019)."""
    return [
        _item("TEXT", "HAS PROPERTIES", ALGORITHM, TextValue=MAKER),
        _item("TEXT", "HAS PROPERTIES", ALGORITHM_VERSION, TextValue=version),
    ]


def _shape(name: Code, kind: str, points: list[float], image: Dataset) -> Dataset:
    return _item("SCOORD", "HAS PROPERTIES", name, [image], GraphicType=kind, GraphicData=points)


def _number(name: Code, value: float, unit: Code) -> Dataset:
    measured = Dataset()
    measured.NumericValue = f"{value:.5g}"
    measured.MeasurementUnitsCodeSequence = [_coded(unit)]
    return _item("NUM", "HAS PROPERTIES", name, MeasuredValueSequence=[measured])


def _code(relation: str, name: Code, value: Code, inside: Sequence[Dataset] = ()) -> Dataset:
    return _item("CODE", relation, name, inside, ConceptCodeSequence=[_coded(value)])


def _container(relation: str, name: Code, inside: Sequence[Dataset]) -> Dataset:
    return _item("CONTAINER", relation, name, inside, ContinuityOfContent="SEPARATE")


def _item(
    kind: str,
    relation: str,
    name: Code | None = None,
    inside: Sequence[Dataset] = (),
    **values: Any,
) -> Dataset:
    """Return a content item (PS3.3 C.17.3)."""
    made = Dataset()
    made.RelationshipType, made.ValueType = relation, kind
    if name is not None:
        made.ConceptNameCodeSequence = [_coded(name)]
    for keyword, value in values.items():
        setattr(made, keyword, value)
    if inside:
        made.ContentSequence = list(inside)
    return made


def _coded(code: Code) -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = code[:3]
    return made
