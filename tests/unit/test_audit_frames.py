"""Frames of pandas, as polars has them through pyarrow, and what the audit says without that."""

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from support.processes import python
from tomocalc.audit.rows import read_table
from tomocalc.audit.tables import audit_table
from tomocalc.errors import TomocalcError

DAYS = pd.DatetimeIndex(["2020-01-01", None, "2021-01-01"], dtype="datetime64[us]")
AS_ARROW_HAS_THEM = {
    "whole": pd.Series([1, 2, 3]),
    "bytes": pd.Series([1, 2, 3], dtype="uint8"),
    "with gaps": pd.Series([1.5, np.nan, np.inf]),
    "short": pd.Series([1.1, np.nan, 2], dtype="float32"),
    "truth": pd.Series([True, False, True]),
    "nullable whole": pd.Series([1, None, 3], dtype="Int64"),
    "nullable": pd.Series([1.5, None, 3], dtype="Float64"),
    "nullable truth": pd.Series([True, None, False], dtype="boolean"),
    "text": pd.Series(["a", None, "c"]),
    "text of its own": pd.Series(["a", None, "c"], dtype="string"),
    "text of Arrow": pd.Series(["a", None, "c"], dtype="string[pyarrow]"),
    "whole of Arrow": pd.Series([1, None, 3], dtype="int64[pyarrow]"),
    "objects of text": pd.Series(["a", np.nan, "c"], dtype=object),
    "whole objects": pd.Series([1, 2, None], dtype=object),
    "objects of numbers": pd.Series([1, 2.5, None], dtype=object),
    "objects of truth": pd.Series([True, None, False], dtype=object),
    "objects of dates": pd.Series([datetime.date(2020, 1, 2), None, None], dtype=object),
    "nothing": pd.Series([None, None, None], dtype=object),
    "few texts": pd.Series(["1", None, "2"], dtype="category"),
    "few numbers": pd.Series([1, None, 1], dtype="category"),
    "in order": pd.Series(pd.Categorical(["lo", "hi", "lo"], ["lo", "hi"], ordered=True)),
    "times": pd.Series(DAYS),
    "times of a place": pd.Series(DAYS).dt.tz_localize("Europe/Berlin"),
}
TEXT = {
    "a remark": (pd.Series(["a", 1, None], dtype=object), ["a", "1", None]),
    "a number first": (pd.Series([1, "a", 2.5], dtype=object), ["1", "a", "2.5"]),
    "months": (pd.Series(pd.period_range("2020-01", periods=2, freq="M")), ["2020-01", "2020-02"]),
    "money": (pd.Series([Decimal("1.5"), None], dtype=object), ["1.5", None]),
}


@pytest.mark.parametrize("kind", AS_ARROW_HAS_THEM)
def test_a_column_of_pandas_is_what_arrow_makes_of_it(kind: str) -> None:
    frame = pd.DataFrame({"x": AS_ARROW_HAS_THEM[kind]})
    expected = pl.from_dataframe(frame)
    found = read_table(frame)
    assert found.dtypes == expected.dtypes
    assert found.equals(expected)


@pytest.mark.parametrize("kind", TEXT)
def test_what_is_of_several_kinds_or_of_none_of_ours_is_text(kind: str) -> None:
    values, expected = TEXT[kind]
    assert read_table(pd.DataFrame({"x": values}))["x"].cast(pl.String).to_list() == expected


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.RangeIndex(2, 0, -1), ["x", "1"]),
        (pd.Index(["a", "b"], name="case"), ["x", "1", "case"]),
        (pd.Index(["a", "b"], name="x"), ["x", "1", "__index_level_0__"]),
        (
            pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["case", None]),
            ["x", "1", "case", "__index_level_1__"],
        ),
    ],
)
def test_an_index_that_says_something_is_a_column(index: Any, expected: list[str]) -> None:
    found = read_table(pd.DataFrame({"x": [1, 2], 1: [0.5, 1.5]}, index=index))
    assert found.columns == expected
    assert found["x"].to_list() == [1, 2]
    assert expected[2:] == [] or found[expected[2]].to_list() == ["a", "b"]


def test_two_columns_of_one_name_are_told() -> None:
    with pytest.raises(TomocalcError, match="two of its columns have the same name"):
        read_table(pd.DataFrame([[1, 2]], columns=["x", "x"]))


WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(["pyarrow"]))
import pandas, tomocalc
frame = pandas.DataFrame({"x": [7 * row % 40 / 8 for row in range(40)], "label": [0, 1] * 20})
frame["part"] = pandas.Series(["train", "test"] * 20, dtype="category")
print(tomocalc.audit_table(frame, label="label", permutations=9))
try:
    tomocalc.audit_table("table.parquet", label="label")
except tomocalc.TomocalcError as error:
    print(error)
"""


def test_pyarrow_is_for_parquet_alone() -> None:
    table, parquet = python(WITHOUT).splitlines()
    assert table.startswith("SplitAudit(")
    assert parquet.startswith("ERROR [E406] an optional package is not installed (pyarrow)")
    assert "pyarrow" in parquet.partition("pip install ")[2].rstrip(".").split()


def test_a_mark_between_thousands_is_no_decimal_comma() -> None:
    draw = np.random.default_rng(0)
    area = 250 * draw.integers(2, 40, 60)  # some twice: they name no rows
    frame = pl.DataFrame(
        {"label": draw.integers(0, 2, 60), "area": area, "part": ["train"] * 40 + ["test"] * 20}
    )
    frame = frame.with_columns(embedding=pl.concat_list("area"), image=pl.lit(b"\xff"))
    turned = str.maketrans(".,", ",.")
    found, plain, *decimal = (
        audit_table(frame.with_columns(area=text), label="label", positive="1", permutations=20)
        for text in (
            pl.Series([f"{one:,}" for one in area.tolist()]),
            pl.Series(area),
            pl.Series([f"{one / 10}".replace(".", ",") for one in area.tolist()]),
            pl.Series([f"{one:.5E}".replace(".", ",") for one in area.tolist()]),
            pl.Series([f"{one:,}" if one % 500 else f"{one:,.2f}" for one in area.tolist()]),
            pl.Series([f"{one:,.2f}".translate(turned) for one in area.tolist()]),
        )
    )
    assert found == plain
    assert {one.features[0].auroc for one in decimal} == {plain.features[0].auroc}


@pytest.mark.parametrize("gap", ["#DIV/0 !", "#N/D", "#N/A", "####", "None", "--", "n.a."])
def test_what_stands_for_no_number_leaves_its_column_a_feature(gap: str) -> None:
    area = [gap, *(f"{one},5" for one in range(59))]
    named = dict.fromkeys((" at", "at", "place", "row_twin", "rows", "tested", "twin"), area)
    frame = pl.DataFrame({**named, "label": [0, 1] * 30, "part": ["train", "test"] * 30})
    found = audit_table(frame, label="label", permutations=0)
    assert [one.feature for one in found.features] == [f"{name} of the table" for name in named]


def test_numbers_that_are_called_a_name_are_asked_and_no_features() -> None:
    draw = np.random.default_rng(0)
    label = np.repeat([0, 1], 60)
    frame = pl.DataFrame({"CaseNo": 1000 + np.arange(120), "label": label}).with_columns(
        glcm_Id=pl.Series(draw.random(120)),  # inverse difference, of PyRadiomics
        calc_no=pl.Series(draw.integers(1, 9, 120)),  # how many
        patientid=pl.Series(draw.integers(1, 60, 120)),
        StudyDate=pl.Series(20200101 + draw.integers(1, 28, 120)),
        ward=pl.Series(np.where(label, "#north", "#south")),
        count=pl.Series([f"{one:.6f} %".replace(".", ",") for one in draw.random(120)]),
        part=pl.Series(draw.choice(["train", "test"], 120)),
        finding_id=pl.when(pl.col("label") == 1).then(pl.col("CaseNo") // 3).otherwise(np.nan),
    )
    found = audit_table(frame.sample(fraction=1, shuffle=True, seed=1), label="label")
    assert {one.feature for one in found.features} == {"glcm_Id", "count", "calc_no"}
    bad = [(one.name, one.subject) for one in found.checks if one.verdict == "caution"]
    assert sorted(bad) == [("identifier_rows", "ward"), ("numbers_rows", "CaseNo"), ("unnamed", "")]
    twice = pl.concat([frame, frame[:9]])
    twice = audit_table(twice, label="label", features="glcm_Id", negative="0", permutations=0)
    assert all(one.row.isdigit() for one in twice.shared)  # no value of a feature
