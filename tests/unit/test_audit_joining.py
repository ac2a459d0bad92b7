"""A split and a table: which lines belong to which rows."""

import pandas as pd
import polars as pl
import pytest

from tomocalc.audit.joining import joined_table
from tomocalc.errors import TomocalcError

TABLE = pl.DataFrame(
    {
        "lesion": ["a", "b", "c", "d", "e", "f"],
        "patient": ["1", "1", "2", "2", "3", "3"],
        "scanner": ["X", None, "X", "Y", "Y", None],
        "label": [0, 1, 0, 0, 1, 0],
        "area": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        "_place": [0.5] * 6,
    }
)
KEYS = [pl.col("label").alias(name) for name in ("volume_id", "candidate_id")]
PARTS = ["train", "train", "train", "train", "test", "test"]
OF_PATIENT = pl.DataFrame({"patient": ["3", "1", "2"], "subset": ["test", "train", "train"]})


def parts(split, **given):
    rows, unassigned = joined_table(TABLE, split, **given)
    return dict(rows.select("lesion", "part").iter_rows()), unassigned


@pytest.mark.parametrize(
    "split",
    [
        pl.DataFrame({"part": PARTS}),
        pl.DataFrame({"row": range(6), "part": PARTS}).reverse(),
        pl.DataFrame({"row": [f"{row:03}" for row in range(6)], "part": PARTS}),
        TABLE.select("lesion", part=pl.Series(PARTS)).reverse(),
        TABLE.select("lesion", "scanner", "label", part=pl.Series(PARTS)).reverse(),
        TABLE.with_columns(part=pl.Series(PARTS)).reverse(),
        TABLE.select("lesion", *KEYS, part=pl.Series(PARTS)).reverse(),
        OF_PATIENT.rename({"subset": "Subset "}).with_columns(pl.col("Subset ") + "ing data set"),
        OF_PATIENT.with_columns(pl.col("patient") + ".0").rename({"patient": "Subject ID"}),
        TABLE.select("patient", fold=pl.Series([0, 0, 1, 1, 2, 2]), part=pl.Series(PARTS)),
        OF_PATIENT.with_columns(scanner=pl.Series(["X", None, "Y"]), label=pl.Series([1, 1, 0])),
    ],
    ids=["order", "row", "zeros", "lesion", "more", "all", "keys", "whose", "who", "folds", "its"],
)
def test_a_split_belongs_to_its_rows_in_whatever_way_it_says_so(split):
    assert parts(split, patient="patient") == (dict(zip("abcdef", PARTS, strict=True)), 0)


def test_a_patient_of_two_parts_is_in_both():
    twice = pl.concat([OF_PATIENT, pl.DataFrame({"patient": ["1"], "subset": ["test"]})])
    rows, unassigned = joined_table(TABLE, twice, patient="patient")
    assert (rows.height, unassigned) == (8, 0)
    assert set(rows.filter(pl.col("lesion") == "a")["part"]) == {"train", "test"}


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ({"case": ["1", "2", "3"], "part": PARTS[2:5]}, "(patient, for patients)"),
        ({"finding": list("fedcba"), "part": PARTS}, "it has no column of the table"),
        ({"case": ["1", "2"], "scanner": ["X", "X"], "part": PARTS[3:5]}, "in several parts"),
        ({"patient": ["01", "02"], "part": PARTS[3:5]}, "compare how both spell it"),
        ({"patient": ["1", "9"], "part": PARTS[3:5]}, "1 of its lines"),
        ({"row": range(1, 7), "part": PARTS}, "count rows from 0, without the header: the last"),
        ({"lesion": ["a", "B"], "part": PARTS[3:5]}, "lesion as it stands there: case, zeros"),
        ({"case": [1, 2], "scanner": ["X", "X"], "part": PARTS[3:5]}, "also by the split, row 0"),
        ({"patient": list("123123"), "fold": list("000111"), "part": PARTS}, "numbers 2 splits"),
    ],
)
def test_a_split_that_does_not_say_to_what_it_belongs_is_refused(split, words):
    with pytest.raises(TomocalcError) as error:
        joined_table(TABLE, pl.DataFrame(split), patient="patient")
    assert words in str(error.value)


def test_a_row_of_an_image_is_no_number_of_a_row():
    table = TABLE.with_columns(row=pl.Series([40, 40, 7, 8, 9, 9]))
    numbered = pl.DataFrame({"row": range(6), "part": PARTS})
    for split in (numbered, table.select("row", "lesion", part=pl.Series(PARTS))):
        rows, _ = joined_table(table, split.reverse(), patient="patient")
        assert rows["part"].to_list() == PARTS
        assert rows["row"].cast(pl.Int64).to_list() == table["row"].to_list()
    with pytest.raises(TomocalcError, match="what the column row of the table holds"):
        joined_table(TABLE.with_columns(row=pl.int_range(1, 7)), numbered)


def test_parts_alone_are_read_from_a_text(tmp_path):
    path = tmp_path / "split.csv"
    path.write_text("\n\n".join(["part", *PARTS]) + "\n\n")
    assert parts(str(path)) == (dict(zip("abcdef", PARTS, strict=True)), 0)
    path.write_text("lesion part\na train\nf test\n")
    with pytest.raises(TomocalcError, match="it holds one column, and that is no part"):
        parts(str(path))


def test_a_column_of_another_library_is_no_table():
    with pytest.raises(TomocalcError, match=r"split\): a Series is no.*a split needs a column"):
        joined_table(TABLE, pd.Series(PARTS))


def test_three_parts_may_be_tables_of_their_own():
    three = dict.fromkeys(("train", "validation", "test"), TABLE)
    assert joined_table(three, None)[0].height == 18
    three["validation"] = TABLE.drop("scanner")
    with pytest.raises(TomocalcError, match="not all have the column scanner"):
        joined_table(three, None)
