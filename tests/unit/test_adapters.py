"""Published layouts become sheets that the workflow accepts; nothing vanishes without a reason."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from image_files import write_dicom
from tomocalc.adapters.bcs_dbt import bcs_dbt
from tomocalc.adapters.cbis_ddsm import cbis_ddsm
from tomocalc.adapters.dicom_folder import dicom_folder, link_series
from tomocalc.adapters.listing import listing_digest
from tomocalc.adapters.mini_mias import mini_mias
from tomocalc.adapters.sheets import Sheets, write_sheets
from tomocalc.config import load_schema
from tomocalc.errors import TomocalcError
from tomocalc.readers.volume import open_volume
from tomocalc.sheets import read_annotations, read_volumes

WORKFLOW = Path(__file__).parents[2] / "workflow"
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


# ---- sheets


def test_nothing_is_written_when_a_row_is_not_valid(tmp_path: Path) -> None:
    sheets = Sheets(volumes=[{"volume_id": "a/b", "patient_id": "p", "laterality": "X"}])
    with pytest.raises(TomocalcError) as caught:
        accepted(sheets, tmp_path)
    assert str(caught.value).count("[E603]") >= 3
    assert list(tmp_path.iterdir()) == []


def test_no_volume_at_all_says_why(tmp_path: Path) -> None:
    sheets = Sheets()
    sheets.leave_out("a", "it is broken")
    with pytest.raises(TomocalcError, match=r"1 entries could not be placed.*it is broken"):
        accepted(sheets, tmp_path)


def test_a_formula_in_a_file_name_is_disarmed() -> None:
    sheets = Sheets()
    sheets.leave_out("=cmd|x\ty.dcm", "why\nnot")
    assert sheets.unplaced == [{"what": "cmd|x y.dcm", "reason": "why not"}]


# ---- BCS-DBT

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


def test_bcs_dbt_tables_with_volumes(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    for place in ("a/1.2/1.3/1-1.dcm", "a/new/1-2.dcm"):
        (folder / place).parent.mkdir(parents=True)
        (folder / place).touch()
    (folder / "BCS-DBT-boxes-train-v2.csv").write_text(BOXES)
    (folder / "BCS-DBT-file-paths-train-v2.csv").write_text(PATHS)
    sheets = bcs_dbt(folder)
    volumes, calcified, others = accepted(sheets, tmp_path)
    assert [row["volume_id"] for row in volumes] == ["DBT-P1-DBT-S1-lcc2", "DBT-P1-DBT-S1-rmlo"]
    assert [(row["laterality"], row["view"]) for row in volumes] == [("L", "CC"), ("R", "MLO")]
    assert calcified == []
    assert [(row["kind"], row["pathology"], row["slice"]) for row in others] == [
        ("mass", "benign", 2),
        ("distortion", "malignant", 3),
    ]
    assert [row["reason"] for row in sheets.unplaced] == [
        "its file is not in the folder",
        "its file is not in the folder",
        "its view `zzz?` is unknown",
    ]


@needs_data
@pytest.mark.data
def test_bcs_dbt_slices_of_the_data_set(tmp_path: Path) -> None:
    sheets = bcs_dbt(data("bcs_dbt_slices"))
    volumes, calcified, others = accepted(sheets, tmp_path)
    with (data("bcs_dbt_slices") / "manifest.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert len(volumes) == len({row["file"] for row in rows}) == 42
    assert {row["pixel_spacing_mm"] for row in volumes} == {0.085}
    assert calcified == []
    assert len(others) == sum(bool(row["X"]) for row in rows)
    assert sum(row["kind"] == "distortion" for row in others) == sum(
        row["AD"] == "1" for row in rows
    )
    assert {row["slice"] for row in others} == {0}
    edges = {row["file"].removesuffix(".jpg"): row["edge_lat"] for row in rows}
    assert all(row["laterality"] == edges[row["volume_id"]] for row in volumes)


@needs_data
@pytest.mark.data
def test_bcs_dbt_boxes_of_the_data_set_all_have_a_kind(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    shutil.copy(data("bcs_dbt_slices") / "BCS-DBT_boxes-train-v2.csv", folder / "boxes.csv")
    with (folder / "boxes.csv").open() as handle:
        boxes = list(csv.DictReader(handle))
    keys = sorted({(row["PatientID"], row["StudyUID"], row["View"]) for row in boxes})
    lines = [f"{','.join(key)},{number}.dcm," for number, key in enumerate(keys)]
    header = "PatientID,StudyUID,View,descriptive_path,classic_path"
    (folder / "file-paths.csv").write_text("\n".join([header, *lines]) + "\n")
    for number in range(len(keys)):
        (folder / f"{number}.dcm").touch()
    sheets = bcs_dbt(folder)
    volumes, _, others = accepted(sheets, tmp_path)
    assert len(volumes) == len(keys)
    assert len(others) == len(boxes) == 224
    assert sheets.unplaced == []


def test_bcs_dbt_without_tables_or_with_a_foreign_one(tmp_path: Path) -> None:
    with pytest.raises(TomocalcError, match=r"no file manifest\.csv"):
        bcs_dbt(tmp_path)
    (tmp_path / "manifest.csv").write_text("file,View\n")
    with pytest.raises(TomocalcError, match="it has no column Slice, PatientID"):
        bcs_dbt(tmp_path)


# ---- CBIS-DDSM

CASE = {
    "patient_id": "P_1",
    "left or right breast": "LEFT",
    "image view": "CC",
    "abnormality id": "1",
    "abnormality type": "calcification",
    "pathology": "BENIGN_WITHOUT_CALLBACK",
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


def test_cbis_ddsm_finds_the_mask_by_its_size(tmp_path: Path) -> None:
    folder = cases(tmp_path / "set", {}, {"patient_id": "P_2", "image file path": "gone/x.dcm"})
    # as downloaded: files are called 1-1.dcm, and here mask and crop are exchanged
    dicom(folder / "Calc-Test_P_1_LEFT_CC/1.2/1.3/1-1.dcm")
    dicom(folder / "Calc-Test_P_1_LEFT_CC_1/1.4/1.5/1-1.dcm", shape=(9, 9))
    mask = dicom(folder / "Calc-Test_P_1_LEFT_CC_1/1.4/1.5/1-2.dcm")
    sheets = cbis_ddsm(folder, pixel_spacing_mm=0.05)
    volumes, findings, _ = accepted(sheets, tmp_path)
    assert [(row["volume_id"], row["laterality"]) for row in volumes] == [("P_1_LEFT_CC", "L")]
    assert [(row["mask"], row["kind"], row["pathology"]) for row in findings] == [
        (str(mask), "cluster", "benign")
    ]
    assert sheets.unplaced == [{"what": "P_2_LEFT_CC", "reason": "its image is not in the folder"}]


def test_cbis_ddsm_leaves_an_image_without_all_masks_out(tmp_path: Path) -> None:
    second = {
        "abnormality id": "2",
        "ROI mask file path": "no/x.dcm",
        "cropped image file path": "",
    }
    folder = cases(tmp_path / "set", {}, second)
    dicom(folder / "Calc-Test_P_1_LEFT_CC/1.2/1.3/000000.dcm")
    dicom(folder / "Calc-Test_P_1_LEFT_CC_1/1.4/1.5/000000.dcm")
    sheets = cbis_ddsm(folder, pixel_spacing_mm=0.05)
    assert sheets.volumes == []
    assert "finding 2 has no mask" in sheets.unplaced[0]["reason"]


def test_cbis_ddsm_refuses_a_table_of_masses(tmp_path: Path) -> None:
    with pytest.raises(TomocalcError, match="give the tables of calcifications"):
        cbis_ddsm(cases(tmp_path / "set", {"abnormality type": "mass"}), pixel_spacing_mm=0.05)


@needs_data
@pytest.mark.data
def test_cbis_ddsm_tables_of_the_data_set(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(data("cbis_ddsm"), folder)
    image = "Calc-Test_P_00038_LEFT_CC"
    dicom(folder / f"{image}/1.2/1.3/1-1.dcm")
    findings = 0
    with (folder / "cbis_ddsm_calc_case_description_test_set.csv").open(newline="") as handle:
        for row in csv.DictReader(handle):
            if row["image file path"].startswith(f"{image}/"):
                findings += 1
                dicom(folder / f"{row['ROI mask file path'].split('/')[0]}/1.2/1.3/1-1.dcm")
    sheets = cbis_ddsm(folder, pixel_spacing_mm=0.05)
    volumes, annotated, _ = accepted(sheets, tmp_path)
    assert [row["volume_id"] for row in volumes] == ["P_00038_LEFT_CC"]
    assert len(annotated) == findings
    # 1,546 and 326 findings lie on 1,511 images; the others are not in this folder
    images = set()
    for table in folder.glob("*.csv"):
        with table.open(newline="") as handle:
            images |= {row["image file path"].split("/")[0] for row in csv.DictReader(handle)}
    assert len(sheets.unplaced) == len(images) - 1
    assert {row["reason"] for row in sheets.unplaced} == {"its image is not in the folder"}


# ---- mini-MIAS


@needs_data
@pytest.mark.data
def test_mini_mias_of_the_data_set(tmp_path: Path) -> None:
    sheets = mini_mias(data("mini_mias") / "Info.txt")
    volumes, findings, _ = accepted(sheets, tmp_path)
    named = {row["volume_id"] for row in volumes}
    assert {row["volume_id"] for row in findings} <= named
    assert not {"mdb216", "mdb233", "mdb245"} & named
    images = len(list(data("mini_mias").glob("mdb*.png")))
    assert len(volumes) + sum(row["what"].endswith(".png") for row in sheets.unplaced) == images


# ---- any tree of DICOM files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    who = {"PatientID": "DOE^JANE", "ImageLaterality": "L", "ViewPosition": "CC"}
    for number in range(3):
        dicom(
            folder / f"one/series/{number}.dcm",
            **who,
            SeriesInstanceUID="1.2.3",
            InstanceNumber=number,
        )
    for name in ("a.dcm", "b.dcm"):
        dicom(folder / f"one/volumes/{name}", **who, SeriesInstanceUID="1.2.4", frames=2)
    dicom(folder / "two/unsided.dcm", PatientID="2", SeriesInstanceUID="1.2.5", frames=2)
    for number, shape in enumerate([(24, 20), (30, 20)]):
        dicom(folder / f"two/mixed/{number}.dcm", **who, SeriesInstanceUID="1.2.6", shape=shape)
    shutil.copy(folder / "one/volumes/a.dcm", folder / "one/volumes/copy of a.dcm")
    (folder / "one/series/Thumbs.db").write_bytes(b"left by a file browser")
    nobody = {**who, "PatientID": ""}
    dicom(folder / "two/nobody.dcm", **nobody, SeriesInstanceUID="1.2.7", frames=2)
    (folder / "notes.txt").write_text("nothing")
    (folder / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM")
    return folder


def grouped(
    folder: Path, *, laterality: str | None = None, site: str | None = None
) -> tuple[Sheets, dict[str, list[Path]]]:
    series = folder.parent / "series"
    return dicom_folder(folder, laterality=laterality, site=site, series=series)


def test_series_in_one_folder_or_in_several_are_placed_by_their_identifiers(
    tmp_path: Path,
) -> None:
    flat = tmp_path / "flat"
    who = {"PatientID": "1", "ImageLaterality": "L"}
    for number in range(6):  # two series by turns, as a flat export leaves them
        view = ("CC", "MLO")[number % 2]
        place = {"InstanceNumber": number, "ViewPosition": view}
        value = np.full((24, 20), 10 + number, np.uint16)
        uid = f"1.2.{number % 2}"
        dicom(flat / f"{number}.dcm", **who, **place, SeriesInstanceUID=uid, pixels=value)
    for number in range(2):
        place = {"InstanceNumber": number, "ViewPosition": "LM"}
        dicom(flat / f"disc{number}/1.dcm", **who, **place, SeriesInstanceUID="1.2.9")
    sheets, scattered = grouped(flat)
    link_series(tmp_path / "series", scattered)
    volumes, _, _ = accepted(sheets, tmp_path)
    assert sheets.unplaced == []
    slices = {}
    for row in volumes:
        stack = open_volume(row["path"], slice_spacing_mm=1.0, max_pixels=1000, min_size=16)
        slices[row["view"]] = [int(stack.read(index)[0, 0]) for index in range(len(stack))]
    assert slices == {"CC": [10, 12, 14], "MLO": [11, 13, 15], "LM": [7, 7]}


def test_a_listing_tells_of_files_that_come_go_and_change(tmp_path: Path) -> None:
    seen = {listing_digest(tmp_path / "none"), listing_digest("")}
    assert len(seen) == 1
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.dcm").write_bytes(b"1")
    seen.add(listing_digest(tmp_path))
    (tmp_path / "a/1.dcm").write_bytes(b"12")
    seen.add(listing_digest(tmp_path))
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    seen.add(listing_digest(tmp_path))
    assert len(seen) == 4
    assert listing_digest(tmp_path) in seen


def test_a_tree_is_grouped_and_the_rest_explained(tree: Path, tmp_path: Path) -> None:
    sheets, scattered = grouped(tree, site="VICTRE (in silico)")
    assert not scattered
    volumes, _, _ = accepted(sheets, tmp_path)
    assert [Path(row["path"]).relative_to(tree).as_posix() for row in volumes] == [
        "one/series",
        "one/volumes/a.dcm",
        "one/volumes/b.dcm",
    ] or sorted(Path(row["path"]).name for row in volumes) == ["a.dcm", "b.dcm", "series"]
    assert len({row["patient_id"] for row in volumes}) == 1
    assert {row["view"] for row in volumes} == {"CC"}
    reasons = {row["what"]: row["reason"] for row in sheets.unplaced}
    assert sorted(reasons) == [
        "broken.dcm",
        "notes.txt",
        "one/volumes/copy of a.dcm",
        "two/mixed/0.dcm",
        "two/mixed/1.dcm",
        "two/nobody.dcm",
        "two/unsided.dcm",
    ]
    assert "names no patient" in reasons["two/nobody.dcm"]
    assert "the same image as one/volumes/a.dcm" in reasons["one/volumes/copy of a.dcm"]
    assert "differ in size" in reasons["two/mixed/0.dcm"]
    assert "no laterality" in reasons["two/unsided.dcm"]


def test_no_identifier_of_a_patient_reaches_a_sheet(tree: Path, tmp_path: Path) -> None:
    accepted(grouped(tree, laterality="R")[0], tmp_path)
    written = "".join(path.read_text() for path in tmp_path.glob("*.tsv"))
    assert "DOE" not in written
    assert "1.2.3" not in written


def test_a_side_can_be_given_for_images_that_have_none(tree: Path, tmp_path: Path) -> None:
    volumes, _, _ = accepted(grouped(tree, laterality="R")[0], tmp_path)
    assert [row["laterality"] for row in volumes if row["path"].endswith("unsided.dcm")] == ["R"]


@needs_data
@pytest.mark.data
def test_the_real_dicom_files_are_grouped_or_explained(tmp_path: Path) -> None:
    sheets, _ = grouped(data("dicom"), laterality="L")
    volumes, _, _ = accepted(sheets, tmp_path)
    placed = {Path(row["path"]).name for row in volumes}
    left = {row["what"] for row in sheets.unplaced}
    assert placed | left == {path.name for path in data("dicom").iterdir()}
    assert "dbt_bcsdbt_header_jpeg2k_128x128x4.dcm" in placed
