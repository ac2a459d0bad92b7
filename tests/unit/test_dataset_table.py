"""A finished table enters the data set, or is refused with the place of the fault."""

import re
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import polars as pl
import pytest

from support.table_data import MAP, read
from tomocalc.accounts.quality import Classes, Gaps, Imputed
from tomocalc.dataset.feature_table import CANDIDATE, TableFacts, read_feature_table
from tomocalc.dataset.quality import quality_account
from tomocalc.errors import TomocalcError
from tomocalc.tables import FEATURES, names


def test_columns_are_mapped(tmp_path):
    rows, left_out = read(tmp_path, "A,C,y\n1,0.5,yes\n2,,no\n")
    assert left_out == TableFacts(0, 0)
    assert rows.columns == names(CANDIDATE)
    assert rows["area"].to_list() == [1.0, 2.0]
    assert rows["contrast"].to_list() == [0.5, None]
    assert rows["label"].to_list() == [1, 0]
    assert rows["gray_level"].null_count() == 2


def test_a_large_table_needs_no_patients(tmp_path):
    lines = (f"{number},{number % 7},{('yes', 'no')[number % 3 == 0]}" for number in range(40_000))
    rows, _ = read(tmp_path, "\n".join(["A,C,y", *lines]))
    assert rows["patient_id"].unique().to_list() == [""]


def test_parquet_patients_and_sites(tmp_path):
    path = tmp_path / "table.parquet"
    held = {"A": [1.0, 2], "C": [2.0, 1], "y": ["yes", "no"], "p": [7, 8], "s": ["x", "x"]}
    pl.DataFrame(held).write_parquet(path)
    rows, _ = read_feature_table(
        str(path), MAP | {"patient_id": "p", "site": "s"}, unlabelled="fail"
    )
    assert rows.select("patient_id", "site", "label").row(0) == ("7", "x", 1)


def test_columns_without_names_are_numbered_from_one(tmp_path):
    rows, _ = read(
        tmp_path,
        "1,2,'1'\n3,4,'-1'\n",
        header=False,
        features={"area": "column_1"},
        label="column_3",
        positive="'1'",
    )
    assert rows["label"].to_list() == [1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A,C,y\n1,2,yes\n1,big,no\n", "the first is `big` on line 3"),
        ('sep=,\nA,C,n,y\n1,2,"a\n\nb",yes\n\n1,big,c,no\n', "the first is `big` on line 7"),
        ("A,C,y\n1,2,yes\n1,2,\n1,3,no\n", "1 rows have no label, the first on line 3"),
        ('\nA,C,"n",y\n\n1,2,a,yes\n1,big,c,no\n', "the first is `big` on line 5"),
        ("\n\nA,C,y\n1,2,yes\n1,2,no,x\n", "table.csv:5"),
        pytest.param('A,C,y\n1,2,yes\n"' + "1,2\n" * 45_000, "cannot be told apart", id="open"),
        ("A,C,y\n1,2,1\n", "no row of column y is `yes`; it holds 1"),
        ("A,C,y\n1,2,yes\n1,-1e39,no\n", "infinite or larger than 3.4e38, the first is `-1e39` on"),
        ("A,C,y\n-999,2,yes\n-999,1,no\n5,1,no\n7,1,no\n", "2 cells are -999, unlike all others"),
        ("A,C,y\n-999,2,yes\n900,1,no\n5,1,no\n", "1 cells are -999, unlike all others"),
        ("A,C,y\n9999,2,yes\n90,1,no\n5,1,no\n", "1 cells are 9999, unlike all others"),
        ("A,C,y\n-1,2,yes\n0.9,1,no\n5,1,no\n0,1,no\n", "1 cells are -1, unlike all others"),
        ("A,C,y\n999,2,yes\n999,1,no\n999,1,no\n1e4,1,no\n5,1,no\n", "3 cells are 999, unlike"),
        ("A;C;y\n1.234;2;yes\n845;1;no\n2.105;1;no\n612;1;no\n", "2 cells are written as `1.234`"),
        ('"A" "C" "y"\n1 2 "yes"\n1 3 "no"\n', "its first line holds one cell"),
        ("A,C,y\n1,2,yes\n1,2,no,x\n", "a line has more cells than the header"),
    ],
)
def test_a_bad_table_is_named_with_its_line(tmp_path, text, message):
    with pytest.raises(TomocalcError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert "table.csv" in str(caught.value)


def test_blanks_around_numbers_and_names_do_not_count(tmp_path):
    rows, _ = read(tmp_path, " A , C,y \n 1 , 0.5,yes\n2, ,no\n")
    assert rows["area"].to_list() == [1.0, 2.0]
    assert rows["contrast"].to_list() == [0.5, None]


def test_what_spreadsheets_and_copying_leave_behind_does_not_count(tmp_path):
    plain, _ = read(tmp_path, "A,C,y\n1,0.5,yes\n2,3,no\n")
    for text in (
        "A,C,y\n\n1,0.5,yes\n \n2,3,no\n\n",
        '\n,,\n# 2026\n\n"A",C,y\n\n1,0.5,yes\n\n2,3,no\n',
        "A,C,_row,z,y\n1,0.5,a,b,yes\n2,3,c,d,no\n",
        "A,C,y\n1,0.5,yes,\n2,3,no, ,\n",
        "A,C,y,\n1,0.5,yes,\n2,3,no,\n",
        "\u200bA,C\u00a0,y\n1,0.5,yes\u200b\n2,3\u00a0,\ufeffno\n",
    ):
        assert read(tmp_path, text)[0].equals(plain)


def test_a_column_is_one_feature(tmp_path):
    with pytest.raises(TomocalcError, match=r"table\.features\): column A is .* area and contrast"):
        read(tmp_path, "A,y\n1,yes\n2,no\n", features={"area": "A", "contrast": "A"})


def test_patients_are_named_in_every_row_or_in_none(tmp_path):
    rows, _ = read(tmp_path, "A,C,y,p\n1,2,yes, a \n1,2,no,b\n", patient_id="p")
    assert rows["patient_id"].to_list() == ["a", "b"]
    rows, _ = read(tmp_path, "A,C,y,p\n1,2,yes,\n1,2,no, \n", patient_id="p")
    assert rows["patient_id"].to_list() == ["", ""]
    with pytest.raises(TomocalcError, match=r"E302.*2 of 3 rows name no patient.*line 3"):
        read(tmp_path, "A,C,y,p\n1,2,yes,a\n1,2,no,\n1,2,no, \n", patient_id="p")
    for word in ("#REF!", "Total", "-999"):
        with pytest.raises(TomocalcError, match=f"1 of 2 rows .*`{word}`, on line 3"):
            read(tmp_path, f"A,C,y,p\n1,2,yes,a\n1,2,no,{word}\n", patient_id="p")
    for name, made in (("1.2E+14", "a number that a spreadsheet has rounded"), ("3-Jan", "a date")):
        with pytest.raises(TomocalcError, match=f":2, .*`{re.escape(name)}` is {made}"):
            read(tmp_path, f"A,C,y,p\n1,2,yes,{name}\n1,2,no,b\n", patient_id="p")


def test_numbers_that_only_look_like_codes_are_read(tmp_path):
    for cells in (
        "-1 1 0 1",
        "-1 0 2 3",
        "999 5 2000 1000.5",
        "-1 -0.5 3 4",
        "-999 -1500 3 4",
        "99 40 0 1",
    ):
        lines = "\n".join(
            f"{cell},{n},{'yes' * (n < 2) or 'no'}" for n, cell in enumerate(cells.split())
        )
        assert read(tmp_path, f"A,C,y\n{lines}\n")[0].height == 4, cells


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,2,yes,a\n1,3,Yes,b\n1,4,no,c\n", r"column y\): `Yes` on line 3 .*from `yes` in spell"),
        (
            "1,2,yes,p1\n1,3,no,P01\n",
            r"csv:3, column p\): `P01` differs from `p1` on line 2 in spelling alone",
        ),
    ],
)
def test_two_spellings_of_a_label_or_patient_are_refused(tmp_path, rows, message):
    with pytest.raises(TomocalcError, match=message):
        read(tmp_path, f"A,C,y,p\n{rows}", patient_id="p")


DIALECTS = {
    "tabs": "A\tC\ty\n1.5\t-0.25\tyes\n2.125\t\tno\n",
    "decimal commas": "A;C;y\n1,5;-0,25;yes\n2,125;;no\n",
    "decimal commas with powers": "A;C;y\n1,5E+00;-2,5e-01;yes\n2,125E+00;;no\n",
    "the first line of Excel": "sep=|\nA|C|y\n1.5|-0.25|yes\n2.125||no\n",
    "words for nothing": "A,C,y\n1.5,-0.25,yes\n2.125,NA,no\n",
    "comments, empty lines, one end of lines": "# 2026\rA,C,y\r1.5,-0.25,yes\r\r2.125,,no\r,,\r",
    "row names of R": "A,C,y\n1,1.5,-0.25,yes\n2,2.125,NA,no\n",
    "the index of pandas": ",A,C,y\n0,1.5,-0.25,yes\n1,2.125,NaN,no\n",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_table_is_read_in_every_dialect(tmp_path, dialect, encoding):
    (tmp_path / "table.csv").write_text(DIALECTS[dialect], encoding=encoding)
    rows, _ = read_feature_table(str(tmp_path / "table.csv"), MAP, unlabelled="fail")
    assert rows["area"].to_list() == [1.5, 2.125]
    assert rows["contrast"].fill_nan(None).to_list() == [-0.25, None]


def test_thousands_are_no_decimals(tmp_path):
    with pytest.raises(TomocalcError, match="without a mark between thousands"):
        read(tmp_path, 'A,C,y\n"1,234",1,yes\n"2,125",2,no\n')


def test_text_of_another_encoding_names_the_remedy(tmp_path):
    path = tmp_path / "table.csv"
    lines = ["A,C,y,note", "1,2,yes,", *["1,2,no,"] * 9000, "1,2,no,Größe"]
    path.write_text("\n".join(lines), encoding="cp1252")
    with pytest.raises(TomocalcError, match=r"E302.*not UTF-8 text.*CSV UTF-8"):
        read_feature_table(str(path), MAP, unlabelled="fail")


def account_of(rows, **changes):
    how = {"source": "table", "used": ["area", "contrast"], "duplicates": "drop"}
    return quality_account(rows.lazy(), **(how | {"impute": "none", "merged": {}} | changes))


def test_gaps_and_their_filling_are_accounted_for(tmp_path):
    rows, _ = read(tmp_path, "A,C,y\n1,,yes\n2,,no\n3,4,no\n3,4,no\n")
    account = account_of(rows, impute="median")
    assert account.columns["contrast"] == Gaps(null=2, nan=0, inf=0)
    assert account.imputed == (Imputed(column="contrast", values=2, method="median"),)
    assert account.duplicates.rows == 1
    assert account.removed_duplicates == 1


@pytest.mark.parametrize(("duplicates", "used"), [("drop", 2), ("keep", 3)])
def test_duplicates_that_are_kept_are_counted_as_used(tmp_path, duplicates, used):
    rows, _ = read(tmp_path, "A,C,y\n1,2,yes\n3,4,no\n3,4,no\n")
    account = account_of(rows, duplicates=duplicates)
    assert account.without_duplicates == Classes(negatives=1, positives=1, prevalence=0.5)
    assert account.after_removal.negatives == used - 1
    assert account.after_removal.prevalence == 1 / used


def test_equal_candidates_are_counted_as_by_comparing_each_with_each():
    draw = np.random.default_rng(1)
    values = draw.choice([0.0, -0.0, 1.0, 2.0, np.nan], (400, 2)) + draw.integers(0, 9, (400, 1))
    rows = pl.DataFrame({"area": values[:, 0], "contrast": values[:, 1]}).with_columns(
        pl.Series("label", draw.integers(0, 2, 400), pl.Int8),
        *(pl.lit("").alias(name) for name in ("volume_id", "patient_id", "site")),
        *(pl.lit(1.0).alias(name) for name in names(FEATURES) if name not in {"area", "contrast"}),
        focus=True,
    )
    account = account_of(rows)
    groups = Counter(
        (str(a + 0.0), str(c + 0.0), label)
        for a, c, label in rows.select("area", "contrast", "label").iter_rows()
    )
    labels: defaultdict[Any, set[int]] = defaultdict(set)
    for area, contrast, label in groups:
        labels[area, contrast].add(label)
    assert account.candidates == 400
    assert account.duplicates.rows == 400 - len(groups)
    assert account.duplicates.groups == sum(count > 1 for count in groups.values())
    assert account.duplicates.largest_group == max(groups.values())
    assert account.after_removal.positives == sum(label for *_, label in groups)
    assert account.conflicting_labels.groups == sum(len(both) == 2 for both in labels.values())


@pytest.mark.data
def test_the_paper_table_has_its_known_faults(real_data):
    columns = {name: f"column_{place}" for place, name in enumerate(names(FEATURES)[:6], 1)}
    rows, _ = read_feature_table(
        str(real_data / "woods/mammography.csv"),
        MAP | {"header": False, "features": columns, "label": "column_7", "positive": "'1'"},
        unlabelled="fail",
    )
    account = account_of(rows, used=list(columns))
    assert account.rows == 11183
    assert account.duplicates.rows == 3334
    assert account.after_removal.negatives == 7595
    assert account.after_removal.positives == 254
    assert account.conflicting_labels.groups == 1
    assert round(account.prevalence, 4) == 0.0232
    assert round(account.after_removal.prevalence, 4) == 0.0324
