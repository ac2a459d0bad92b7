"""Any tree of DICOM files: grouped by identifiers, and the rest explained."""

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.imports import accepted, dicom
from support.sheets import VOLUMES, read_volumes
from tomocalc.adapters.dicom_folder import dicom_folder
from tomocalc.adapters.dicom_tree import link_series
from tomocalc.adapters.sheets import Sheets
from tomocalc.errors import TomocalcError
from tomocalc.readers.volume import open_volume


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    who = {"PatientID": "DOE^JANE", "ImageLaterality": "L", "ViewPosition": "CC"}
    for number in range(3):
        path = folder / f"one/series/{number}.dcm"
        dicom(path, **who, SeriesInstanceUID="1.2.3", InstanceNumber=number)
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


def test_series_in_one_folder_or_in_several_are_placed_by_their_identifiers(tmp_path: Path) -> None:
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
    assert "the same file as one/volumes/a.dcm" in reasons["one/volumes/copy of a.dcm"]
    assert "differ in size" in reasons["two/mixed/0.dcm"]
    assert "names its side" in reasons["two/unsided.dcm"]


def test_no_identifier_of_a_patient_reaches_a_sheet_or_a_log(
    tree: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for path in tree.glob("one/series/*.dcm"):  # no valid identifier, which pydicom quotes
        path.write_bytes(path.read_bytes().replace(b"1.2.3\0", b"1.02.3"))
    accepted(grouped(tree, laterality="R")[0], tmp_path)
    written = "".join(path.read_text() for path in tmp_path.glob("*.tsv")) + caplog.text
    assert not [name for name in ("DOE", "1.2.3", "1.02.3") if name in written]


def test_a_side_can_be_given_for_images_that_have_none(tree: Path, tmp_path: Path) -> None:
    volumes, _, _ = accepted(grouped(tree, laterality="R")[0], tmp_path)
    assert [row["laterality"] for row in volumes if row["path"].endswith("unsided.dcm")] == ["R"]


def rows_of(folder: Path, **options: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the volumes, and what is said of the rest."""
    sheets, _ = dicom_folder(
        folder, laterality=None, site=None, series=folder.parent / "s", **options
    )
    return sheets.volumes, [row["reason"] for row in sheets.unplaced]


def write_volumes(folder: Path, names: Sequence[str], **facts: Any) -> None:
    """Write a left volume, and so a series, of every PatientID, in studies of their own."""
    for number, name in enumerate(names):
        who = {"PatientID": name, "StudyInstanceUID": f"1.2.{number}", "ImageLaterality": "L"}
        series = f"1.3.{number}"
        dicom(folder / f"{number}.dcm", **who | facts, SeriesInstanceUID=series, frames=2)


def sizes_of(volumes: list[dict[str, Any]]) -> list[int]:
    """Return how many volumes each patient has."""
    return sorted(Counter(row["patient_id"] for row in volumes).values())


@pytest.mark.parametrize(
    ("names", "sizes"),
    [
        (["PO1", "P01", "\u0420O1", "P02", "1.23457E+12"], [1, 3]),
        (["a1b2c3d4e5f6a7b8", "A1B2C3D4E5", "b1b2c3d4e5"], [1, 2]),  # one is cut short
    ],
)
def test_identifiers_that_look_alike_are_one_patient_and_a_rounded_one_is_nobody(
    tmp_path: Path, names: list[str], sizes: list[int]
) -> None:
    write_volumes(tmp_path, names, SpecificCharacterSet="ISO_IR 192")
    volumes, said = rows_of(tmp_path)
    assert sizes_of(volumes) == sizes
    assert "patients spelt in several ways, each taken for one: 1" in said
    rounded = [reason for reason in said if "a spreadsheet has rounded its PatientID" in reason]
    assert len(rounded) == ("1.23457E+12" in names)


def test_identifiers_of_one_study_are_one_patient(tmp_path: Path) -> None:
    names = ["0012345", "12345 ", "12345^^^HOSP", "7788"]
    write_volumes(tmp_path, names, StudyInstanceUID="1.2.9")
    other = {"PatientID": "5", "StudyInstanceUID": "1.2.8", "ImageLaterality": "L"}
    dicom(tmp_path / "other.dcm", **other, SeriesInstanceUID="1.3.9", frames=2)
    volumes, said = rows_of(tmp_path)
    assert sizes_of(volumes) == [1, 4]
    assert said == [
        "studies of several patients, each taken for one patient's: 1",
        "patients spelt in several ways, each taken for one: 1",
    ]


def test_many_studies_of_one_identifier_are_said(tmp_path: Path) -> None:
    write_volumes(tmp_path, ["12"] * 5)
    _, (said,) = rows_of(tmp_path)
    assert said.startswith("patients with more than 4 studies: 1, the most has 5")


def test_a_word_for_nobody_is_no_patient(tmp_path: Path) -> None:
    dicom(tmp_path / "a.dcm", PatientID="ANONYMOUS", ImageLaterality="L", frames=2)
    _, (reason,) = rows_of(tmp_path)
    assert "names no patient" in reason


def test_a_study_for_a_patient_is_said(tmp_path: Path) -> None:
    for number, name in enumerate(("StudyInstanceUID", "AccessionNumber")):
        who = {"PatientID": f"1.2.{number}", "ImageLaterality": "L", name: f"1.2.{number}"}
        dicom(tmp_path / f"{number}.dcm", **who, SeriesInstanceUID=f"1.3.{number}", frames=2)
    _, (said,) = rows_of(tmp_path)
    assert said.startswith("images whose PatientID is the identifier of their study, too: 2")


def test_what_is_no_image_is_told_as_what_it_is_and_links_are_followed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    dicom(tmp_path / "store/1.dcm", PatientID="12", ImageLaterality="L", frames=2)
    data.mkdir()
    (data / "link").symlink_to(tmp_path / "store")
    (data / "again").symlink_to(data)
    (data / "a.zip").write_bytes(b"PK\x03\x04" + bytes(200))
    os.mkfifo(data / "pipe")
    volumes, said = rows_of(data)
    assert len(volumes) == 1
    what = "not an image of a supported kind: it is"
    assert said == [
        f"{what} a ZIP archive; unpack it, and give the folder or file that it holds",
        "it is a pipe, socket or device, no file",
    ]


def test_an_instance_of_another_patient_is_no_copy(tmp_path: Path) -> None:
    who = {"SOPInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2", "ImageLaterality": "L"}
    dicom(tmp_path / "a.dcm", PatientID="1", frames=2, **who)
    dicom(tmp_path / "b.dcm", PatientID="2", frames=2, **who)
    dicom(tmp_path / "c.dcm", PatientID="1", frames=3, **who)
    shutil.copy(tmp_path / "a.dcm", tmp_path / "d.dcm")
    volumes, said = rows_of(tmp_path)
    assert len({row["patient_id"] for row in volumes}) == len(volumes) == 2
    assert said == [
        "it has the identifier of a.dcm and another content: which is right?",
        "the same file as a.dcm",
    ]


KINDS = {
    "tomosynthesis": {"ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE"], "frames": 3},
    "synthetic 2D": {"ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"]},
    "2D for presentation": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2"},
    "2D for processing": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2.1"},
    "single image": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"},
}


def test_kinds_slices_and_sizes_are_columns(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    who = {"PatientID": "1", "ImageLaterality": "R", "ViewPosition": "CC"}
    for number, (kind, facts) in enumerate(KINDS.items()):
        dicom(folder / f"{kind}.dcm", **who, SeriesInstanceUID=f"1.2.{number}", **facts)
    projections = {"ImageType": ["ORIGINAL", "PRIMARY", "TOMO_PROJ"], "frames": 9}
    dicom(folder / "projections.dcm", **who, SeriesInstanceUID="1.2.9", **projections)
    volumes, (reason,) = rows_of(folder)
    assert all(row["kind"] == Path(row["path"]).stem for row in volumes)
    assert len(volumes) == len(KINDS)
    assert {row["kind"]: row["slices"] for row in volumes}["tomosynthesis"] == 3
    assert {(row["rows"], row["columns"]) for row in volumes} == {(24, 20)}
    assert reason == "it is a projection, no reconstructed slice"
    before = [row["volume_id"] for row in volumes]
    dicom(folder / "0.dcm", **who, SeriesInstanceUID="1.2.8", **KINDS["tomosynthesis"])
    assert set(before) < {row["volume_id"] for row in rows_of(folder)[0]}
    sheets, _ = dicom_folder(folder, laterality=None, site=None, series=tmp_path / "s")
    accepted(sheets, tmp_path)
    sheet = str(tmp_path / "volumes.tsv")
    with pytest.raises(TomocalcError, match=r"several kinds: 1 2D for presentation, .*: \[tomosyn"):
        read_volumes(sheet, VOLUMES)
    assert len(read_volumes(sheet, VOLUMES, kinds=["tomosynthesis"])) == 2


def test_the_parts_of_a_concatenation_are_one_volume(tmp_path: Path) -> None:
    who = {"PatientID": "1", "ImageLaterality": "L", "SeriesInstanceUID": "1.2"}
    for number in (1, 2):
        part = {"InConcatenationNumber": number, "InConcatenationTotalNumber": 2}
        dicom(tmp_path / f"{number}.dcm", frames=3, ConcatenationUID="1.9", **who, **part)
    (row,), _ = rows_of(tmp_path)
    assert (row["slices"], row["path"]) == (6, tmp_path)
    (tmp_path / "1.dcm").unlink()
    assert rows_of(tmp_path)[1] == ["1 of the 2 parts of its concatenation are here"]


def test_tomosynthesis_stored_as_ct_has_its_side_in_the_description(tmp_path: Path) -> None:
    for side in "LR":
        for number in range(3):
            series = {"SeriesDescription": f"{side} MLO Tomosynthesis", "InstanceNumber": number}
            facts = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT", **series}
            path = tmp_path / side / f"{number}.dcm"
            dicom(path, PatientID="1", SeriesInstanceUID=f"1.2.{ord(side)}", **facts)
    volumes, _ = rows_of(tmp_path)
    assert [(row["laterality"], row["view"], row["kind"], row["slices"]) for row in volumes] == [
        ("L", "MLO", "tomosynthesis", 3),
        ("R", "MLO", "tomosynthesis", 3),
    ]


def test_a_rule_gives_the_side_of_a_series(tmp_path: Path) -> None:
    for name in ("links/1.dcm", "rest/a_R_1.dcm", "rest/b.dcm"):
        dicom(tmp_path / name, PatientID="1", SeriesInstanceUID=f"1.2.{len(name)}", frames=2)
    dicom(tmp_path / "rest/screenshot.dcm", PatientID="1", SeriesInstanceUID="1.3")
    volumes, said = rows_of(tmp_path, sides={"links/*": "L", "*_R_*": "R"})
    assert [row["laterality"] for row in volumes] == ["L", "R"]
    assert said[0].startswith("neither header nor description names its side")
    assert said[1].startswith("it is a single image, and neither header nor description")


def test_a_side_that_header_and_description_contradict_needs_a_rule(tmp_path: Path) -> None:
    facts = {"PatientID": "1", "frames": 2, "ImageLaterality": "L"}
    dicom(tmp_path / "a.dcm", SeriesInstanceUID="1.2.3", SeriesDescription="R MLO", **facts)
    dicom(tmp_path / "b.dcm", SeriesInstanceUID="1.2.4", SeriesDescription="L MLO", **facts)
    volumes, said = rows_of(tmp_path)
    assert [row["laterality"] for row in volumes] == ["L"]
    assert said == ["its header names side L and its description R: give import.dicom_sides"]
    volumes, said = rows_of(tmp_path, sides={"a.dcm": "R"})
    assert (sorted(row["laterality"] for row in volumes), said) == (["L", "R"], [])
