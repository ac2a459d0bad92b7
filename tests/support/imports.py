"""What the tests of importing share: sheets as the workflow reads them, small DICOM files."""

import csv
import plistlib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.uid import generate_uid

from support.defaults import SCHEMA_PATHS, SCHEMAS
from support.image_files import write_dicom
from support.sheets import read_volumes
from tomocalc.adapters.sheets import Sheets, write_sheets
from tomocalc.sheets import read_annotations


def accepted(sheets: Sheets, folder: Path) -> tuple[list[Any], list[Any], list[Any]]:
    """Write the sheets and read them as the workflow does: volumes, findings, other findings."""
    paths = {name: str(folder / f"{name}.tsv") for name in ("volumes", "annotations", "unplaced")}
    write_sheets(sheets, schemas=SCHEMA_PATHS, where="here", **paths)
    return read_back(folder)


def read_back(folder: Path) -> tuple[list[Any], list[Any], list[Any]]:
    """Read the two sheets in *folder*, volumes of any kind."""
    kinds = SCHEMAS["volumes"]["properties"]["kind"]["enum"]
    volumes = read_volumes(str(folder / "volumes.tsv"), SCHEMAS["volumes"], kinds=kinds)
    ids = [row["volume_id"] for row in volumes]
    given = str(folder / "annotations.tsv"), SCHEMAS["annotations"], ids
    return volumes, read_annotations(*given), read_annotations(*given, others=True)


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


BOXES = """PatientID,StudyUID,View,Subject,Slice,X,Y,Width,Height,Class,AD,VolumeSlices
DBT-P1,DBT-S1,rmlo,0,2,5,6,7,8,benign,0,4
DBT-P1,DBT-S1,rmlo,0,3,1,2,3,4,cancer,1,4
DBT-P9,DBT-S9,lcc,0,3,1,2,3,4,cancer,1,4
"""
PATHS = """PatientID,StudyUID,View,descriptive_path,classic_path
DBT-P1,DBT-S1,rmlo,a/new/1-1.dcm,a/1.2/1.3/1-1.dcm
DBT-P1,DBT-S1,lcc2,a/new/1-2.dcm,
DBT-P2,DBT-S2,lcc,a/gone/1-1.dcm,a/1.2/gone/1-1.dcm
DBT-P3,DBT-S3,lcc,../../etc/passwd,
DBT-P4,DBT-S4,zzz?,a/new/1-2.dcm,
"""


def bcs_dbt_folder(folder: Path) -> Path:
    """Write tables of BCS-DBT and two volumes, of which nobody has read the second."""
    for place in ("a/1.2/1.3/1-1.dcm", "a/new/1-2.dcm"):
        (folder / place).parent.mkdir(parents=True)
        (folder / place).touch()
    (folder / "BCS-DBT-boxes-train-v2.csv").write_text(BOXES)
    (folder / "BCS-DBT-file-paths-train-v2.csv").write_text(PATHS)
    return folder


CASE = {
    "patient_id": "P_1",
    "left or right breast": "LEFT",
    "image view": "CC",
    "abnormality id": "1",
    "abnormality type": "calcification",
    "pathology": "BENIGN_WITHOUT_CALLBACK",
    "calc type": "PUNCTATE-PLEOMORPHIC",
    "calc distribution": "CLUSTERED",
    "assessment": "4",
    "image file path": "Calc-Test_P_1_LEFT_CC/1.2/1.3/000000.dcm",
    "cropped image file path": "Calc-Test_P_1_LEFT_CC_1/1.4/1.5/000001.dcm\n",
    "ROI mask file path": "Calc-Test_P_1_LEFT_CC_1/1.4/1.5/000000.dcm",
}


def cases(folder: Path, *changes: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    with (folder / "calc_case_description_test_set.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(CASE))
        writer.writeheader()
        writer.writerows(CASE | change for change in changes)
    return folder


def cbis_ddsm_folder(folder: Path) -> Path:
    """Write a case of CBIS-DDSM as downloaded, and one without its image.

    Files are called 1-1.dcm, and here mask and crop are exchanged.
    """
    cases(folder, {}, {"patient_id": "P_2", "image file path": "gone/x.dcm"})
    dicom(folder / "Calc-Test_P_1_LEFT_CC/1.2/1.3/1-1.dcm")
    dicom(folder / "Calc-Test_P_1_LEFT_CC_1/1.4/1.5/1-1.dcm", shape=(9, 9))
    dicom(folder / "Calc-Test_P_1_LEFT_CC_1/1.4/1.5/1-2.dcm")
    return folder


def region(name: str, *points: tuple[float, float]) -> dict[str, Any]:
    """Return a region as OsiriX exports it."""
    texts = [f"({column:.6f}, {row:.6f})" for column, row in points]
    return {"Name": name, "NumberOfPoints": len(points), "Point_px": texts, "Type": 15}


ANGLES = np.arange(0, 6.3, 0.1)


def inbreast_folder(folder: Path) -> Path:
    """Write three images of two patients, one of them with regions of every sort."""
    for name in ("1001_aa11_MG_L_CC", "1002_aa11_MG_R_ML", "1003_bb22_MG_L_CC"):
        dicom(folder / f"AllDICOMs/{name}_ANON.dcm", PatientID="removed")
    regions = [
        region("Calcification", (12.0, 5.0)),
        region("Calcification", (12.0, 5.0)),  # told again
        region("Calcification", (2, 8), (4, 8), (4, 10), (2, 10)),
        region("Cluster", *[(10 + 5 * np.cos(t), 12 + 3 * np.sin(t)) for t in ANGLES]),
        region("Mass", (1, 1), (9, 1), (9, 7)),
        region("Point 1", (3, 3)),
    ]
    (folder / "AllXML").mkdir()
    image = {"ImageIndex": 0, "NumberOfROIs": len(regions), "ROIs": regions}
    (folder / "AllXML/1001.xml").write_bytes(plistlib.dumps({"Images": [image]}))
    return folder


MHD = """ObjectType = Image
NDims = 3
ElementSpacing = {spacing}
DimSize = {size}
ElementType = {kind}
ElementDataFile = {data}
"""


def victre_folder(folder: Path) -> Path:
    """Write two runs of VICTRE: one with the reconstruction's locations, one with the phantom's."""
    for seed in (7, -7):
        place = folder / str(seed)
        place.mkdir(parents=True)
        np.zeros((12, 100, 200)).tofile(place / f"reconstruction{seed}.raw")
        facts = {"spacing": "0.085 0.085 1.0", "size": "200 100 12", "kind": "MET_DOUBLE"}
        header = place / f"reconstruction{seed}.mhd"
        header.write_text(MHD.format(**facts, data=f"reconstruction{seed}.raw"))
    (folder / "7/reconstruction7.loc").write_text("150 40 6 1\n60 50 1 2\n30 30 3 -1\n")
    # a voxel of 0.05 mm: z 120 is 6 mm deep; x 68 is 3.4 mm; y 85 is 4.25 mm, mirrored
    (folder / "-7/pcl_-7.loc").write_text("120 68 85 1\n")
    voxels = MHD.format(spacing="0.05 0.05 0.05", size="1 1 1", kind="MET_UCHAR", data="x.raw.gz")
    (folder / "-7/pcl_-7.mhd").write_text(voxels)
    return folder
