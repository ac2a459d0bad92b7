"""The leakage audit: matched prevalence, identifiers, single features, verdicts, own splits."""

import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace
from sklearn import metrics

from support.candidates import candidate_rows, cohort
from tomocalc.accounts.split import Copies, Near, Sharing
from tomocalc.audit.account import audit_split, single_features, verdict
from tomocalc.audit.gaps import protocol_gaps
from tomocalc.audit.identifiers import Association, associations
from tomocalc.audit.own_split import read_own_split
from tomocalc.audit.prevalence import class_weights, figures_at
from tomocalc.dataset.splits import split_honest, split_paper, usable_candidates
from tomocalc.errors import TomocalcError

FEATURES = ["area", "contrast"]
LABEL = np.array([1, 1, 0, 0], np.int8)
SCORE = np.array([0.9, 0.4, 0.6, 0.1])
NOTHING = Sharing(
    test_rows_with_copy_in_train=Copies(all=0.0, positive=0.0, negative=0.0),
    shared_patients=0,
    shared_groups=0,
    near_duplicates=Near(share=0.0, distance=0.01),
    patients_named=True,
    verdict="clean",
)


def test_weights_give_the_wanted_prevalence():
    weights = class_weights(np.array([1, 0, 0, 0], np.int8), 0.4)
    assert weights == pytest.approx([0.4, 0.2, 0.2, 0.2])


def test_figures_at_a_prevalence_by_hand():
    # recall ½ at precision 1; all recalled with half of the others: 0.2 / (0.2 + 0.4) = ⅓
    found = figures_at(LABEL, SCORE, threshold=0.5, prevalence=0.2)
    assert found["average_precision"] == pytest.approx((1 + 1 / 3) / 2)
    assert found["auroc"] == pytest.approx(0.75)
    assert found["accuracy"] == pytest.approx(0.2 * 0.5 + 0.8 * 0.5)
    assert found["f1"] == pytest.approx(2 * 0.1 / (0.1 + 0.4 + 0.2))
    nothing = figures_at(LABEL, SCORE, threshold=0.95, prevalence=0.2)
    assert (nothing["f1"], nothing["accuracy"]) == pytest.approx((0, 0.8))


@pytest.mark.parametrize("prevalence", [0.02, 0.5, 0.9])
def test_figures_equal_scikit_learn_with_weights(prevalence):
    draw = np.random.default_rng(2)
    for _ in range(50):
        label = np.append((draw.random(30) < 0.5), [True, False]).astype(np.int8)
        score = draw.random(32).round(1)
        weights = class_weights(label, prevalence)
        found = figures_at(label, score, threshold=0.5, prevalence=prevalence)
        called = score >= 0.5
        expected = {
            "average_precision": metrics.average_precision_score(
                label, score, sample_weight=weights
            ),
            "auroc": metrics.roc_auc_score(label, score),
            "f1": metrics.f1_score(label, called, sample_weight=weights),
            "accuracy": metrics.accuracy_score(label, called, sample_weight=weights),
        }
        assert found == pytest.approx(expected)


def test_a_gap_is_not_the_prevalence():
    # the same model on the same rows, once with every calcification ten times
    draw = np.random.default_rng(4)
    label = (draw.random(1000) < 0.05).astype(np.int8)
    score = draw.normal(label * 2, 1)
    rows = pl.DataFrame({"label": label, "group": range(1000), "svm": score})
    many = pl.concat([rows, *[rows.filter(pl.col("label") == 1)] * 9])
    found = protocol_gaps(
        {"honest": rows, "paper": many},
        {"honest": {"svm": 0.5}, "paper": {"svm": 0.5}},
        reference="honest",
        confidence=0.95,
    )
    paper = found["protocols"]["paper"]["svm"]
    honest = found["protocols"]["honest"]["svm"]
    assert paper["raw"]["average_precision"] > honest["raw"]["average_precision"] + 0.2
    for name, gap in paper["gap"].items():
        assert gap["value"] == pytest.approx(0, abs=1e-12), name
        assert gap["low"] < 0 < gap["high"]


def test_gaps_without_a_class_are_left_out():
    rows = pl.DataFrame({"label": [0, 0], "group": [0, 1], "svm": [0.1, 0.2]})
    found = protocol_gaps(
        {"honest": rows},
        {"honest": {"svm": 0.5}},
        reference="honest",
        confidence=0.95,
    )
    assert found["protocols"] == {}


def placed(site, label, part):
    rows = len(label)
    return pl.DataFrame(
        {
            "volume_id": ["v"] * rows,
            "candidate_id": range(rows),
            "patient_id": [f"p{number}" for number in range(rows)],
            "site": site,
            "label": label,
            "part": part,
        }
    )


def test_an_identifier_by_hand():
    # site a has a training mean of ⅔, site b of 0; every patient is new in the test part
    rows = placed(
        ["a", "a", "a", "b", "b", "a", "b"],
        [1, 1, 0, 0, 0, 1, 0],
        ["train", "train", "train", "train", "train", "test", "test"],
    )
    found = {one.identifier: one for one in associations(rows, permutations=20, seed=1)}
    assert set(found) == {"patient_id", "site", "row order"}
    assert found["site"].auroc == 1
    assert found["patient_id"] == Association("patient_id", 0.5, 1.0)


def test_blocks_in_the_order_of_rows_are_found():
    label = np.tile(np.repeat([0, 1], [45, 15]), 10)
    part = np.where(np.arange(600) % 3 == 0, "test", "train")
    found = associations(placed("s", label, part), permutations=200, seed=1)
    order = {one.identifier: one for one in found}["row order"]
    assert order.auroc > 0.9
    assert order.telling
    mixed = np.random.default_rng(0).permutation(label)
    found = associations(placed("s", mixed, part), permutations=200, seed=1)
    assert not {one.identifier: one for one in found}["row order"].telling


def test_single_features_in_the_better_direction():
    rows = candidate_rows(label=[1, 1, 0, 0], area=[1.0, 2, 3, 4], contrast=[4.0, 1, 2, None])
    found = single_features(rows, FEATURES)
    assert [one["feature"] for one in found] == ["area", "contrast"]
    assert [one["auroc"] for one in found] == [1, 0.5]


@pytest.mark.parametrize(
    ("change", "identifiers", "features", "named", "level", "words"),
    [
        ({}, [], "", True, "clean", ""),
        ({}, [], "", False, "caution", "name no patients"),
        ({"near_duplicates": Near(share=0.3, distance=0.01)}, [], "", True, "caution", "30.0"),
        ({}, [Association("site", 0.9, 0.001)], "", True, "caution", "Site alone"),
        ({}, [Association("site", 0.9, 0.2)], "", True, "clean", ""),
        ({}, [], "One feature tells.", True, "caution", "One feature tells."),
        ({"verdict": "leaks", "shared_patients": 3}, [], "", True, "leaks", "3 patients"),
    ],
)
def test_verdicts(change, identifiers, features, named, level, words):
    found, reasons = verdict(
        replace(NOTHING, **change), identifiers, features, patients_named=named
    )
    assert found == level
    assert words in " ".join(reasons)
    assert bool(reasons) == (level != "clean")


def test_what_leaks_is_said_first():
    copies = Copies(all=0.2, positive=0.5, negative=0.0)
    sharing = replace(
        NOTHING, verdict="leaks", shared_patients=1, test_rows_with_copy_in_train=copies
    )
    site = [Association("site", 0.9, 0.001)]
    _, reasons = verdict(sharing, site, "One tells.", patients_named=True)
    starts = ("1 patient stands on both sides", "50.0", "Site alone", "One tells.")
    assert all(reason.startswith(start) for reason, start in zip(reasons, starts, strict=True))


def test_features_that_tell_alone_are_one_reason():
    focus = usable_candidates(cohort(60, each=6), used=FEATURES, duplicates="drop")
    focus = focus.with_columns(area=pl.col("label"), contrast=-pl.col("label"))
    rows = split_honest(focus, seed=1, validation_fraction=0.2, test_fraction=0.25, folds=3)
    audit = audit_split(rows, focus, used=FEATURES, source="volumes", permutations=20, seed=1)
    (found,) = (reason for reason in audit["reasons"] if "AUROC above" in reason)
    assert "area, contrast." in found
    assert f"few ({(focus['label'] == 0).sum()})" in found


def test_both_protocols_of_one_cohort():
    focus = usable_candidates(cohort(60, each=6), used=FEATURES, duplicates="drop")
    honest = split_honest(focus, seed=1, validation_fraction=0.2, test_fraction=0.25, folds=3)
    paper = split_paper(focus, seed=1, test_fraction=0.25, folds=3)
    audits = [
        audit_split(rows, focus, used=FEATURES, source="volumes", permutations=100, seed=1)
        for rows in (honest, paper)
    ]
    assert [audit["verdict"] for audit in audits] == ["clean", "leaks"]
    assert "patients stand on both sides" in " ".join(audits[1]["reasons"])
    patient = {one["identifier"]: one for one in audits[1]["identifiers"]}["patient_id"]
    assert patient["telling"]


def focus_of(rows=40):
    table = cohort(rows, each=4)
    return usable_candidates(table, used=FEATURES, duplicates="keep")


def own(tmp_path, frame, name="own.csv", separator=","):
    path = tmp_path / name
    if name.endswith("parquet"):
        frame.write_parquet(path)
    else:
        frame.write_csv(path, separator=separator)
    return str(path)


def halves(focus):
    part = pl.when(pl.col("volume_id") < "v20").then(pl.lit("train")).otherwise(pl.lit("test"))
    return focus.select("volume_id", "candidate_id", part=part)


@pytest.mark.parametrize(
    ("name", "separator"), [("own.csv", ","), ("own.tsv", "\t"), ("own.parquet", "")]
)
def test_an_own_split_is_read_as_it_stands(tmp_path, name, separator):
    focus = focus_of()
    path = own(tmp_path, halves(focus).head(150), name, separator)
    rows = read_own_split(path, focus, folds=3, seed=1)
    assert rows.height == 150
    assert rows.filter(pl.col("part") == "test")["fold"].unique().to_list() == [-1]
    inside = rows.filter(pl.col("part") == "train")
    assert set(inside["fold"]) == {0, 1, 2}
    assert inside.group_by("patient_id").agg(pl.col("fold").n_unique())["fold"].max() == 1
    assert rows["copy"].max() == 0


def test_rows_of_a_table_and_repeated_ones(tmp_path):
    focus = focus_of().with_columns(
        volume_id=pl.lit("table"), candidate_id=pl.int_range(pl.len(), dtype=pl.Int32)
    )
    part = pl.when(pl.col("row") % 2 == 0).then(pl.lit("train")).otherwise(pl.lit("test"))
    frame = pl.DataFrame({"row": [*range(160), 0, 0]}).with_columns(part=part)
    rows = read_own_split(own(tmp_path, frame), focus, folds=3, seed=1)
    assert rows.height == 162
    assert rows.filter(pl.col("candidate_id") == 0)["copy"].to_list() == [0, 1, 2]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda f: f.rename({"part": "parts"}), "E302", "`parts`"),
        (lambda f: f.drop("candidate_id"), "E302", "no column candidate_id"),
        (lambda f: f.with_columns(part=pl.lit("tests")), "E302", "did you mean `test`?"),
        (lambda f: f.with_columns(volume_id=pl.lit("v99")), "E302", "lacks"),
        (lambda f: f.with_columns(candidate_id=pl.lit("x")), "E302", "no whole number"),
        (lambda f: f.with_columns(part=pl.lit("train")), "E304", "part test"),
        (lambda f: f.clear(), "E302", "no rows"),
    ],
)
def test_faults_of_an_own_split_are_named(tmp_path, change, code, words):
    focus = focus_of()
    with pytest.raises(TomocalcError) as error:
        read_own_split(own(tmp_path, change(halves(focus))), focus, folds=3, seed=1)
    assert code in str(error.value)
    assert words in str(error.value)
    assert "own.csv" in str(error.value)


def test_an_own_split_of_another_encoding_names_the_remedy(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("row,part,Größe\n0,train,1\n", encoding="cp1252")
    with pytest.raises(TomocalcError, match="CSV UTF-8"):
        read_own_split(str(path), focus_of(), folds=3, seed=1)


def test_a_missing_or_foreign_file_is_named(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path / "odd.parquet"):
        if path.suffix == ".parquet":
            path.write_bytes(b"not a table")
        with pytest.raises(TomocalcError, match=r"E302.*CSV, TSV or Parquet"):
            read_own_split(str(path), focus_of(), folds=3, seed=1)
