"""Any tree of DICOM files: grouped by identifiers, and the rest explained."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from support.imports import accepted, data, dicom, needs_data
from tomocalc.adapters.dicom_folder import dicom_folder, link_series
from tomocalc.adapters.listing import listing_digest
from tomocalc.adapters.sheets import Sheets
from tomocalc.readers.volume import open_volume


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
