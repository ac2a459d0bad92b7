"""Whose images the written DICOM objects belong to, and the images that they point at.

``pseudonymous``: every identifier is a hash of the sheet's volume and patient id, so nothing of
the source's header is repeated; only whoever has the sheet can tell whose they are.
``source``: patient, study and image identifiers are copied from the source's header, so that an
archive files the objects with their study. That is the user's own choice, never the default.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import (
    BreastTomosynthesisImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
)

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.errors import TomocalcError, fault
from tomocalc.files import digest, stable_number
from tomocalc.readers.dicom_file import image_dataset
from tomocalc.readers.sniff import Kind, sniff

DATE, TIME = "19000101", "000000"
"""Of everything written: results carry no date, and equal inputs give equal bytes."""

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""Orientation of a volume that does not say: rows along x, columns along y."""

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
    "SeriesInstanceUID",
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

DISPLAYED = (
    "PhotometricInterpretation",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
)
"""What ``source`` reads so that a presentation state shows the images as they show themselves."""

DISPLAYED_GROUPS = ("PixelValueTransformationSequence", "FrameVOILUTSequence")
"""Where enhanced images say it."""

NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
"""Without these, an archive cannot file what is written with the study."""

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Identity:
    """What the written objects say of patient, study and images.

    Attributes
    ----------
    images
        As much of every image as objects that are derived from it must repeat: identifiers, size
        and place. One of all slices, its frames as they are stored; or one per slice, in order.
    positions
        Of every slice's first pixel, mm.
    frames
        Stored frame of every slice, from 0, where one image holds all.
    seed
        Root of the UIDs of what is written.
    """

    images: tuple[Dataset, ...]
    positions: tuple[Point, ...]
    frames: tuple[int, ...]
    seed: tuple[str, ...]

    def uid(self, *parts: object) -> str:
        """Return a UID of *parts* that belongs to this volume."""
        return uid(*self.seed, *parts)

    def image_of(self, index: int) -> tuple[Dataset, int | None]:
        """Return the image that holds slice *index*, and its frame there, counted from 1.

        The frame is None of an image that has but one.
        """
        alone = len(self.images) == 1
        image = self.images[0 if alone else index]
        return image, self.frames[index] + 1 if alone and image.NumberOfFrames > 1 else None


def uid(*parts: object) -> str:
    """Return the identifier of *parts*: 2.25 and a hash (PS3.5 B.2)."""
    return f"2.25.{stable_number('tomocalc prediction', *parts)}"


def identity(
    manifest: VolumeManifest, files: Sequence[Path], *, identifiers: str, content: str
) -> Identity:
    """Return the identity of a volume's objects.

    Parameters
    ----------
    files
        Of the volume, one per slice in the order of slices, or the one that holds all.
    identifiers
        ``pseudonymous`` or ``source``.
    content
        Digest of what is written, so that a new result gets new identifiers.

    Raises
    ------
    TomocalcError
        ``E105`` for other *identifiers*, ``E601`` when the source has none to copy.
    """
    if identifiers not in ("pseudonymous", "source"):
        why = f"it is {identifiers!r}"
        raise fault("argument_unknown", "identifiers", why, known="pseudonymous or source")
    frames = tuple(source.stored for source in manifest.sources) or tuple(range(manifest.slices))
    stacked = _stacked(frames, manifest.slice_spacing_mm)
    if identifiers == "source":
        if 1 < len(set(files)) < len(files):
            raise _nothing(manifest.volume_id, "its slices are the parts of a concatenation")
        headers = [_header(path, manifest.volume_id) for path in files]
        orientation, positions = _places(headers, len(stacked)) or (AXIAL, stacked)
        seed = (str(headers[0].SOPInstanceUID), content)
    else:
        headers = [_made_up(manifest)]
        orientation, positions = AXIAL, stacked
        seed = (manifest.patient_id, manifest.volume_id, content)
    per_image, space = len(stacked) // len(headers), headers[0].get("FrameOfReferenceUID")
    for header in headers:  # one series in one space, as the first file says
        header.SeriesInstanceUID = headers[0].SeriesInstanceUID
        header.FrameOfReferenceUID = space or uid("space", headers[0].SOPInstanceUID)
    images = [
        _image(header, manifest, orientation, positions[number * per_image :][:per_image])
        for number, header in enumerate(headers)
    ]
    return Identity(tuple(images), tuple(positions[frame] for frame in frames), frames, seed)


def _stacked(frames: Sequence[int], step: float) -> tuple[Point, ...]:
    """Return positions of stored frames that have none: slices lie at multiples of *step*.

    Stored frames that are no slices lie below.
    """
    heights = {frame: index for index, frame in enumerate(frames)}
    return tuple(
        (0.0, 0.0, round(heights.get(frame, -1 - frame) * step, 6))
        for frame in range(max(frames) + 1)
    )


def _made_up(manifest: VolumeManifest) -> Dataset:
    """Return the header of an image that nobody stored, with identifiers from hashes alone."""
    made, patient, volume = Dataset(), manifest.patient_id, manifest.volume_id
    made.PatientID = patient if len(patient) <= 64 else f"{patient[:31]}-{digest(patient)[:32]}"
    made.StudyInstanceUID, made.StudyID = uid("study", patient), "1"
    made.StudyDate, made.StudyTime = DATE, TIME
    made.SeriesInstanceUID = uid(patient, volume, "source series")
    made.SOPInstanceUID = uid("image", volume)
    made.FrameOfReferenceUID = uid("frame of reference", volume)
    made.SOPClassUID = (
        BreastTomosynthesisImageStorage
        if manifest.slices > 1
        else DigitalMammographyXRayImageStorageForPresentation
    )
    return made


def _header(path: Path, volume_id: str) -> Dataset:
    """Read `COPIED` and `PLACED` of one file of a volume."""
    if sniff(path) is not Kind.DICOM:
        raise _nothing(volume_id, "its slices are not DICOM files")
    header = image_dataset(path, ["SpecificCharacterSet", *COPIED, *PLACED, *DISPLAYED])
    for name in NEEDED:
        if not header.get(name):
            raise _nothing(volume_id, f"its header has no {name}")
    return header


def _image(
    header: Dataset,
    manifest: VolumeManifest,
    orientation: Sequence[float],
    positions: Sequence[Point],
) -> Dataset:
    """Return an image as its derived objects see it: what of *header* may go on, and its place."""
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"  # what is copied is text by now, written as UTF-8
    for name in COPIED:
        setattr(made, name, str(header.get(name) or ""))
    for name in ("SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "FrameOfReferenceUID"):
        setattr(made, name, str(header[name].value))
    made.PositionReferenceIndicator, made.SamplesPerPixel = "", 1
    for name in DISPLAYED:
        if header.get(name) not in (None, ""):
            setattr(made, name, header[name].value)
    made.Modality, made.Rows, made.Columns = "MG", manifest.rows, manifest.columns
    made.NumberOfFrames = len(positions)
    measures, plane, frames = Dataset(), Dataset(), []
    measures.PixelSpacing = [float(f"{value:.8g}") for value in manifest.pixel_spacing_mm]
    measures.SliceThickness = manifest.slice_spacing_mm
    plane.ImageOrientationPatient = list(orientation)
    for position in positions:
        place, frame = Dataset(), Dataset()
        place.ImagePositionPatient = list(position)
        frame.PlanePositionSequence = [place]
        frames.append(frame)
    shared = Dataset()
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
    own = header.get("PerFrameFunctionalGroupsSequence") or []
    groups = [*(header.get("SharedFunctionalGroupsSequence") or []), *own[:1]]
    for name in DISPLAYED_GROUPS:  # what the first frame says holds for all
        for group in [group for group in groups if group.get(name)][:1]:
            for item in DISPLAYED:
                if group[name].value[0].get(item) not in (None, ""):
                    setattr(made, item, group[name].value[0][item].value)
    if len(positions) > 1:
        made.SharedFunctionalGroupsSequence = [shared]
        made.PerFrameFunctionalGroupsSequence = frames
    else:
        for part in (measures, plane, frames[0].PlanePositionSequence[0]):
            made.update(part)
    return made


def _places(
    headers: Sequence[Dataset], slices: int
) -> tuple[tuple[float, ...], tuple[Point, ...]] | None:
    """Return orientation and position of every slice where the headers give both."""
    if len(headers) > 1 or slices == 1:
        planes, places = [headers[0]], list(headers)
    else:
        shared = headers[0].get("SharedFunctionalGroupsSequence") or [Dataset()]
        own = headers[0].get("PerFrameFunctionalGroupsSequence") or []
        groups = [item.get("PlaneOrientationSequence") for item in (*shared, *own)]
        planes = [group[0] for group in groups if group]
        positions = [item.get("PlanePositionSequence") for item in own]
        places = [group[0] for group in positions if group]
    orientation = planes[0].get("ImageOrientationPatient") if planes else None
    found = [place.get("ImagePositionPatient") for place in places]
    if orientation is None or len(found) != slices or not all(found):
        return None
    points = [tuple(float(value) for value in place) for place in found]
    plane = tuple(float(value) for value in orientation)
    if len(plane) != 6 or any(len(point) != 3 for point in points):
        return None
    # Slices lie behind each other along the normal, or what the headers say is of no use.
    depths = np.round(np.array(points) @ np.cross(plane[:3], plane[3:]), 4)
    if np.unique(depths).size < slices:
        return None
    return plane, tuple(points)  # type: ignore[return-value]


def _nothing(volume_id: str, why: str) -> TomocalcError:
    return fault(
        "no_identifiers", f"volume {volume_id}, configuration key predict.identifiers", why
    )


def settled(made: Dataset) -> bytes:
    """Return an object's file, its dates replaced by settled ones."""
    made.InstanceCreationDate, made.InstanceCreationTime = DATE, TIME
    if "ContentDate" in made:
        made.ContentDate, made.ContentTime = DATE, TIME
    for equipment in made.get("ContributingEquipmentSequence") or []:  # the library itself
        equipment.ContributionDateTime = DATE + TIME
    target = io.BytesIO()
    made.save_as(target, enforce_file_format=True)
    return target.getvalue()
