"""What the headers of a volume's own files say of patient, study, images and places."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from tomocalc.errors import TomocalcError
from tomocalc.readers.sniff import Kind, sniff

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

NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
"""Without these, an archive cannot file what is written with the study."""

Point = tuple[float, float, float]


def source_headers(files: Sequence[Path], volume_id: str) -> list[Dataset]:
    """Read `COPIED` and `PLACED` of every file of a volume.

    Raises
    ------
    TomocalcError
        ``E601`` when a file is not DICOM or lacks one of `NEEDED`.
    """
    headers = [_header(path, volume_id) for path in files]
    for header in headers:
        for name in NEEDED:
            if not header.get(name):
                raise _nothing(volume_id, f"its header has no {name}")
    return headers


def _header(path: Path, volume_id: str) -> Dataset:
    if sniff(path) is not Kind.DICOM:
        raise _nothing(volume_id, "its slices are not DICOM files")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(
            path, stop_before_pixels=True, specific_tags=["SpecificCharacterSet", *COPIED, *PLACED]
        )


def places(
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


def _nothing(volume_id: str, why: str) -> TomocalcError:
    return TomocalcError(
        "E601",
        what="a volume has no identifiers to copy",
        where=f"volume {volume_id}, configuration key predict.identifiers",
        why=why,
        fix="use predict.identifiers: pseudonymous",
    )
