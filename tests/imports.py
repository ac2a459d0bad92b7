"""What the tests of importing share: sheets as the workflow reads them, small DICOM files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from image_files import write_dicom
from tomocalc.adapters.sheets import Sheets, write_sheets
from tomocalc.config import load_schema
from tomocalc.sheets import read_annotations, read_volumes

WORKFLOW = Path(__file__).parents[1] / "workflow"
SCHEMAS = {
    name: str(WORKFLOW / f"schemas/{name}.schema.yaml") for name in ("volumes", "annotations")
}
needs_data = pytest.mark.skipif(
    "TOMOCALC_TEST_DATA" not in os.environ, reason="TOMOCALC_TEST_DATA is not set"
)


def data(name: str) -> Path:
    return Path(os.environ["TOMOCALC_TEST_DATA"]) / name


def accepted(sheets: Sheets, folder: Path) -> tuple[list[Any], list[Any], list[Any]]:
    """Write the sheets and read them as the workflow does: volumes, findings, other findings."""
    paths = {name: str(folder / f"{name}.tsv") for name in ("volumes", "annotations", "unplaced")}
    write_sheets(sheets, schemas=SCHEMAS, where="here", **paths)
    volumes = read_volumes(paths["volumes"], load_schema(SCHEMAS["volumes"]))
    schema = load_schema(SCHEMAS["annotations"])
    return (
        volumes,
        read_annotations(paths["annotations"], schema, volumes),
        read_annotations(paths["annotations"], schema, volumes, others=True),
    )


def dicom(path: Path, **attributes: Any) -> Path:
    """Write a small image with chosen attributes and return its path."""
    frames = attributes.pop("frames", 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = attributes.pop("shape", (24, 20))
    pixels = attributes.pop("pixels", np.full(shape, 7, np.uint16))
    write_dicom(path, [pixels] * frames, spacing=(0.1, 0.1))
    dataset = pydicom.dcmread(path)
    dataset.SOPInstanceUID = generate_uid()
    for name, value in attributes.items():
        setattr(dataset, name, value)
    dataset.save_as(path)
    return path
