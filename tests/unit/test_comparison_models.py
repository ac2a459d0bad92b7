"""The feature models: equal budgets, repeatable fits, nothing of the test part."""

import csv
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from support.candidates import cohort
from tomocalc.audit.gaps import protocol_gaps
from tomocalc.comparison.catalogue import NETWORKS, ROWS, Cited, read_cited
from tomocalc.comparison.combined import Stacking
from tomocalc.comparison.feature_models import (
    FEATURE_MODELS,
    MOST_TRIED,
    Choice,
    Range,
    draw_trials,
    limited,
    scores,
)
from tomocalc.comparison.fitting import (
    Data,
    cross_validate,
    fit_scores,
    holdout,
    summary,
    tune_and_fit,
)
from tomocalc.comparison.table import SCHEMA, Measured, comparison_table, protocol_figures
from tomocalc.dataset.splits import split_honest, split_paper, usable_candidates
from tomocalc.errors import TomocalcError
from tomocalc.evaluation.weighted import figures_of_merit
from tomocalc.experiments.paper import PAPER, TABLE_4
from tomocalc.metrics import auroc, wilson
from tomocalc.model.sequences import build_samples

FEATURES = ["area", "contrast"]
NUMBER = re.compile(r"\[(\d+)\]")


def data(protocol="honest"):
    focus = usable_candidates(cohort(40), used=FEATURES, duplicates="drop")
    if protocol == "paper":
        splits = split_paper(focus, seed=1, test_fraction=0.25, folds=3)
    else:
        splits = split_honest(focus, seed=1, validation_fraction=0.2, test_fraction=0.25, folds=3)
    samples = build_samples(
        focus, splits, features=FEATURES, sequence={"kind": "single_step", "slices": 1}
    )
    return Data(samples, "none", splits["group"].to_numpy())


def tuned(key, given, trials=3, seed=1):
    return tune_and_fit(
        key,
        FEATURE_MODELS[key],
        given,
        trials=trials,
        objective="average_precision",
        threshold="max_f1",
        seed=seed,
    )


def test_the_defaults_are_the_first_trial_and_more_trials_keep_the_earlier_ones():
    space = {"depth": Range(2, 8), "rate": Range(0.01, 1.0, log=True), "kind": Choice(("a", "b"))}
    default = {"depth": 6, "rate": 0.3, "kind": "a", "fixed": 1}
    few = draw_trials("model", space=space, default=default, trials=4, seed=1)
    many = draw_trials("model", space=space, default=default, trials=9, seed=1)
    assert few[0] == default
    assert many[:4] == few
    assert all(2 <= trial["depth"] <= 8 and 0.01 <= trial["rate"] <= 1 for trial in many)
    assert all(trial["fixed"] == 1 for trial in many)
    assert draw_trials("other", space=space, default=default, trials=4, seed=1) != few
    assert draw_trials("probe", space={}, default={}, trials=9, seed=1) == [{}]


@pytest.mark.parametrize("key", FEATURE_MODELS)
def test_every_model_has_a_row_and_a_space_around_its_defaults(key):
    model = FEATURE_MODELS[key]
    assert key in {row.key for row in ROWS}
    assert set(model.space) <= set(model.default)


@pytest.mark.parametrize("key", ["random_forest", "extra_trees"])
def test_a_split_of_a_forest_tries_a_share_of_forty_columns_of_a_wide_table(key):
    model = FEATURE_MODELS[key]
    half = model.default | {"max_features": 0.5}
    assert limited(model.build(half, 1, 1.0), MOST_TRIED).max_features == 0.5
    assert 160 * limited(model.build(half, 1, 1.0), 160).max_features == pytest.approx(20)
    assert limited(model.build(model.default, 1, 1.0), 160).max_features == "sqrt"


def test_the_test_part_decides_nothing():
    given = data()
    before = tuned("logistic_regression", given)
    test = given.samples.part == "test"
    given.samples.y[test] = 1 - given.samples.y[test]
    after = tuned("logistic_regression", given)
    assert before.parameters == after.parameters
    assert before.threshold == after.threshold
    assert np.array_equal(before.scores, after.scores)


def test_trials_are_scored_on_validation_or_on_a_fold():
    honest = data()
    learnt, held = holdout(honest.samples)
    assert set(honest.samples.part[learnt]) == {"train"}
    assert set(honest.samples.part[held]) == {"validation"}
    paper = data("paper")
    learnt, held = holdout(paper.samples)
    assert set(paper.samples.part[held]) == {"train"}
    assert set(paper.samples.fold[held]) == {0}
    assert not set(learnt) & set(held)


def test_a_part_without_a_class_cannot_tune():
    given = data()
    given.samples.y[given.samples.part == "validation"] = 0
    with pytest.raises(TomocalcError, match="E304"):
        tuned("svm", given)
    assert tuned("svm", given, trials=1).threshold == 0.5


def test_the_probe_recalls_what_it_has_seen():
    given = data()
    training = np.flatnonzero(given.samples.part == "train")
    found = fit_scores(
        FEATURE_MODELS["nearest_neighbour"],
        {"scaler": "standard"},
        given,
        training=training,
        wanted=training,
        seed=1,
    )
    assert np.array_equal(found, given.samples.y[training])


def test_the_machines_own_decision_lies_at_one_half():
    given = data()
    rows = np.arange(len(given.samples.y))
    model = FEATURE_MODELS["svm"]
    machine = model.build(model.default, 1, 1.0)
    x = given.scaled(rows, rows, scaler="standard")
    machine.fit(x, given.samples.y)
    assert np.array_equal(scores(machine, x) > 0.5, machine.predict(x) == 1)


def test_cross_validation_keeps_groups_together_and_tests_every_row_once(monkeypatch):
    given = data()
    group = given.group
    seen = []

    def spy(model, parameters, data, *, training, wanted, seed, size=1.0):
        assert not set(group[training]) & set(group[wanted])
        seen.append(wanted)
        return np.full(len(wanted), 0.3) + 0.4 * data.samples.y[wanted]

    monkeypatch.setattr("tomocalc.comparison.fitting.fit_scores", spy)
    model = FEATURE_MODELS["svm"]
    figures = cross_validate(model, given, folds=4, repeats=2, seed=1)
    assert len(figures) == 8
    assert np.array_equal(np.sort(np.concatenate(seen[:4])), np.arange(len(group)))
    assert summary(figures)["auroc"] == {"mean": 1.0, "deviation": 0.0}
    assert summary(figures)["f1"]["mean"] == 1.0
    assert cross_validate(model, given, folds=4, repeats=0, seed=1) == []
    assert summary([]) == {}


def test_every_classifier_has_a_row_under_every_protocol():
    empty = cohort(2).select("volume_id").with_columns(part=None)
    measured = [Measured(name, empty, {"lstm": {}}, {}) for name in ("paper", "honest")]
    cited = {"lstm": Cited(0.9727, "the paper"), "cnn": Cited(0.92, "another")}
    table = comparison_table(measured, {"paper": {}, "honest": {}}, cited)
    assert table.height == 2 * sum(row.key not in NETWORKS for row in ROWS) + 2
    assert table.columns == list(SCHEMA)
    assert table.filter("measured")["model"].to_list() == ["lstm", "lstm"]
    assert table["cited_accuracy"].drop_nulls().to_list() == [0.9727, 0.92] * 2
    assert table.filter(model="resnet18").is_empty()  # neither run nor cited
    assert "page of detectors" in table.filter(model="fpn_spp")["remark"][0]


def test_the_shipped_sheet_cites_what_the_papers_table_does():
    cited = [one for one in read_cited("config/cited.tsv").values() if one.accuracy is not None]
    known = {one.publication: one.accuracy for one in TABLE_4} | {
        "the reference paper": PAPER.accuracy
    }
    for one in cited:
        (publication,) = (name for name in known if one.source.startswith(name))
        assert one.accuracy == known[publication]
    assert len(cited) > 10


def test_every_system_of_the_literature_has_a_model_or_a_reason():
    text = (Path(__file__).parents[2] / "benchmarks/systems.tsv").read_text(encoding="utf-8")
    systems = list(csv.DictReader(text.splitlines(), dialect="excel-tab"))
    models = {one["model"] for one in systems} - {""}
    assert models <= {row.key for row in ROWS}
    assert models >= set(NETWORKS) - {"vgg"}  # a lighter stand-in
    assert all(one["model"] or one["reason"] for one in systems)
    printed = {one.number: one.accuracy for one in TABLE_4}
    numbered = [
        (one, int(found[1])) for one in systems if (found := NUMBER.search(one["publication"]))
    ]
    assert set(printed) <= {number for _, number in numbered}
    assert all(float(one["cited"]) == printed[number] for one, number in numbered if one["cited"])


def test_the_sheet_of_cited_figures(tmp_path):
    sheet = tmp_path / "cited.tsv"
    sheet.write_text("model\taccuracy\tsource\nlstm\t0.9727\ta paper\nsvm\t\t\n")
    assert read_cited(str(sheet)) == {"lstm": Cited(0.9727, "a paper"), "svm": Cited(None, "")}
    sheet.write_text("model\taccuracy\tsource\nlstm\t97 %\t\nsvn\t0.5\t\n")
    with pytest.raises(TomocalcError) as error:
        read_cited(str(sheet))
    assert str(error.value).count("E103") == 2
    assert "97 %" in str(error.value)
    sheet.write_text("model,accuracy\n")
    with pytest.raises(TomocalcError, match="E102"):
        read_cited(str(sheet))
    with pytest.raises(TomocalcError, match="E102"):
        read_cited(str(tmp_path / "absent.tsv"))


def test_a_perfect_ranking_has_the_interval_of_every_page():
    label = np.array([1, 1, 0, 0] * 3, np.int8)
    group = np.repeat([0, 1, 2], 4).astype(np.int32)
    score = (label * 0.8 + 0.1).astype(np.float64)
    settings = {"confidence": 0.95}
    rows = pl.DataFrame({"label": label, "group": group, "lstm": score})
    compared = protocol_figures(rows, {"lstm": 0.5}, **settings)["lstm"]
    reported = figures_of_merit(label, score, group, threshold=0.5, **settings)
    gaps = protocol_gaps(
        {"honest": rows}, {"honest": {"lstm": 0.5}}, reference="honest", **settings
    )
    matched = gaps.protocols["honest"]["lstm"].matched
    assert compared.rarer_groups == gaps.rarer_groups["honest"] == 3
    for name in ("auroc", "average_precision", "f1"):
        expected = reported[name].low, reported[name].high
        assert expected == pytest.approx(wilson(3, 3))
        assert compared.metrics[name] == reported[name]
        assert (matched[name].low, matched[name].high) == expected


def test_stacking_learns_from_scores_of_groups_that_its_parts_have_not_seen():
    draw = np.random.default_rng(1)
    group = np.repeat(np.arange(240), 4).astype(np.int32)
    y = draw.permutation(240)[group].astype(np.float32) % 2
    # one column tells a little of the label, the other only whose row it is
    x = np.column_stack([draw.normal(y, 1), 100.0 * group])
    parts = [KNeighborsClassifier(1), LogisticRegression()]
    model = Stacking(parts, lambda part, x: part.predict_proba(x)[:, 1], seed=1)
    known = group < 120
    model.fit(x[known], y[known], group[known])
    found = auroc(y[~known], model.predict_proba(x[~known])[:, 1])
    assert found > auroc(y[~known], x[~known, 0]) - 0.02
    model.top = None
    few = group < 1
    few[y == 1] = group[y == 1] == group[y == 1].min()
    model.fit(x[few], y[few], group[few])  # one group of each class: nothing to learn from
    assert model.top is None
    assert ((model.predict_proba(x) >= 0) & (model.predict_proba(x) <= 1)).all()
