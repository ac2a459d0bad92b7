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
    }
)
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
        TABLE.select("lesion", part=pl.Series(PARTS)).reverse(),
        TABLE.select("lesion", "scanner", "label", part=pl.Series(PARTS)).reverse(),
        TABLE.with_columns(part=pl.Series(PARTS)).reverse(),
        OF_PATIENT.rename({"subset": "Subset "}),
        OF_PATIENT.with_columns(pl.col("patient") + ".0").rename({"patient": "Subject ID"}),
        TABLE.select("patient", fold=pl.Series([0, 0, 1, 1, 2, 2]), part=pl.Series(PARTS)),
        OF_PATIENT.with_columns(scanner=pl.Series(["X", None, "Y"]), label=pl.Series([1, 1, 0])),
    ],
    ids=["order", "row", "lesion", "attributes", "table", "patients", "pandas", "folds", "theirs"],
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
        ({"patient": list("123123"), "fold": list("000111"), "part": PARTS}, "numbers 2 splits"),
    ],
)
def test_a_split_that_does_not_say_to_what_it_belongs_is_refused(split, words):
    with pytest.raises(TomocalcError) as error:
        joined_table(TABLE, pl.DataFrame(split), patient="patient")
    assert words in str(error.value)


def test_a_column_of_another_library_is_no_table():
    with pytest.raises(TomocalcError, match=r"a Series is no table.*a path or a data frame"):
        joined_table(TABLE, pd.Series(PARTS))


def test_three_parts_may_be_tables_of_their_own():
    three = dict.fromkeys(("train", "validation", "test"), TABLE)
    assert joined_table(three, None)[0].height == 18
    three["validation"] = TABLE.drop("scanner")
    with pytest.raises(TomocalcError, match="not all have the column scanner"):
        joined_table(three, None)
