"""Sheets of volumes and annotations: every mistake has its line."""

import re
from pathlib import Path

import pytest

from tomocalc.config import load_schema
from tomocalc.errors import TomocalcError
from tomocalc.sheets import read_annotations, read_volumes

SCHEMAS = Path(__file__).parents[2] / "workflow/schemas"
VOLUMES = load_schema(SCHEMAS / "volumes.schema.yaml")
ANNOTATIONS = load_schema(SCHEMAS / "annotations.schema.yaml")
HEADER = "volume_id\tpatient_id\tlaterality\tview\tpath"


@pytest.fixture
def sheet(tmp_path):
    (tmp_path / "image.png").write_bytes(b"not looked at")

    def write(*lines, header=HEADER, encoding="utf-8", end="\n"):
        path = tmp_path / "volumes.tsv"
        text = end.join([header, *lines]) + end
        path.write_bytes(text.replace("IMAGE", str(tmp_path / "image.png")).encode(encoding))
        return str(path)

    return write


def fault(sheet_path, **options):
    with pytest.raises(TomocalcError) as caught:
        read_volumes(sheet_path, VOLUMES, **options)
    return str(caught.value)


def test_rows_are_sorted_and_ids_stay_text(sheet):
    path = sheet("1e3\t001\tL\tCC\tIMAGE", "001\tNA\tR\tMLO\tIMAGE")
    rows = read_volumes(path, VOLUMES)
    assert [row["volume_id"] for row in rows] == ["001", "1e3"]
    assert rows[0]["patient_id"] == "NA"
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
    assert re.findall(r"tsv:(\d)", fault(sheet(*rows))) == ["4"]
    for name, other in (("P1", "P01"), ("A-7", "a_007")):
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


def test_a_decimal_comma_is_named(sheet):
    text = fault(sheet("v\tp\tL\tCC\tIMAGE\t0,1", header=f"{HEADER}\tpixel_spacing_mm"))
    assert "Fix: write decimals with a point, as in 0.1." in text


def test_twice_the_same_id_names_both_lines(sheet):
    text = fault(sheet("a\tp\tL\tCC\tIMAGE", "b\tp\tL\tCC\tIMAGE", "A\tp\tL\tCC\tIMAGE"))
    assert "volumes.tsv:4" in text
    assert "already stands on line 2" in text


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("volume_id,patient_id,laterality,view,path", "not separated by tabs"),
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


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_sheet_of_another_encoding_names_the_remedy(sheet, encoding):
    path = sheet("v\tp\tL\tCC\tMädchen.png", encoding=encoding)
    assert 'it is not UTF-8 text. Fix: save it as "CSV UTF-8"' in fault(path)


def test_paths_stay_inside_the_data_root(sheet, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "in.png").touch()
    rows = read_volumes(sheet("v\tp\tL\tCC\tin.png"), VOLUMES, data_root=str(root))
    assert rows[0]["path"] == str(root / "in.png")
    assert "leads out of" in fault(sheet("v\tp\tL\tCC\t../image.png"), data_root=str(root))


def test_a_path_with_a_null_byte_is_named(sheet):
    assert "column path): a path holds a NUL byte" in fault(sheet("v\tp\tL\tCC\ta\0b.png"))


def annotations(tmp_path, *lines, header="volume_id\tslice\tx\ty\tradius\tkind"):
    path = tmp_path / "annotations.tsv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return read_annotations(str(path), ANNOTATIONS, [{"volume_id": "v"}])


def test_annotations_have_numbers_and_an_optional_slice(tmp_path):
    rows = annotations(tmp_path, "v\t\t10.5\t20\t3\tcalcification", "v\t4\t1\t2\t3\tcluster")
    assert [row["slice"] for row in rows] == [None, 4]
    assert rows[0]["x"] == 10.5
    assert rows[0]["width"] is None


def test_a_header_alone_means_no_findings(tmp_path):
    assert annotations(tmp_path) == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("w\t1\t1\t1\t3\tcluster", "E303] annotation of an unknown volume"),
        ("v\t1\t1\t1\t\tcluster", "shape is unclear"),
        ("v\t1.5\t1\t1\t3\tcluster", "column slice"),
        ("v\t1\t-1\t1\t3\tcluster", "column x"),
        ("v\t1\t1\t1\t3\tlump", "column kind"),
        ("v\t1\t\t1\t3\tcluster", "it has no place"),
    ],
)
def test_a_bad_annotation_is_named(tmp_path, row, message):
    with pytest.raises(TomocalcError) as caught:
        annotations(tmp_path, row)
    assert message in str(caught.value)
    assert "annotations.tsv:2" in str(caught.value)


def test_an_unknown_volume_is_named_once(tmp_path):
    row = "w\t1\t1\t1\t3\tcluster"
    with pytest.raises(TomocalcError) as caught:
        annotations(tmp_path, *[row] * 12)
    (line,) = str(caught.value).splitlines()
    assert (
        "`w` is not in the sheet of volumes, named on lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11" in line
    )
    assert " and 2 more. Fix" in line


def test_a_wrong_column_of_annotations_is_not_told_again_in_every_row(tmp_path):
    with pytest.raises(TomocalcError) as caught:
        annotations(tmp_path, "v\t1\t1\t1\t3\tlump", header="volume_id\tslice\tx\ty\tradios\tkind")
    unknown, kind = str(caught.value).splitlines()
    assert "it has an unknown column `radios`. Fix: did you mean `radius`?" in unknown
    assert "column kind" in kind


def test_findings_of_other_kinds_are_kept_apart(tmp_path):
    lines = ("v\t4\t1\t2\t3\tcluster", "v\t4\t1\t2\t3\tmass", "v\t4\t1\t2\t0\tcalcification")
    assert [row["kind"] for row in annotations(tmp_path, *lines)] == ["cluster", "calcification"]
    rows = read_annotations(
        str(tmp_path / "annotations.tsv"), ANNOTATIONS, [{"volume_id": "v"}], others=True
    )
    assert [row["kind"] for row in rows] == ["mass"]


def test_a_mask_must_be_there(tmp_path):
    header = "volume_id\tslice\tmask\tkind"
    with pytest.raises(TomocalcError, match=r"E104.*no file"):
        annotations(tmp_path, f"v\t4\t{tmp_path}/gone.png\tcluster", header=header)
    (tmp_path / "m.png").touch()
    (row,) = annotations(tmp_path, f"v\t4\t{tmp_path}/m.png\tcluster", header=header)
    assert row["x"] is None


def test_masks_stay_inside_the_data_root(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "m.png").touch()
    (tmp_path / "out.png").touch()
    path = tmp_path / "annotations.tsv"
    text = "volume_id\tslice\tmask\tkind\nv\t4\t{}\tcluster\n"

    def read(mask):
        path.write_text(text.format(mask))
        volumes = [{"volume_id": "v"}]
        return read_annotations(str(path), ANNOTATIONS, volumes, data_root=str(root))

    assert read("m.png")[0]["mask"] == str(root / "m.png")
    with pytest.raises(TomocalcError, match=r"annotations\.tsv:2.*leads out of"):
        read("../out.png")
    with pytest.raises(TomocalcError, match=r"E104.*no file"):
        read("gone.png")
