"""Whose images the written DICOM objects belong to, and the images that they point at.

``pseudonymous``: every identifier is a hash of the sheet's volume and patient id, so nothing of
the source's header is repeated; only whoever has the sheet can tell whose they are.
``source``: patient, study and image identifiers are copied from the source's header, so that an
archive files the objects with their study. That is the user's own choice, never the default.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    BreastTomosynthesisImageStorage,
    CTImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
)

from tomocalc.errors import TomocalcError
from tomocalc.phantom.cohort import stable_number
from tomocalc.readers.sniff import Kind, sniff

DATE, TIME = "19000101", "000000"
"""Of everything written: results carry no date, and equal inputs give equal bytes."""

CHARACTERS = "ISO_IR 192"
"""UTF-8: what is copied is decoded first, from whatever character set."""

COPIED = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
"""What ``source`` copies of patient and study, and nothing else."""

PLACED = (
    "SOPClassUID",
    "SOPInstanceUID",
    "FrameOfReferenceUID",
    "NumberOfFrames",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
"""What ``source`` reads to point at the images and to place the marks in the patient."""

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Image:
    """One stored image: class, instance, and how many slices it holds."""

    sop_class: str
    instance: str
    frames: int


@dataclass(frozen=True)
class Identity:
    """What the written objects say of patient, study and images.

    Attributes
    ----------
    patient
        The attributes of `COPIED`.
    images
        In the order of slices; one of all slices, or one per slice.
    frame_of_reference
        UID of the coordinates.
    orientation
        Directions of a row and of a column in the patient.
    positions
        Of every slice's first pixel, mm.
    seed
        Root of the UIDs of what is written.
    """

    patient: Dataset
    images: tuple[Image, ...]
    frame_of_reference: str
    orientation: tuple[float, ...]
    positions: tuple[Point, ...]
    seed: tuple[str, ...]

    def uid(self, *parts: object) -> str:
        """Return a UID of *parts* that belongs to this volume."""
        return uid(*self.seed, *parts)

    def image_of(self, index: int) -> tuple[Image, int]:
        """Return the image that holds slice *index*, and its frame there, counted from 1."""
        if len(self.images) == 1:
            return self.images[0], index + 1
        return self.images[index], 1


def uid(*parts: object) -> str:
    """Return the identifier of *parts*: 2.25 and a hash (PS3.5 B.2)."""
    return f"2.25.{stable_number('tomocalc prediction', *parts)}"


def identity(
    manifest: Mapping[str, Any], files: Sequence[Path], *, identifiers: str, content: str
) -> Identity:
    """Return the identity of a volume's objects.

    Parameters
    ----------
    manifest
        Of the volume.
    files
        Of the volume, one per slice in the order of slices, or the one that holds all.
    identifiers
        ``pseudonymous`` or ``source``.
    content
        Digest of what is written, so that a new result gets new identifiers.

    Raises
    ------
    TomocalcError
        ``E601`` when the source has no identifiers to copy.
    """
    if identifiers == "source":
        return _source(manifest, files, content)
    return _pseudonymous(manifest, content)


def _pseudonymous(manifest: Mapping[str, Any], content: str) -> Identity:
    patient_id, volume_id = manifest["patient_id"], manifest["volume_id"]
    patient = Dataset()
    for name in COPIED:
        setattr(patient, name, "")
    patient.SpecificCharacterSet = CHARACTERS
    patient.PatientID = patient_id
    patient.StudyInstanceUID = uid("study", patient_id)
    patient.StudyID = "1"
    patient.StudyDate, patient.StudyTime = DATE, TIME
    tomosynthesis = manifest["slices"] > 1
    sop_class = (
        BreastTomosynthesisImageStorage
        if tomosynthesis
        else DigitalMammographyXRayImageStorageForPresentation
    )
    image = Image(sop_class, uid("image", volume_id), manifest["slices"])
    return Identity(
        patient=patient,
        images=(image,),
        frame_of_reference=uid("frame of reference", volume_id),
        orientation=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
        positions=_stacked(manifest),
        seed=(patient_id, volume_id, content),
    )


def _stacked(manifest: Mapping[str, Any]) -> tuple[Point, ...]:
    step = manifest["slice_spacing_mm"]
    return tuple((0.0, 0.0, round(index * step, 6)) for index in range(manifest["slices"]))


def _source(manifest: Mapping[str, Any], files: Sequence[Path], content: str) -> Identity:
    headers = [_header(path, manifest["volume_id"]) for path in files]
    first, pointers = headers[0], headers
    for header in headers:
        for name in ("StudyInstanceUID", "SOPInstanceUID", "SOPClassUID"):
            if not header.get(name):
                raise _nothing(manifest["volume_id"], f"its header has no {name}")
    patient = Dataset()
    patient.SpecificCharacterSet = CHARACTERS
    for name in COPIED:
        setattr(patient, name, str(first.get(name) or ""))
    images = tuple(
        Image(
            str(header.SOPClassUID),
            str(header.SOPInstanceUID),
            manifest["slices"] if len(files) == 1 else 1,
        )
        for header in pointers
    )
    orientation, positions = _places(headers, manifest["slices"])
    instance = images[0].instance
    return Identity(
        patient=patient,
        images=images,
        frame_of_reference=str(first.get("FrameOfReferenceUID") or uid("space", instance)),
        orientation=orientation or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
        positions=positions if orientation and positions else _stacked(manifest),
        seed=(instance, content),
    )


def _header(path: Path, volume_id: str) -> Dataset:
    if sniff(path) is not Kind.DICOM:
        raise _nothing(volume_id, "its slices are not DICOM files")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(
            path, stop_before_pixels=True, specific_tags=["SpecificCharacterSet", *COPIED, *PLACED]
        )


def _places(
    headers: Sequence[Dataset], slices: int
) -> tuple[tuple[float, ...] | None, tuple[Point, ...] | None]:
    """Return orientation and position of every slice where the headers give both."""
    orientation: Any
    found: list[Any]
    if len(headers) > 1 or slices == 1:
        orientation = headers[0].get("ImageOrientationPatient")
        found = [header.get("ImagePositionPatient") for header in headers]
    else:
        shared = headers[0].get("SharedFunctionalGroupsSequence") or [Dataset()]
        items = headers[0].get("PerFrameFunctionalGroupsSequence") or []
        own = items if len(items) == slices else []
        planes: list[Any] = [item.get("PlaneOrientationSequence") for item in [*shared, *own]]
        first = next((plane for plane in planes if plane), None)
        orientation = first[0].ImageOrientationPatient if first else None
        places = [item.get("PlanePositionSequence") for item in own]
        found = [place[0].get("ImagePositionPatient") if place else None for place in places]
    if orientation is None or len(found) != slices or any(not place for place in found):
        return None, None
    points = [tuple(float(value) for value in place or ()) for place in found]
    if len({*points}) < slices or any(len(point) != 3 for point in points):
        return None, None
    return tuple(float(value) for value in orientation), tuple(points)  # type: ignore[return-value]


def source_images(identity: Identity, manifest: Mapping[str, Any]) -> list[Dataset]:
    """Return headers that stand for the volume's images, as highdicom wants to be given them.

    They hold what `Identity` holds, whatever the source is; they are never written themselves.
    Their class is a usual one for one frame or for several, because the library wants a class's
    own attributes; `finish` puts the true class into what points at them.
    """
    first, *others = identity.images
    if others:
        return [
            _stand_in(identity, manifest, image, [place])
            for image, place in zip(identity.images, identity.positions, strict=True)
        ]
    return [_stand_in(identity, manifest, first, list(identity.positions))]


def _stand_in(
    identity: Identity, manifest: Mapping[str, Any], image: Image, places: list[Point]
) -> Dataset:
    header = Dataset()
    header.update(identity.patient)
    usual = CTImageStorage if image.frames == 1 else BreastTomosynthesisImageStorage
    header.SOPClassUID, header.SOPInstanceUID = usual, image.instance
    header.SeriesInstanceUID = identity.uid("source series")
    header.Modality = "MG"
    header.FrameOfReferenceUID = identity.frame_of_reference
    header.PositionReferenceIndicator = ""
    header.Rows, header.Columns = manifest["rows"], manifest["columns"]
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    spacing = [float(f"{value:.8g}") for value in manifest["pixel_spacing_mm"]]
    thickness = manifest["slice_spacing_mm"]
    if image.frames == 1:
        header.ImageOrientationPatient = list(identity.orientation)
        (header.ImagePositionPatient,) = (list(place) for place in places)
        header.PixelSpacing, header.SliceThickness = spacing, thickness
        return header
    header.NumberOfFrames = image.frames
    shared = Dataset()
    shared.PixelMeasuresSequence = [_item(PixelSpacing=spacing, SliceThickness=thickness)]
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=list(identity.orientation))]
    header.SharedFunctionalGroupsSequence = [shared]
    header.PerFrameFunctionalGroupsSequence = [
        _item(PlanePositionSequence=[_item(ImagePositionPatient=list(place))]) for place in places
    ]
    return header


def _item(**elements: Any) -> Dataset:
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item


def as_stored(
    row: float, col: float, manifest: Mapping[str, Any], *, turned: bool
) -> tuple[float, float]:
    """Return a pixel's place as in the stored image, for one that was turned when it was read."""
    if not turned:
        return row, col
    return manifest["rows"] - 1 - row, manifest["columns"] - 1 - col


def finish(dataset: Dataset, identity: Identity) -> bytes:
    """Return *dataset* as a file whose bytes depend on its content alone."""
    _point(dataset, {image.instance: image.sop_class for image in identity.images})
    for name in ("InstanceCreationDate", "ContentDate", "SeriesDate"):
        if name in dataset or name == "ContentDate":
            setattr(dataset, name, DATE)
    for name in ("InstanceCreationTime", "ContentTime", "SeriesTime"):
        if name in dataset or name == "ContentTime":
            setattr(dataset, name, TIME)
    for equipment in dataset.get("ContributingEquipmentSequence", []):
        equipment.pop("ContributionDateTime", None)
    meta = dataset.file_meta
    meta.ImplementationClassUID = UID(uid("implementation"))
    meta.ImplementationVersionName = "TOMOCALC"
    target = io.BytesIO()
    pydicom.dcmwrite(target, dataset, enforce_file_format=True)
    return target.getvalue()


def _point(dataset: Dataset, classes: Mapping[str, str]) -> None:
    """Put the true class of the volume's images into every reference to them."""
    if str(dataset.get("ReferencedSOPInstanceUID", "")) in classes:
        dataset.ReferencedSOPClassUID = classes[str(dataset.ReferencedSOPInstanceUID)]
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _point(item, classes)


def _nothing(volume_id: str, why: str) -> TomocalcError:
    return TomocalcError(
        "E601",
        what="a volume has no identifiers to copy",
        where=f"volume {volume_id}, configuration key predict.identifiers",
        why=why,
        fix="use predict.identifiers: pseudonymous",
    )
