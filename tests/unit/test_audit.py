"""The leakage audit: figures at a matched prevalence, and the user's own split file."""

import numpy as np
import polars as pl
import pytest
from sklearn import metrics

from support.candidates import cohort
from tomocalc.audit.audit import audit_split, rows_of_split
from tomocalc.audit.gaps import left_out_at, protocol_gaps
from tomocalc.audit.own_split import read_own_split
from tomocalc.dataset.splits import usable_candidates
from tomocalc.errors import TomocalcError

FEATURES = ["area", "contrast"]
LABEL = np.array([1, 1, 0, 0], np.int8)
SCORE = np.array([0.9, 0.4, 0.6, 0.1])


def figures_at(label, score, *, threshold, prevalence):
    group = np.arange(len(label), dtype=np.int32)
    return left_out_at(label, score, group, threshold=threshold, prevalence=prevalence).values


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
        share = np.where(label == 1, prevalence, 1 - prevalence)
        weights = share / np.bincount(label)[label]
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
    at = {name: {"svm": 0.5} for name in ("honest", "paper")}
    found = protocol_gaps({"honest": rows, "paper": many}, at, reference="honest", confidence=0.95)
    paper, honest = (found.protocols[name]["svm"] for name in ("paper", "honest"))
    assert paper.raw["average_precision"] > honest.raw["average_precision"] + 0.2
    for name, gap in (paper.gap or {}).items():
        assert gap.value == pytest.approx(0, abs=1e-12), name
        assert (gap.low or 0) < 0 < (gap.high or 0)


def test_gaps_without_a_class_are_left_out():
    rows = pl.DataFrame({"label": [0, 0], "group": [0, 1], "svm": [0.1, 0.2]})
    at = {"honest": {"svm": 0.5}}
    found = protocol_gaps({"honest": rows}, at, reference="honest", confidence=0.95)
    assert found.protocols == {}


@pytest.fixture
def focus():
    return usable_candidates(cohort(40, each=4), used=FEATURES, duplicates="keep")


def own(tmp_path, frame, name="own.csv"):
    path = tmp_path / name
    if name.endswith("parquet"):
        frame.write_parquet(path)
    else:
        frame.write_csv(path, separator="\t" if name.endswith("tsv") else ",")
    return str(path)


def halves(focus):
    part = pl.when(pl.col("volume_id") < "v20").then(pl.lit("train")).otherwise(pl.lit("test"))
    return focus.select("volume_id", "candidate_id", part=part)


@pytest.mark.parametrize("name", ["own.csv", "own.tsv", "own.parquet"])
def test_an_own_split_is_read_as_it_stands(tmp_path, name, focus):
    path = own(tmp_path, halves(focus).head(150), name)
    rows = read_own_split(path, focus, folds=3, seed=1)
    assert rows.height == 150
    assert rows.filter(pl.col("part") == "test")["fold"].unique().to_list() == [-1]
    inside = rows.filter(pl.col("part") == "train")
    assert set(inside["fold"]) == {0, 1, 2}
    assert inside.group_by("patient_id").agg(pl.col("fold").n_unique())["fold"].max() == 1
    assert rows["copy"].max() == 0


def test_an_own_split_of_patients_or_volumes_is_that_of_their_candidates(tmp_path, focus):
    plain = read_own_split(own(tmp_path, halves(focus)), focus, folds=3, seed=1)
    for name in ("volume_id", "patient_id"):
        frame = halves(focus).with_columns(focus["patient_id"]).select(name, split="part")
        more = pl.DataFrame({name: ["nothing found"], "split": ["test"]})
        for lines in (frame, frame.unique(maintain_order=True).vstack(more)):
            path = own(tmp_path, lines)
            assert read_own_split(path, focus, folds=3, seed=1).equals(plain), name


def test_rows_of_a_table_and_repeated_ones(tmp_path, focus):
    focus = focus.with_columns(
        volume_id=pl.lit("table"), candidate_id=pl.int_range(pl.len(), dtype=pl.Int32)
    )
    part = pl.when(pl.col("row") % 2 == 0).then(pl.lit("train")).otherwise(pl.lit("test"))
    frame = pl.DataFrame({"row": [*range(160), 0, 0]}).with_columns(part=part, image=pl.lit("a"))
    cells = pl.DataFrame({"lesion": range(160), "image": [[0.5]] * 160})
    for name in ("row", "Lesion"):  # a column of the table that names its rows
        path = own(tmp_path, frame.rename({"row": name}))
        rows = read_own_split(path, focus, folds=3, seed=1, table=cells)
        assert rows.height == 162
        assert rows.filter(pl.col("candidate_id") == 0)["copy"].to_list() == [0, 1, 2]


FIRST = pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("test")).otherwise(pl.lit("train"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop("volume_id"), "E302.*volume_id and candidate_id, volume_id, or patient"),
        (lambda f: f.with_columns(volume_id=pl.lit("v99")), "E302.*160 of its lines name no vol"),
        (lambda f: f.with_columns(candidate_id=pl.lit("x")), "E302.*candidate_id.*is no number"),
        (lambda f: f.select("part", volume_id="x" + pl.col("volume_id")), "E304.*0 candidates"),
        (lambda f: f.with_columns(part=FIRST), "E304.*part test.*among 1 candidates"),
    ],
)
def test_faults_of_an_own_split_are_named(tmp_path, change, words, focus):
    with pytest.raises(TomocalcError, match=words):
        read_own_split(own(tmp_path, change(halves(focus))), focus, folds=3, seed=1)


DIALECTS = {
    "Excel's first line": lambda text: "sep=;\r\n" + text.replace(",", ";").replace("\n", "\r\n"),
    "tabs": lambda text: text.replace(",", "\t"),
    "quotes": lambda text: '"' + text.strip().replace(",", '","').replace("\n", '"\n"') + '"\n',
    "columns of people": lambda text: text.replace(
        "volume_id,candidate_id", "Volume ID,Candidate-Id"
    ),
    "words of people": lambda text: text.replace("train", "Training ").replace("test", " TESTING"),
    "blank lines": lambda text: text.replace("\n", "\n\n , , \n"),
    "more columns": lambda text: text.replace("\n", ",a note\n"),
    "floats of pandas": lambda text: text.replace(",0,", ",0.0,").replace(",1,", ",1.0,"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", DIALECTS)
def test_an_own_split_reads_the_same_in_every_dialect(tmp_path, name, encoding, focus):
    plain = read_own_split(own(tmp_path, halves(focus)), focus, folds=3, seed=1)
    text = DIALECTS[name](halves(focus).write_csv())
    (tmp_path / "other.csv").write_bytes(text.encode(encoding))
    assert read_own_split(str(tmp_path / "other.csv"), focus, folds=3, seed=1).equals(plain)


def test_rows_of_a_table_that_are_of_neither_class_may_be_named(tmp_path, focus):
    focus = focus.with_columns(volume_id=pl.lit("table"))
    focus = focus.with_columns(candidate_id=pl.int_range(0, 2 * pl.len(), 2))
    every = pl.DataFrame({"row": range(2 * focus.height)})
    every = every.filter((pl.col("row") % 2 == 0) | (pl.col("row") % 20 == 1))
    part = pl.when(pl.col("row") < 200).then(pl.lit("train")).otherwise(pl.lit("test"))
    every.with_columns(part=part).write_csv(tmp_path / "rows.csv")
    cells = pl.DataFrame({"area": range(2 * focus.height)})
    rows = read_own_split(str(tmp_path / "rows.csv"), focus, folds=3, seed=1, table=cells)
    assert rows["candidate_id"].to_list() == focus["candidate_id"].sort().to_list()
    with pytest.raises(TomocalcError, match=r"rows.csv:24.*154 of its lines name no row of"):
        read_own_split(str(tmp_path / "rows.csv"), focus, folds=3, seed=1, table=cells.head(40))


def test_what_an_own_split_shares_and_leaves_out_is_counted(tmp_path, focus):
    frame = halves(focus)
    patient = focus["patient_id"][0]
    first = frame.filter(pl.Series(focus["patient_id"] == patient)).head(1)
    moved = first.with_columns(part=pl.lit("test"))
    variants = {
        "clean": (frame, {}),
        "one patient in two parts": (
            frame.join(first, on=first.columns, how="anti").vstack(moved),
            {"patients": 1},
        ),
        "one candidate in two parts": (
            frame.vstack(moved),
            {"patients": 1, "same_rows": 1, "copies": 1},
        ),
        "one candidate twice in the test": (frame.vstack(frame.tail(1)), {"repeats": 1}),
        "a part of the candidates": (frame.head(150), {"unassigned": focus.height - 150}),
    }
    for name, (split, expected) in variants.items():
        rows = read_own_split(own(tmp_path, split), focus, folds=3, seed=1)
        audit = audit_split(rows_of_split(rows, focus, used=FEATURES, whole=True), permutations=0)
        bad = {one.name: one.count for one in audit.checks if one.verdict in ("leaks", "caution")}
        assert bad == expected, name
