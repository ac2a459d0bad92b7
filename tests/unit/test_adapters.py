"""Published layouts become sheets that the workflow accepts; nothing vanishes without a reason."""

import csv
import os
import shutil
from pathlib import Path

import pytest

from support.imports import accepted, bcs_dbt_folder, cases, cbis_ddsm_folder, dicom
from tomocalc.adapters.bcs_dbt import bcs_dbt
from tomocalc.adapters.cbis_ddsm import cbis_ddsm
from tomocalc.adapters.dicom_folder import dicom_folder
from tomocalc.adapters.mini_mias import mini_mias
from tomocalc.adapters.sheets import Sheets, listing_digest
from tomocalc.errors import TomocalcError


def test_nothing_is_written_when_a_row_is_not_valid(tmp_path: Path) -> None:
    sheets = Sheets(volumes=[{"volume_id": "a/b", "patient_id": "p", "laterality": "X"}])
    with pytest.raises(TomocalcError) as caught:
        accepted(sheets, tmp_path)
    assert str(caught.value).count("[E603]") >= 3
    assert list(tmp_path.iterdir()) == []


def test_no_volume_at_all_says_why(tmp_path: Path) -> None:
    sheets = Sheets()
    sheets.leave_out("a", "it is broken")
    with pytest.raises(TomocalcError, match=r"nothing in it could be placed \(1: it is broken\)"):
        accepted(sheets, tmp_path)


def test_a_formula_in_a_file_name_is_disarmed() -> None:
    sheets = Sheets()
    sheets.leave_out("=cmd|x\ty.dcm", "why\nnot")
    assert sheets.unplaced == [{"what": "cmd|x y.dcm", "reason": "why not"}]


def test_bcs_dbt_tables_with_volumes(tmp_path: Path) -> None:
    sheets = bcs_dbt(bcs_dbt_folder(tmp_path / "set"))
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
        "no table of files has this volume",
    ]


@pytest.mark.data
def test_bcs_dbt_slices_of_the_data_set(tmp_path: Path, real_data: Path) -> None:
    sheets = bcs_dbt(real_data / "bcs_dbt_slices")
    volumes, calcified, others = accepted(sheets, tmp_path)
    with (real_data / "bcs_dbt_slices/manifest.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert len(volumes) == len({row["file"] for row in rows}) == 42
    assert {row["pixel_spacing_mm"] for row in volumes} == {0.085}
    assert calcified == []
    assert len(others) == sum(bool(row["X"]) for row in rows)
    distorted = [row for row in rows if row["AD"] == "1"]
    assert sum(row["kind"] == "distortion" for row in others) == len(distorted)
    assert {row["slice"] for row in others} == {0}
    edges = {row["file"].removesuffix(".jpg"): row["edge_lat"] for row in rows}
    assert all(row["laterality"] == edges[row["volume_id"]] for row in volumes)


@pytest.mark.data
def test_bcs_dbt_boxes_of_the_data_set_all_have_a_kind(tmp_path: Path, real_data: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    shutil.copy(real_data / "bcs_dbt_slices/BCS-DBT_boxes-train-v2.csv", folder / "boxes.csv")
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


def test_cbis_ddsm_finds_the_mask_by_its_size(tmp_path: Path) -> None:
    folder = cbis_ddsm_folder(tmp_path / "set")
    mask = folder / "Calc-Test_P_1_LEFT_CC_1/1.4/1.5/1-2.dcm"
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


@pytest.mark.data
def test_cbis_ddsm_tables_of_the_data_set(tmp_path: Path, real_data: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(real_data / "cbis_ddsm", folder)
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
    images = set()  # 1,511, with 1,546 and 326 findings
    for table in folder.glob("*.csv"):
        with table.open(newline="") as handle:
            images |= {row["image file path"].split("/")[0] for row in csv.DictReader(handle)}
    assert len(sheets.unplaced) == len(images) - 1
    assert {row["reason"] for row in sheets.unplaced} == {"its image is not in the folder"}


@pytest.mark.data
def test_mini_mias_of_the_data_set(tmp_path: Path, real_data: Path) -> None:
    sheets = mini_mias(real_data / "mini_mias/Info.txt")
    volumes, findings, _ = accepted(sheets, tmp_path)
    named = {row["volume_id"] for row in volumes}
    assert {row["volume_id"] for row in findings} <= named
    assert all(row["kind"] == "cluster" and 0 <= row["y"] < 1024 for row in findings)
    assert not {"mdb216", "mdb233", "mdb245"} & named
    images = len(list((real_data / "mini_mias").glob("mdb*.png")))
    assert len(volumes) + sum(row["what"].endswith(".png") for row in sheets.unplaced) == images


def test_a_listing_tells_of_files_that_come_go_and_change(tmp_path: Path) -> None:
    seen = {listing_digest(tmp_path / "none"), listing_digest("")}
    assert len(seen) == 1
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.dcm").write_bytes(b"1")
    seen.add(listing_digest(tmp_path))
    (tmp_path / "a/1.dcm").write_bytes(b"12")
    seen.add(listing_digest(tmp_path))
    os.utime(tmp_path / "a/1.dcm", (1, 1))  # as an edit that leaves the size
    seen.add(listing_digest(tmp_path))
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    seen.add(listing_digest(tmp_path))
    assert len(seen) == 5
    assert listing_digest(tmp_path) in seen


def test_a_patient_that_a_spreadsheet_has_rounded_is_refused(tmp_path: Path) -> None:
    folder = cbis_ddsm_folder(tmp_path / "cases")
    cases(folder, {"patient_id": "1.2E+05"})
    with pytest.raises(TomocalcError, match=r"E603.*`1\.2E\+05` is a number that a spreadsheet"):
        cbis_ddsm(folder, pixel_spacing_mm=0.05)


@pytest.mark.data
def test_the_real_dicom_files_are_grouped_or_explained(tmp_path: Path, real_data: Path) -> None:
    series = tmp_path / "series"
    sheets, _ = dicom_folder(real_data / "dicom", laterality="L", site=None, series=series)
    volumes, _, _ = accepted(sheets, tmp_path)
    placed = {Path(row["path"]).name for row in volumes}
    left = {row["what"] for row in sheets.unplaced}
    assert placed | left == {path.name for path in (real_data / "dicom").iterdir()}
    assert "dbt_bcsdbt_header_jpeg2k_128x128x4.dcm" in placed
