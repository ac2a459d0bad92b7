"""A small prediction of a made-up volume, and the DICOM objects that are made of it."""

import io
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pydicom

from support.image_files import write_dicom
from support.manifests import manifest
from tomocalc.dicom_output.cad import cad_bytes
from tomocalc.dicom_output.identity import Identity, identity
from tomocalc.dicom_output.objects import ScoredVolume, report_bytes
from tomocalc.dicom_output.presentation import presentation_bytes
from tomocalc.dicom_output.segmentation import segmentation_bytes
from tomocalc.image.runs import Runs

MANIFEST = manifest("v1", patient_id="p1", laterality="R", slices=6, rows=40, columns=32)
OBJECTS = {
    2: Runs(
        np.array([10, 11], np.int32),
        np.array([4, 4], np.int32),
        np.array([7, 6], np.int32),
        np.array([0, 2]),
    )
}


def mark(number: int, **changes: Any) -> dict[str, Any]:
    place = {"slice": 2, "row": 10.4, "col": 5.0, "diameter_mm": 0.3, "area_mm2": 0.05}
    return {"candidate_id": number, "probability": 0.75, **place, **changes}


CLUSTER = {
    "cluster_id": 0,
    "slice": 3.2,
    "row": 12.0,
    "column": 30.0,
    "radius_mm": 0.8,
    "count": 4,
    "probability_max": 0.9,
}
REMARK = "The model was trained on in-silico phantoms only."


def pseudonymous() -> Identity:
    return identity(MANIFEST, [], identifiers="pseudonymous", content="c")


def scored(
    who: Identity | None = None, *, marks: Any = None, turned: bool = False, **more: Any
) -> ScoredVolume:
    return ScoredVolume(
        identity=who or pseudonymous(),
        manifest=msgspec.structs.replace(MANIFEST, turned=turned),
        marks=[mark(7), mark(9, slice=5, probability=0.5)] if marks is None else marks,
        clusters=[CLUSTER],
        score=0.75,
        remarks=[REMARK],
        version="1",
        **more,
    )


def report(who: Identity | None = None, **more: Any) -> bytes:
    return report_bytes(scored(who, **more))


def presentation(who: Identity | None = None, **more: Any) -> bytes:
    return presentation_bytes(scored(who, **more))


def cad(who: Identity | None = None, **more: Any) -> bytes:
    return cad_bytes(scored(who, **more))


def segmentation(
    who: Identity | None = None, *, objects: Any = None, turned: bool = False, **more: Any
) -> bytes:
    return segmentation_bytes(
        identity=who or pseudonymous(),
        manifest=msgspec.structs.replace(MANIFEST, turned=turned),
        objects=OBJECTS if objects is None else objects,
        version="1",
        **more,
    )


def read(content: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(content))


def write_source(tmp_path: Path) -> list[Path]:
    """Write six slices as single files, with a patient."""
    files = []
    for index in range(6):
        path = tmp_path / f"{index}.dcm"
        position = [0.0, 0.0, -float(index)]
        write_dicom(
            path, [np.full((40, 32), 9, np.uint16)], spacing=(0.1, 0.1), positions=[position]
        )
        dataset = pydicom.dcmread(path)
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PatientName, dataset.PatientID = "PHI^CÄNARY", "PHI-ID"
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.StudyInstanceUID, dataset.SOPInstanceUID = "1.2.3", f"1.2.3.{index}"
        dataset.StudyID, dataset.AccessionNumber = "PHI-STUDY", "PHI-ACC"
        dataset.PatientComments = "PHI-COMMENT"
        dataset.save_as(path)
        files.append(path)
    return files
