"""Sheets of volumes: every mistake has its line."""

import re
from pathlib import Path

import pytest

from tomocalc.config import load_schema
from tomocalc.errors import TomocalcError
from tomocalc.sheets import read_volumes

SCHEMAS = Path(__file__).parents[2] / "workflow/schemas"
VOLUMES = load_schema(SCHEMAS / "volumes.schema.yaml")
HEADER = "volume_id\tpatient_id\tlaterality\tview\tpath"


@pytest.fixture
def sheet(tmp_path):
    (tmp_path / "image.png").write_bytes(b"not looked at")

    def image(number):
        path = tmp_path / f"image{number}.png"
        path.write_bytes(b"not looked at")
        return str(path)

    def write(*lines, header=HEADER, encoding="utf-8", end="\n"):
        path = tmp_path / "volumes.tsv"
        lines = [line.replace("IMAGE", image(number)) for number, line in enumerate(lines)]
        path.write_bytes((end.join([header, *lines]) + end).encode(encoding))
        return str(path)

    return write


def fault(sheet_path, **options):
    with pytest.raises(TomocalcError) as caught:
        read_volumes(sheet_path, VOLUMES, **options)
    return str(caught.value)


def test_rows_are_sorted_and_ids_stay_text(sheet):
    path = sheet("1e3\t001\tL\tCC\tIMAGE", "001\t1e3\tR\tMLO\tIMAGE")
    rows = read_volumes(path, VOLUMES)
    assert [row["volume_id"] for row in rows] == ["001", "1e3"]
    assert rows[0]["patient_id"] == "1e3"
    assert rows[0]["pixel_spacing_mm"] is None


def test_byte_order_mark_and_windows_line_ends_are_fine(sheet):
    rows = read_volumes(sheet("v\tp\tL\tCC\tIMAGE", encoding="utf-8-sig", end="\r\n"), VOLUMES)
    assert rows[0]["volume_id"] == "v"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("../x\tp\tL\tCC\tIMAGE", "volumes.tsv:2, column volume_id"),
        ("a;touch X\tp\tL\tCC\tIMAGE", "column volume_id"),
        ("-rf\tp\tL\tCC\tIMAGE", "column volume_id"),
        ("=cmd\tp\tL\tCC\tIMAGE", "column volume_id"),
        (f"{'x' * 300}\tp\tL\tCC\tIMAGE", "column volume_id"),
        ("v\tp\tleft\tCC\tIMAGE", 'column laterality): not an allowed value: "left" was given'),
        ("v\t\tL\tCC\tIMAGE", "column patient_id"),
        ("v\tp\tL\tCC", "it has 4 cells where the header has 5"),
        ("v\tp\tL\tCC\tnowhere.dcm", "volumes.tsv:2, nowhere.dcm"),
    ],
)
def test_a_bad_row_is_named(sheet, row, message):
    assert message in fault(sheet(row))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "..",
            "../../x",
            "a/b",
            "a\\b",
            "-rf",
            ".hidden",
            "{x}",
            "$(touch X)",
            "a;touch X",
            "a b",
        ),
        *("`id`", "'", "@x", "+1", "x" * 101),
    ],
)
def test_ids_that_could_be_more_than_a_name_are_refused(sheet, name):
    for row in (f"{name}\tp\tL\tCC\tIMAGE", f"v\t{name}\tL\tCC\tIMAGE"):
        assert "volumes.tsv:2, column" in fault(sheet(row))


def test_all_bad_rows_come_at_once(sheet):
    lines = fault(sheet("v\tp\tX\tCC\tIMAGE", "w\tp\tL\tCC\tmissing.dcm", "V\tp\tL\tCC\tIMAGE"))
    assert sorted(re.findall(r"volumes.tsv:(\d+)", lines)) == ["2", "3", "4"]


def test_a_patient_under_two_spellings_is_refused(sheet):
    rows = [f"v{i}\t{name}\tL\tCC\tIMAGE" for i, name in enumerate(("P1", "P1", "p1", "Q", "P_1"))]
    text = fault(sheet(*rows))
    assert re.findall(r"tsv:(\d)", text) == ["4"]
    assert "wrong too: line 6" in text
    for name, other in (("P1", "P01"), ("A-7", "a_007"), ("12", "12.0")):
        text = fault(sheet(f"v\t{name}\tL\tCC\tIMAGE", f"w\t{other}\tR\tCC\tIMAGE"))
        assert f"`{other}` differs from `{name}` on line 2 in spelling alone" in text
    apart = ("P1", "P10", "P100", "P1A", "A1-2", "A12")
    rows = [f"v{i}\t{name}\tL\tCC\tIMAGE" for i, name in enumerate(apart)]
    assert len(read_volumes(sheet(*rows), VOLUMES)) == len(apart)


def test_what_is_wrong_alike_on_many_lines_is_told_once(sheet):
    rows = [f"v{i}\tp {i}\tL\tCC\tgone/{i}" for i in range(15)]
    patients, paths = fault(sheet(*rows)).splitlines()
    lines = "lines 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 4 more"
    assert 'tsv:2, column patient_id): wrong value: "p 0" is not of the form' in patients
    assert f"; wrong too: {lines}. Fix: give string: pseudonym of the patient (letters" in patients
    assert f"tsv:2, gone/0): no such file or folder; wrong too: {lines}. Fix: correct" in paths


def test_a_decimal_comma_is_read_where_it_is_no_thousands_mark(sheet):
    header = f"{HEADER}\tpixel_spacing_mm"
    rows = read_volumes(
        sheet("v\tp\tL\tCC\tIMAGE\t0,125", "w\tp\tL\tCC\tIMAGE\t0,1", header=header), VOLUMES
    )
    assert [row["pixel_spacing_mm"] for row in rows] == [0.125, 0.1]
    text = fault(sheet("v\tp\tL\tCC\tIMAGE\t1,125", header=header))
    assert "Fix: write decimals with a point, as in 1.125." in text


def test_one_file_under_two_patients_is_refused(sheet, tmp_path):
    image = str(tmp_path / "image.png")
    text = fault(sheet(f"v\tp\tL\tCC\t{image}", f"w\tq\tL\tCC\t{image}"))
    assert "tsv:3, column path): its path stands on line 2 too, for another patient" in text
    read_volumes(sheet(f"v\tp\tL\tCC\t{image}", f"w\tp\tL\tCC\t{image}"), VOLUMES)


@pytest.mark.parametrize("name", ["NA", "unknown", "None", "anonymous", "n.a", "xxx", "REMOVED"])
def test_a_word_for_nobody_is_no_patient(sheet, name):
    text = fault(sheet("v\tp\tL\tCC\tIMAGE", *[f"w{i}\t{name}\tL\tCC\tIMAGE" for i in (1, 2)]))
    assert f"`{name}` names nobody (lines 3, 4)" in text


def test_twice_the_same_id_names_both_lines(sheet):
    text = fault(sheet("a\tp\tL\tCC\tIMAGE", "b\tp\tL\tCC\tIMAGE", "A\tp\tL\tCC\tIMAGE"))
    assert "volumes.tsv:4" in text
    assert "already stands on line 2" in text


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("volume_id\tpatient\tlaterality\tview\tpath", "did you mean `patient_id`?"),
        ("volume_id\tpatient_id\tside\tview\tpath", "did you mean `laterality`?"),
        ("volume_id\tlaterality\tview\tpath", "it has no column `patient_id`"),
        (f"{HEADER}\tpath", "column `path` stands twice"),
    ],
)
def test_a_bad_header_is_named(sheet, header, message):
    assert message in fault(sheet("v\tp\tL\tCC\tIMAGE", header=header))


def test_a_wrong_column_hides_no_other_mistake(sheet):
    header = "volume_id\tpatient\tlaterality\tview\tpath\tpixel_spacing_mm"
    rows = ("a\tp\tL\tCC\tIMAGE\t0", "a\tp\tL\tCC\tIMAGE\t1", "b\tp\tR\tCC\tgone\t1")
    found = fault(sheet(*rows, header=header)).splitlines()
    assert [line[:12] for line in found].count("ERROR [E102]") == 2
    whys = ("0 is not above 0. Fix: give number or empty, above 0, up to 5", "line 2", "gone")
    assert [sum(why in line for line in found) for why in whys] == [1, 1, 1]
    assert len(found) == 5
    nameless = fault(sheet("L\tCC\tIMAGE", "L\tCC\tgone", header="laterality\tview\tpath"))
    assert len(nameless.splitlines()) == 3


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_csv_is_as_good(sheet, tmp_path, separator):
    text = Path(sheet("001\tp\tL\tCC\tIMAGE")).read_text().replace("\t", separator)
    (tmp_path / "v.csv").write_text(text)
    (row,) = read_volumes(str(tmp_path / "v.csv"), VOLUMES)
    assert (row["volume_id"], row["view"]) == ("001", "CC")


def test_an_empty_sheet_says_so(sheet, tmp_path):
    assert "has no rows" in fault(sheet())
    (tmp_path / "empty.tsv").touch()
    (tmp_path / "huge.tsv").write_text(f"{HEADER}\n{'x' * 200_000}\n")
    assert "huge.tsv:2" in fault(str(tmp_path / "huge.tsv"))
    assert "it is empty" in fault(str(tmp_path / "empty.tsv"))
    assert "there is no such file" in fault(str(tmp_path / "absent.tsv"))


def test_a_sheet_of_another_encoding_names_the_remedy(sheet):
    path = sheet("v\tp\tL\tCC\tMädchen.png", encoding="cp1252")
    assert 'it is not UTF-8 text. Fix: save it as "CSV UTF-8"' in fault(path)


DIALECTS = {
    "the Unicode text of Excel": lambda text: text.encode("utf-16"),
    "semicolons": lambda text: text.replace("\t", ";").encode(),
    "the first line of Excel": lambda text: f"sep=;\n{text}".replace("\t", ";").encode(),
    "capitals": lambda text: text.replace(
        "volume_id\tpatient_id", " Volume ID\tPatient-Id"
    ).encode(),
    "empty columns and lines": lambda text: text.replace("\n", "\t\t\n").encode() + b"\t\t\t\n\n",
    "the index of pandas": lambda text: numbered(text, "").encode(),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "an index of that name": lambda text: numbered(text, "index").encode(),
    "its index, named": lambda text: numbered(text, "Unnamed: 0").encode(),
    "the row names of R, quoted": lambda text: quoted(numbered(text, "")).encode(),
    "quotes around tabbed cells": lambda text: (
        '"' + text.replace("\t", '"\t"').replace("\n", '"\n"')[:-1].encode().decode()
    ),
    "cells left out at the end": lambda text: re.sub("\t\t\n", "\n", text).encode(),
}


def numbered(text, name):
    head, *lines = text.splitlines()
    return "\n".join([f"{name}\t{head}", *(f"{n}\t{line}" for n, line in enumerate(lines))]) + "\n"


def quoted(text):
    return "".join(
        ",".join(f'"{cell}"' for cell in line.split("\t")) + "\n" for line in text.splitlines()
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_sheet_is_read_in_every_dialect(sheet, dialect):
    header = f"{HEADER}\tpixel_spacing_mm\tsite"
    plain = Path(sheet("a\tp\tL\tCC\tIMAGE\t0.1\tNA", "b\tp\tr\tMLO\tIMAGE\t\t", header=header))
    written = DIALECTS[dialect](plain.read_text())
    plain.write_bytes(written if isinstance(written, bytes) else written.encode())
    rows = read_volumes(str(plain), VOLUMES)
    assert [(row["volume_id"], row["patient_id"], row["laterality"]) for row in rows] == [
        ("a", "p", "L"),
        ("b", "p", "R"),
    ]
    assert [row["pixel_spacing_mm"] for row in rows] == [0.1, None]
    assert [row["site"] for row in rows] == [None, None]


def test_a_column_without_a_name_but_with_cells_is_refused(sheet):
    text = fault(sheet("left\tv\tp\tL\tCC\tIMAGE", header=f"\t{HEADER}"))
    assert "column 1 has no name of its own, and `left` in it" in text


def test_a_workbook_is_named(tmp_path):
    (tmp_path / "v.csv").write_bytes(b"PK\x03\x04...")
    assert (
        'it is a workbook (Excel or OpenDocument), no table of text. Fix: export it as "CSV UTF-8"'
        in fault(str(tmp_path / "v.csv"))
    )


@pytest.mark.parametrize(
    ("path", "why", "fix"),
    [
        ("C:\\data\\a.dcm", "a path of Windows", "in WSL /mnt/c/data/a.dcm"),
        ("\\\\server\\share\\a.dcm", "a network path of Windows", "mount the share"),
        ("https://host/a.dcm", "is an address (https://), no path", "fetch it"),
        ("$DATA/a.dcm", "holds the variable $DATA", "write the path out"),
        ("%DATA%/a.dcm", "holds the variable %DATA%", "write the path out"),
    ],
)
def test_a_path_of_elsewhere_names_the_remedy(sheet, path, why, fix):
    text = fault(sheet(f"v\tp\tL\tCC\t{path}"))
    assert why in text
    assert fix in text


def test_home_and_backslashes_are_understood(sheet, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.png").touch()
    rows = read_volumes(sheet("v\tp\tL\tCC\t~/raw/a.png", "w\tp\tL\tCC\traw\\a.png"), VOLUMES)
    assert [row["path"] for row in rows] == [str(tmp_path / "raw/a.png"), "raw/a.png"]


def test_paths_stay_inside_the_data_root(sheet, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "in.png").touch()
    rows = read_volumes(sheet("v\tp\tL\tCC\tin.png"), VOLUMES, data_root=str(root))
    assert rows[0]["path"] == str(root / "in.png")
    assert "leads out of" in fault(sheet("v\tp\tL\tCC\t../image.png"), data_root=str(root))


def test_a_path_with_a_null_byte_is_named(sheet):
    assert "column path): a path holds a NUL byte" in fault(sheet("v\tp\tL\tCC\ta\0b.png"))
