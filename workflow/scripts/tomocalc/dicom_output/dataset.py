"""Parts that every written DICOM object has, and its bytes. Only pydicom is used to write.

Standard: DICOM PS3.3. What is shared by many items, such as a code, is one object in all of them:
nothing changes an item after it was made.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from tomocalc.dicom_output.identity import DATE, TIME, Identity, Image, uid

MAKER = "tomocalc"
"""Manufacturer and name of the device that writes."""

CHARACTERS = "ISO_IR 192"
"""UTF-8: what is copied is decoded first, from whatever character set."""

DESCRIPTION = "Candidates for microcalcifications (research)"


def item(**elements: Any) -> Dataset:
    """Return a dataset of these elements."""
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


@cache
def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Return a coded concept (PS3.3 section 8)."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def reference(image: Image, **more: Any) -> Dataset:
    """Return a reference to one of the volume's images."""
    return item(
        ReferencedSOPClassUID=image.sop_class, ReferencedSOPInstanceUID=image.instance, **more
    )


def general(
    identity: Identity, *, sop_class: str, modality: str, kind: str, series_number: int
) -> Dataset:
    """Return patient, study, series and instance of an object that is written of a volume.

    Parameters
    ----------
    kind
        Of the object, one of its kind per volume: its UIDs hang on it.
    """
    made = item(**identity.patient)
    for keyword, value in {
        "SpecificCharacterSet": CHARACTERS,
        "InstanceCreationDate": DATE,
        "InstanceCreationTime": TIME,
        "SOPClassUID": sop_class,
        "SOPInstanceUID": identity.uid(kind),
        "ContentDate": DATE,
        "ContentTime": TIME,
        "Modality": modality,
        "Manufacturer": MAKER,
        "SeriesDescription": DESCRIPTION,
        "SeriesInstanceUID": identity.uid(f"{kind} series"),
        "SeriesNumber": series_number,
        "InstanceNumber": 1,
    }.items():
        setattr(made, keyword, value)
    return made


def as_stored(row: float, col: float, manifest: Mapping[str, Any]) -> tuple[float, float]:
    """Return a pixel's place in the stored image, which may have been turned when it was read."""
    if not manifest.turned:
        return row, col
    return manifest.rows - 1 - row, manifest.columns - 1 - col


def file_bytes(dataset: Dataset) -> bytes:
    """Return *dataset* as a file whose bytes depend on its content alone."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(uid("implementation"))
    meta.ImplementationVersionName = "TOMOCALC"
    dataset.file_meta = meta
    target = io.BytesIO()
    pydicom.dcmwrite(target, dataset, enforce_file_format=True)
    return target.getvalue()
