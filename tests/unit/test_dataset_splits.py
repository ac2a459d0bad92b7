"""Parts share nothing under the honest protocol, and everything under the paper's."""

import json

import polars as pl
import pytest

from support.candidates import candidate_rows, cohort
from support.table_data import split_into
from tomocalc.accounts.leakage import Verdict
from tomocalc.audit.audit import audit_split, rows_of_split
from tomocalc.dataset.splits import split_honest, split_paper, usable_candidates
from tomocalc.errors import TomocalcError
from tomocalc.parquet import read_parquet, write_parquet

USED = ["area", "contrast"]


@pytest.fixture
def focus():
    return usable_candidates(cohort(), used=USED, duplicates="drop")


def honest(focus, **changes):
    settings = {"seed": 1, "validation_fraction": 0.2, "test_fraction": 0.3, "folds": 3}
    return split_honest(focus, **(settings | changes))  # type: ignore[arg-type]


def parts_of(splits, column):
    return splits.group_by(column).agg(pl.col("part").n_unique())["part"].max()


def test_parts_that_were_given_before_the_search_stay(focus):
    usual = honest(focus)
    moved = {"train": "test", "test": "validation", "validation": "train"}
    first = usual.unique("patient_id")
    given = {row["patient_id"]: moved[row["part"]] for row in first.iter_rows(named=True)}
    splits = honest(focus, parts=given)
    assert {row["patient_id"]: row["part"] for row in splits.iter_rows(named=True)} == given
    assert set(splits.filter(pl.col("part") == "test")["fold"]) == {-1}
    assert set(splits.filter(pl.col("part") != "test")["fold"]) == {0, 1, 2}


def test_no_patient_is_in_two_parts_or_folds(focus):
    splits = honest(focus)
    assert parts_of(splits, "patient_id") == 1
    assert splits.group_by("patient_id").agg(pl.col("fold").n_unique())["fold"].max() == 1
    assert set(splits["part"]) == {"train", "validation", "test"}
    assert set(splits.filter(pl.col("part") == "test")["fold"]) == {-1}
    assert set(splits.filter(pl.col("part") != "test")["fold"]) == {0, 1, 2}


def test_nothing_is_repeated_and_nothing_lost(focus):
    splits = honest(focus)
    assert splits.height == focus.height
    assert splits["copy"].max() == 0


def test_without_patients_equal_vectors_stay_together():
    values = [float(number // 3) for number in range(60)]
    rows = candidate_rows(area=values, label=[number // 3 % 2 for number in range(60)])
    focus = usable_candidates(rows, used=["area"], duplicates="keep")
    assert focus["group"].n_unique() == 20
    assert parts_of(honest(focus), "group") == 1


def test_duplicates_are_equal_features_and_label():
    rows = candidate_rows(area=[1, 1, 1, 2], label=[0, 0, 1, 0])
    kept = usable_candidates(rows, used=["area"], duplicates="drop")
    assert kept["candidate_id"].to_list() == [0, 2, 3]
    assert kept["group"].to_list() == [0, 0, 1]
    assert usable_candidates(rows, used=["area"], duplicates="keep").height == 4


def test_equal_features_of_two_patients_are_no_duplicates():
    rows = candidate_rows(area=[1, 1, 1], label=[0, 0, 0], patient_id=["a", "a", "b"])
    kept = usable_candidates(rows, used=["area"], duplicates="drop")
    assert kept["candidate_id"].to_list() == [0, 2]


def test_the_seed_decides(focus):
    assert honest(focus).equals(honest(focus))
    assert not honest(focus).equals(honest(focus, seed=2))


def test_too_few_of_a_class_is_an_error():
    focus = usable_candidates(cohort(patients=4), used=USED, duplicates="drop")
    with pytest.raises(TomocalcError) as caught:
        honest(focus)
    assert "E304" in str(caught.value)
    assert "holds no positive candidate" in str(caught.value)
    assert "2 of 4 patients have a positive candidate, 4 a negative one" in str(caught.value)


@pytest.mark.parametrize("without", [0, 1, 3])
def test_a_cohort_in_which_nearly_every_patient_has_a_calcification_is_split(without):
    rows = cohort(patients=20, each=10).with_columns(
        label=pl.when(pl.col("patient_id") >= f"p{without:02d}")
        .then(pl.col("candidate_id") < 2)
        .otherwise(pl.lit(value=False))
        .cast(pl.Int8)
    )
    splits = honest(usable_candidates(rows, used=USED, duplicates="drop"))
    assert parts_of(splits, "patient_id") == 1
    for place in ("part", "fold"):
        assert splits.group_by(place).agg(pl.col("label").n_unique())["label"].min() == 2


@pytest.mark.parametrize("patients", [8, 12, 15])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.7])
def test_no_chance_leaves_a_part_or_a_fold_without_a_class(patients, share):
    focus = usable_candidates(cohort(patients=patients), used=USED, duplicates="drop")
    for seed in range(5):
        splits = honest(focus, seed=seed, test_fraction=share)
        for place in ("part", "fold"):
            assert splits.group_by(place).agg(pl.col("label").n_unique())["label"].min() == 2
        assert parts_of(splits, "patient_id") == 1


def test_the_number_of_folds_that_works_is_named(focus):
    with pytest.raises(
        TomocalcError, match=r"E304.*10 of 20 patients have a positive.*split\.folds to 9"
    ):
        honest(focus, folds=10)
    assert honest(focus, folds=9)["fold"].n_unique() == 10


def test_a_table_of_patients_of_whom_few_have_a_negative_row_is_split():
    label = (pl.col("patient_id") > "p03") | (pl.col("candidate_id") < 2)
    rows = cohort(patients=9, each=6).with_columns(
        label=label.cast(pl.Int8), volume_id=pl.lit("table")
    )
    focus = usable_candidates(rows, used=USED, duplicates="keep")
    for seed in range(5):
        splits = honest(focus, seed=seed)
        for place in ("part", "fold"):
            assert splits.group_by(place).agg(pl.col("label").n_unique())["label"].min() == 2
    told = (
        r"9 of 9 patients have a positive row, 4 a negative one.*set split.folds to 3, or add pat"
    )
    with pytest.raises(TomocalcError, match=told):
        honest(focus, folds=5)


def test_the_paper_protocol_names_what_it_lacks(focus):
    with pytest.raises(TomocalcError, match=r"E304.*raise split\.test_fraction"):
        split_paper(focus.head(30), seed=1, test_fraction=0.01, folds=3)
    for label, found in ((0, "found 0 positive"), (1, "and 0 negative")):
        one = focus.filter(pl.col("label") == label)
        with pytest.raises(TomocalcError, match=f"E304.* {found}"):
            split_paper(one, seed=1, test_fraction=0.2, folds=3)


def test_the_paper_protocol_balances_first_and_leaks(focus):
    splits = split_paper(focus, seed=1, test_fraction=0.2, folds=3)
    assert splits["label"].mean() == 0.5
    assert splits.height == 2 * 180
    assert splits.filter(pl.col("part") == "test").height == 72
    audit = audit_split(rows_of_split(splits, focus, used=USED, whole=False), permutations=0)
    copies = audit.check("copies")
    assert audit.verdict is Verdict.LEAKS
    assert (copies.positives or 0) / (copies.of_positives or 1) > 0.9
    assert copies.count == copies.positives


def test_the_honest_protocol_is_clean(focus):
    split = rows_of_split(honest(focus), focus, used=USED, whole=False)
    audit = audit_split(split, permutations=0)
    assert audit.verdict is Verdict.CLEAN
    assert audit.shared == []


@pytest.mark.parametrize("protocol", ["honest", "paper"])
def test_the_split_is_written_with_its_account(tmp_path, protocol):
    write_parquet(tmp_path / "candidates.parquet", cohort())
    settings = {"validation_fraction": 0.2, "test_fraction": 0.3, "folds": 3}
    candidates = tmp_path / "candidates.parquet"
    split_into(tmp_path, candidates, protocol=protocol, features=USED, settings=settings)
    account = json.loads((tmp_path / "split.json").read_text())
    splits = read_parquet(tmp_path / "splits.parquet")
    assert account["audit"]["verdict"] == {"honest": "clean", "paper": "leaks"}[protocol]
    assert sum(part["rows"] for part in account["parts"].values()) == splits.height
    assert account["before"]["candidates"] == 200
