"""Columns of a finished table: how labels and names may be written, and which are features."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from support.defaults import CONFIG
from support.table_data import MAP, merge_and_split, read
from tomocalc.accounts.quality import QualityAccount
from tomocalc.dataset.doubts import table_doubts
from tomocalc.dataset.feature_table import read_feature_table
from tomocalc.eda.table import load_table
from tomocalc.errors import TomocalcError
from tomocalc.model.sequences import build_samples
from tomocalc.parquet import write_parquet


def test_one_number_is_one_label_however_it_is_written(tmp_path):
    text = "A,C,y\n1,2,{}\n3,4,0\n5,6,nan\n"
    for word in ("1", "1.0", " 01 ", "1e0"):
        for positive in ("1", "1.0"):
            rows, left_out = read(tmp_path, text.format(word), positive=positive, unlabelled="drop")
            assert (rows["label"].to_list(), left_out.unlabelled) == ([1, 0], 1)
    frame = pl.DataFrame({"A": [1.0, 2, 3], "C": [1.0, 2, 3], "y": [1.0, 0.0, float("nan")]})
    frame.write_parquet(tmp_path / "t.parquet")
    with pytest.raises(TomocalcError, match="1 rows have no label, the first on line 3"):
        read_feature_table(str(tmp_path / "t.parquet"), MAP | {"positive": "1"}, unlabelled="fail")
    rows, _ = read(tmp_path, "A,C,y\n1,2,none\n3,4,calc\n", positive="calc", negative=["none"])
    assert rows["label"].to_list() == [0, 1]


def test_a_spoilt_parquet_file_is_one_line(tmp_path, capfd):
    path, about = tmp_path / "t.parquet", {"about": "this table"}
    write_parquet(path, pl.DataFrame({"A": [1.0], "C": [2.0], "y": ["yes"]}), about)
    path.write_bytes(path.read_bytes().replace(b"about", b"ab\xffut"))
    with pytest.raises(TomocalcError, match="the table cannot be used"):
        read_feature_table(str(path), MAP, unlabelled="fail")
    assert capfd.readouterr().err == ""  # libraries in Rust print their own reports


def test_a_column_that_the_header_names_twice_is_refused(tmp_path):
    for header in ("A,C,y,A", "A,C,y, A ", "A,C,y,A,A "):
        with pytest.raises(TomocalcError, match="several columns A"):
            read(tmp_path, f"{header}\n1,2,yes,3,\n2,3,no,4,\n")
    rows, _ = read(tmp_path, "A,C,y,B,B\n1,2,yes,3,4\n2,3,no,4,5\n")
    assert rows["area"].to_list() == [1.0, 2.0]


def test_any_columns_of_a_table_are_features(tmp_path):
    """Two of 18 measured ones and radiomics' own; the map names only what is called otherwise."""
    draw = np.random.default_rng(1)
    malignant = np.arange(120) % 2 == 0
    values = {
        "original_glcm_Contrast": draw.normal(size=120),
        "wavelet-LL mean": draw.normal(size=120),
    }
    values["A"] = draw.normal(size=120) + malignant
    words = np.where(malignant, "MALIGNANT", "BENIGN")
    table = pl.DataFrame(
        {"patient": [f"p{n // 2}" for n in range(120)], "pathology": words} | values
    )
    table.write_csv(tmp_path / "table.csv")
    features = ["original_glcm_Contrast", "area", "wavelet-LL mean"]
    paths = merge_and_split(
        tmp_path,
        str(tmp_path / "table.csv"),
        columns={
            "features": {"area": "A"},
            "label": "pathology",
            "positive": "MALIGNANT",
            "patient_id": "patient",
        },
        features=features,
        protocol="honest",
        config=CONFIG,
    )
    rows = pl.read_parquet(paths["candidates"])
    assert rows["wavelet-LL mean"].to_numpy() == pytest.approx(values["wavelet-LL mean"], rel=1e-6)
    assert QualityAccount.read(paths["quality"]).columns["original_glcm_Contrast"].null == 0
    samples = build_samples(
        rows,
        pl.read_parquet(paths["splits"]),
        features=features,
        sequence={"kind": "single_step", "slices": 1},
    )
    assert samples.x.shape == (120, 1, 3)
    assert load_table(paths["candidates"]).features.keys() == {*features}


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ([*range(40, 61), 99], 99),  # years of age
        ([*range(40, 61), 0], 0),
        ([1, 2, 2, 3, 3, 4, 4, 9, 9, 9], 9),  # grades
        ([0.37 + n for n in range(0, 2000, 37)] + [999], 999),
        ([*range(0, 4000, 7), 999, 999, 999], 999),
        ([n / 10 for n in range(150, 250, 3)] + [99.9], 99.9),
        ([*range(200, 250), 255, 255, 255, 255], 255),  # cut off
        ([*range(80, 120)], None),
        ([0, 0, 0, 1, 1, 2, 3, 5, 9], None),
        ([n / 8 for n in range(0, 900, 3)], None),
        ([0.0] * 30 + [5 + n / 100 for n in range(70)], None),
    ],
)
def test_a_number_that_may_stand_for_no_value_is_told(numbers, code):
    table = pl.DataFrame({"a": numbers}, strict=False)
    found = table_doubts(table, ["a"], label="y", patient_id=None, cluster=None)
    assert [doubt.values["value"] for doubt in found] == ([] if code is None else [code])


def test_patients_that_number_rows_and_rows_of_two_views_are_told(tmp_path):
    text = "A,C,y,p,view\n1,2,yes,{},LCC\n3,4,yes,{},LMLO\n5,6,no,{},\n"
    for names, clusters, codes in (
        (("a", "a", "b"), None, ["several_views"]),
        (("a", "a", "b"), "k", []),
        (("1", "2", "3"), None, ["patients_numbered"]),
        (("7", "12", "9"), None, []),
    ):
        table = text.format(*names)
        if clusters:
            table = "\n".join(f"{line},{n}" for n, line in enumerate(table.split())).replace(
                ",0", ",k", 1
            )
        _, facts = read(tmp_path, table, patient_id="p", cluster=clusters)
        assert [doubt.code for doubt in facts.doubts] == codes


EMBEDDING, AGES, DAYS = [[1.0], [2.0]], [timedelta(1)] * 2, [date(2024, 1, 3)] * 2


@pytest.mark.parametrize("cells", [EMBEDDING, [{"a": 1}] * 2, [b"\xff"] * 2, AGES, DAYS])
def test_what_is_asked_for_is_text_or_numbers(tmp_path, cells):
    table = pl.DataFrame({"A": [1.0, 2], "C": [2.0, 1], "y": ["yes", "no"], "p": cells})
    table.write_parquet(path := tmp_path / "t.parquet")
    read_feature_table(str(path), MAP | {"patient_id": "A"}, unlabelled="fail")
    asked = {"patient_id": "p"}, {"label": "p"}, {"features": {"area": "p"}}, {"subgroups": ["p"]}
    for more in asked[: 3 if cells is DAYS else 4]:
        with pytest.raises(TomocalcError, match=r"E302.*column p.: it holds (Li|St|Bi|Du|Date)"):
            read_feature_table(str(path), MAP | more, unlabelled="fail", needed=["area"])
