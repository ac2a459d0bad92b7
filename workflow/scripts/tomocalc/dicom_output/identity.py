"""Whose images the written DICOM objects belong to, and the images that they point at.

``pseudonymous``: every identifier is a hash of the sheet's volume and patient id, so nothing of
the source's header is repeated; only whoever has the sheet can tell whose they are.
``source``: patient, study and image identifiers are copied from the source's header, so that an
archive files the objects with their study. That is the user's own choice, never the default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.uid import (
    BreastTomosynthesisImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
)

from tomocalc.dicom_output.source import COPIED, Point, places, source_headers
from tomocalc.files import stable_number

DATE, TIME = "19000101", "000000"
"""Of everything written: results carry no date, and equal inputs give equal bytes."""

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""Orientation of a volume that does not say: rows along x, columns along y."""


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
        The attributes of `source.COPIED`, as text.
    images
        In the order of slices; one of all slices, or one per slice.
    series
        UID of the images' series.
    frame_of_reference
        UID of the coordinates.
    orientation
        Directions of a row and of a column in the patient.
    positions
        Of every slice's first pixel, mm.
    seed
        Root of the UIDs of what is written.
    """

    patient: Mapping[str, str]
    images: tuple[Image, ...]
    series: str
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
    patient_id, volume_id = manifest.patient_id, manifest.volume_id
    patient = dict.fromkeys(COPIED, "") | {
        "PatientID": patient_id,
        "StudyInstanceUID": uid("study", patient_id),
        "StudyID": "1",
        "StudyDate": DATE,
        "StudyTime": TIME,
    }
    tomosynthesis = manifest.slices > 1
    sop_class = (
        BreastTomosynthesisImageStorage
        if tomosynthesis
        else DigitalMammographyXRayImageStorageForPresentation
    )
    image = Image(sop_class, uid("image", volume_id), manifest.slices)
    return Identity(
        patient=patient,
        images=(image,),
        series=uid(patient_id, volume_id, "source series"),
        frame_of_reference=uid("frame of reference", volume_id),
        orientation=AXIAL,
        positions=_stacked(manifest),
        seed=(patient_id, volume_id, content),
    )


def _stacked(manifest: Mapping[str, Any]) -> tuple[Point, ...]:
    step = manifest.slice_spacing_mm
    return tuple((0.0, 0.0, round(index * step, 6)) for index in range(manifest.slices))


def _source(manifest: Mapping[str, Any], files: Sequence[Path], content: str) -> Identity:
    headers = source_headers(files, manifest.volume_id)
    first, frames = headers[0], manifest.slices if len(files) == 1 else 1
    images = tuple(
        Image(str(header.SOPClassUID), str(header.SOPInstanceUID), frames) for header in headers
    )
    orientation, positions = places(headers, manifest.slices)
    instance = images[0].instance
    return Identity(
        patient={name: str(first.get(name) or "") for name in COPIED},
        images=images,
        series=str(first.SeriesInstanceUID),
        frame_of_reference=str(first.get("FrameOfReferenceUID") or uid("space", instance)),
        orientation=orientation or AXIAL,
        positions=positions if orientation and positions else _stacked(manifest),
        seed=(instance, content),
    )
