"""Sheets of annotations: every mistake has its line."""

import pytest

from support.defaults import SCHEMAS
from tomocalc.errors import TomocalcError
from tomocalc.sheets import read_annotations


def annotations(tmp_path, *lines, header="volume_id\tslice\tx\ty\tradius\tkind"):
    path = tmp_path / "annotations.tsv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return read_annotations(str(path), SCHEMAS["annotations"], ["v", "007"])


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
        ("v\t1\t7\t)\t3\tcluster", "column y"),
    ],
)
def test_a_bad_annotation_is_named(tmp_path, row, message):
    with pytest.raises(TomocalcError) as caught:
        annotations(tmp_path, row)
    assert message in str(caught.value)
    assert "annotations.tsv:2" in str(caught.value)


def test_an_unknown_volume_is_named_once(tmp_path):
    with pytest.raises(TomocalcError) as caught:
        annotations(tmp_path, *[f"w\t1\t{x}\t1\t3\tcluster" for x in range(12)])
    (line,) = str(caught.value).splitlines()
    assert "`w` is not in the sheet of volumes (lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11" in line
    assert " and 2 more). Fix: correct the volume_id" in line
    for told, meant in (("v-", "v"), ("7", "007"), ("7.0", "007")):
        with pytest.raises(
            TomocalcError, match=rf"`{told}` is.*did you mean `{meant}`\? Otherwise"
        ):
            annotations(tmp_path, f"{told}\t1\t1\t1\t3\tcluster")


def test_a_wrong_column_of_annotations_is_not_told_again_in_every_row(tmp_path):
    rows = [f"v\t1\t1\t1\t{radius}\tlump" for radius in (3, 4)]
    with pytest.raises(TomocalcError) as caught:
        annotations(tmp_path, *rows, header="volume_id\tslice\tx\ty\tradios\tkind")
    unknown, kind = str(caught.value).splitlines()
    assert "it has an unknown column `radios`. Fix: did you mean `radius`?" in unknown
    assert "column kind" in kind


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("volume_id\tslice\tx\ty\tkind", r"E102.*no column `radius`. Fix: add it, in pixels, 0"),
        ("volume_id\tslice\tradius\tkind\tbirads", r"E102.*no column `x` and `y`. Fix: add it"),
    ],
)
def test_a_column_that_no_row_can_do_without_is_told_once(tmp_path, header, words):
    cells = "3\tcluster\t" if "birads" in header else "1\t5\tcluster"
    lines = [f"v\t{number}\t{cells}" for number in range(30)]
    with pytest.raises(TomocalcError, match=words) as caught:
        annotations(tmp_path, *lines, header=header)
    assert len(str(caught.value).splitlines()) == 1


def test_the_other_sheet_is_told_in_two_lines(tmp_path):
    header = "volume_id\tpatient_id\tpath\tsite\tdensity"
    with pytest.raises(TomocalcError, match=r"unknown column `density`, `path`") as caught:
        annotations(tmp_path, "v\tp\tv.dcm\tx\tA", header=header)
    first, second = str(caught.value).splitlines()
    assert first.endswith("birads.")
    assert second.endswith(
        "no column `kind`, `slice`. Fix: add it, or name the sheet that is meant."
    )


def test_what_is_wrong_in_the_same_way_on_many_lines_is_told_once(tmp_path):
    with pytest.raises(TomocalcError, match=r"tsv:2\): shape is unclear; wrong too: lines 3, 4,"):
        annotations(tmp_path, *[f"v\t{number}\t1\t1\t\tcluster" for number in range(30)])


def test_unknown_words_of_a_column_are_told_together(tmp_path):
    head = "volume_id\tslice\tx\ty\tradius\tkind\tpathology"
    words = ("B", "M", "benign", "B", "unsure")
    rows = [f"v\t{n}\t1\t1\t2\tcluster\t{word}" for n, word in enumerate(words)]
    with pytest.raises(TomocalcError) as error:
        annotations(tmp_path, *rows, header=head)
    assert len(str(error.value).splitlines()) == 1
    assert "`B`, `M`, `unsure` are none of its words (lines 2, 3, 5, 6). Fix: use one of: " in str(
        error.value
    )


def test_findings_of_other_kinds_are_kept_apart(tmp_path):
    lines = ("v\t4\t1\t2\t3\tcluster", "v\t4\t1\t2\t3\tmass", "v\t4\t1\t2\t0\tcalcification")
    assert [row["kind"] for row in annotations(tmp_path, *lines)] == ["cluster", "calcification"]
    rows = read_annotations(
        str(tmp_path / "annotations.tsv"), SCHEMAS["annotations"], ["v"], others=True
    )
    assert [row["kind"] for row in rows] == ["mass"]


def test_a_finding_that_is_told_again_is_refused(tmp_path):
    lines = (
        "v\t4\t1\t2\t3\tcluster",
        "v\t5\t1\t2\t3\tcluster",
        *["v\t4.0\t1.0\t2\t3\tCluster"] * 2,
    )
    with pytest.raises(TomocalcError, match=r"tsv:4\): it repeats line 2; wrong too: line 5"):
        annotations(tmp_path, *lines)


def test_a_box_may_reach_over_the_border(tmp_path):
    header = "volume_id\tslice\tx\ty\twidth\theight\tkind"
    (row,) = annotations(tmp_path, "v\t3\t-4.5\t40\t60\t40\tcalcification", header=header)
    assert row["x"] == -4.5
    with pytest.raises(TomocalcError, match=r"column x\): its centre lies at -1, outside"):
        annotations(tmp_path, "v\t3\t-31\t40\t60\t40\tcalcification", header=header)


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
        volumes = ["v"]
        return read_annotations(str(path), SCHEMAS["annotations"], volumes, data_root=str(root))

    assert read("m.png")[0]["mask"] == str(root / "m.png")
    with pytest.raises(TomocalcError, match=r"annotations\.tsv:2.*leads out of"):
        read("../out.png")
    with pytest.raises(TomocalcError, match=r"E104.*no file"):
        read("gone.png")
