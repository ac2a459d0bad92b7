"""Sheets of volumes: every mistake has its line."""

import re
from pathlib import Path

import pytest

from support.sheets import HEADER, VOLUMES, fault, read_volumes, sheet_writer


@pytest.fixture
def sheet(tmp_path):
    return sheet_writer(tmp_path)


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
        ("v\tp\tleft\tCC\tIMAGE", "column laterality): `left` is none of its words"),
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
    assert (
        "Fix: write decimals with a point, as in 1.125, and thousands without a mark, as in 1125."
        in text
    )


def test_one_file_under_two_patients_is_refused(sheet, tmp_path):
    image = str(tmp_path / "image.png")
    text = fault(sheet(f"v\tp\tL\tCC\t{image}", f"w\tq\tL\tCC\t{image}"))
    assert "tsv:3, column path): its path stands on line 2 too, for another patient" in text
    (tmp_path / "link").symlink_to(tmp_path)
    for again in (image, f"{tmp_path}/link/*.png", f"{tmp_path}/../{tmp_path.name}/image.png"):
        text = fault(sheet(f"v\tp\tL\tCC\t{image}", f"w\tp\tR\tCC\t{again}"))
        assert "on line 2 too. Fix: correct or delete one of the lines" in text


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("P12_L", "P12_R", "`P12_R` differs from `P12_L` on line 2 in a side, a view, a visit"),
        ("P12_LCC", "P12_RMLO", "in a side, a view, a visit or a date alone"),
        ("12-20240131", "12-20251201", "in a side, a view, a visit or a date alone"),
        ("12", "patient12", "`patient12` differs from `12` on line 2 in spelling alone"),
        ("P12", "\u0420\u0661\u0662", "on line 2 in spelling alone"),  # Cyrillic, Arabic
        ("3fa9c01d", "3fa9c01d77e2", "`3fa9c01d77e2` begins with all of `3fa9c01d` on line 2"),
        ("1.23457E+14", "q", "is a number that a spreadsheet has rounded"),
        ("#REF!", "q", "the first, `#REF!`, on line 2"),
        ("Total", "q", "the first, `Total`, on line 2"),
    ],
)
def test_one_woman_under_two_ids_is_told(sheet, one, other, why):
    assert why in fault(sheet(f"v\t{one}\tL\tCC\tIMAGE", f"w\t{other}\tR\tCC\tIMAGE"))


def test_a_view_has_one_spelling_and_the_side_of_its_breast(sheet):
    rows = [f"{n}\tp\tR\t{view}\tIMAGE" for n, view in enumerate(("RCC", "cc", "R-mlo", "Spot1"))]
    assert [row["view"] for row in read_volumes(sheet(*rows), VOLUMES)] == [
        *("CC", "CC", "MLO", "Spot1")
    ]
    assert "its view is of side L, and its laterality is R" in fault(sheet("v\tp\tR\tLCC\tIMAGE"))


@pytest.mark.parametrize("name", ["NA", "unknown", "None", "anonymous", "n.a", "xxx", "REMOVED"])
def test_a_word_for_nobody_is_no_patient(sheet, name):
    text = fault(sheet("v\tp\tL\tCC\tIMAGE", *[f"w{i}\t{name}\tL\tCC\tIMAGE" for i in (1, 2)]))
    assert f"2 of 3 rows name no patient, the first, `{name}`, on line 3" in text


def test_twice_the_same_id_names_both_lines(sheet):
    text = fault(sheet("a\tp\tL\tCC\tIMAGE", "b\tp\tL\tCC\tIMAGE", "A\tp\tL\tCC\tIMAGE"))
    assert "volumes.tsv:4" in text
    assert "already stands on line 2" in text


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("volume_id\tpatient\tlaterality\tview\tpath", "did you mean `patient_id`?"),
        ("volume_id\tpatient_id\tside\tview\tpath", "did you mean `laterality`?"),
        (
            "volume_id\tpatient_id\tpixel_spacing_um\tpath",
            "`pixel_spacing_mm`, whose unit is another",
        ),
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
    assert len(nameless.splitlines()) == 2


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
    for name in "abcd":
        (tmp_path / f"raw/{name} 1.png").touch()
    told = ("~/raw/a 1.png", "raw\\b 1.png", "'raw/c 1.png'", f"file://{tmp_path}/raw/d%201.png")
    rows = read_volumes(sheet(*(f"{n}\tp\tL\tCC\t{path}" for n, path in enumerate(told))), VOLUMES)
    here = [str(Path(row["path"]).absolute()) for row in rows]
    assert here == [str(tmp_path / f"raw/{name} 1.png") for name in "abcd"]


def test_paths_stay_inside_the_data_root(sheet, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "in.png").touch()
    rows = read_volumes(sheet("v\tp\tL\tCC\tin.png"), VOLUMES, data_root=str(root))
    assert rows[0]["path"] == str(root / "in.png")
    assert "leads out of" in fault(sheet("v\tp\tL\tCC\t../image.png"), data_root=str(root))
