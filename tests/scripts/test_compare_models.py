"""The comparison and the audit, script by script on small tables."""

import polars as pl
import pytest

import fit_feature_models
from support.candidates import cohort
from support.comparison_data import compare, outputs
from support.table_data import read_woods
from tomocalc.comparison.feature_models import FEATURE_MODELS
from tomocalc.comparison.fitting import cross_validate, fold_figures, summary, tune_and_fit
from tomocalc.comparison.table import read_measured
from tomocalc.dataset.splits import split_honest, split_paper, usable_candidates
from tomocalc.errors import TomocalcError
from tomocalc.files import read_json
from tomocalc.pages.words import UNTUNED
from tomocalc.parquet import read_parquet
from tomocalc.tables import PAPER_FEATURES

PROTOCOLS = ("honest", "paper")


def test_both_protocols_stand_side_by_side(compared):
    table = pl.read_parquet(compared / "comparison.parquet")
    measured = table.filter("measured")
    assert measured["protocol"].unique().sort().to_list() == ["honest", "paper"]
    assert set(measured["model"]) == {"lstm", "trees", "average", *FEATURE_MODELS}
    assert measured["auroc"].is_between(0, 1).all()
    probe = {row["protocol"]: row for row in measured.filter(model="nearest_neighbour").to_dicts()}
    assert probe["paper"]["auroc"] > 0.95
    assert probe["honest"]["auroc"] < 0.9
    assert probe["honest"]["cv_auroc"] > 0.5
    assert probe["paper"]["cv_auroc"] is None
    assert measured.filter(model="lstm")["auroc_minus_lstm"].null_count() == 2
    assert measured.filter(protocol="honest")["cv_average_precision"].null_count() == 0
    remarks = {row["protocol"]: row["remark"] for row in measured.filter(model="lstm").to_dicts()}
    assert remarks == {"honest": "tuned", "paper": "not_tuned"}
    html = (compared / "comparison.html").read_text()
    for words in (UNTUNED, "not given here", "0.9727", "not run", "ResNet-101", "Extra trees"):
        assert words in html
    assert len(html) < 7_000_000


def test_every_model_scored_every_row_of_every_split(compared):
    paths = outputs(compared, PROTOCOLS)
    table = pl.read_parquet(compared / "comparison.parquet")
    for place, protocol in enumerate(PROTOCOLS):
        splits = read_parquet(paths["splits"][place])
        scores = read_parquet(paths["scores"][place])
        keys = ["volume_id", "candidate_id", "copy"]
        assert scores.select(keys).equals(splits.select(keys))
        for key, model in FEATURE_MODELS.items():
            assert scores[key].is_between(0, 1).all()
            assert scores[key].null_count() == 0
            row = table.filter(protocol=protocol, model=key).to_dicts()[0]
            assert row["trials"] == (2 if model.space else 1)


def test_the_audit_says_why(compared):
    facts = read_json(compared / "leakage.json")
    assert facts["audited"] == "honest"
    assert facts["verdict"] == "clean"
    paper = facts["protocols"]["paper"]
    assert paper["verdict"] == "leaks"
    (copies,) = (one for one in paper["checks"] if one["name"] == "copies")
    assert copies["positives"] > 0.9 * copies["of_positives"]
    assert (compared / "shared.tsv").read_text().count("\tcopies\t") >= copies["count"]
    assert facts["gaps"]["protocols"]["paper"]["nearest_neighbour"]["gap"]["auroc"]["low"] > 0
    html = (compared / "leakage.html").read_text()
    assert "also stand in training or validation" in html
    assert 'class="verdict good"' in html
    assert 'class="verdict bad"' in html


def test_a_second_run_gives_the_same_bytes(compared, tmp_path):
    compare(tmp_path)
    results = [path for path in sorted(compared.rglob("*")) if path.is_file()]
    for path in results:
        name = path.relative_to(compared)
        if name.parts[0] != "logs":
            assert path.read_bytes() == (tmp_path / name).read_bytes(), name


def test_the_own_split_is_audited_beside_the_protocols(tmp_path):
    rows = cohort(60, each=8).select("volume_id", "candidate_id")
    part = pl.when(pl.col("candidate_id") % 4 == 1).then(pl.lit("test")).otherwise(pl.lit("train"))
    rows.with_columns(part=part).write_csv(tmp_path / "own.csv")
    compare(tmp_path, protocols=("honest", "own"), own=str(tmp_path / "own.csv"))
    facts = read_json(tmp_path / "leakage.json")
    assert facts["audited"] == "own"
    assert facts["verdict"] == "leaks"
    (patients,) = (one for one in facts["protocols"]["own"]["checks"] if one["name"] == "patients")
    assert patients["count"] == 60
    html = (tmp_path / "leakage.html").read_text()
    assert html.index('id="verdict-own"') < html.index('id="verdict-honest"')
    assert "Average precision under your own split and the honest protocol" in html
    assert "where the AUROC is at least 0.6" in html
    assert "own" in pl.read_parquet(tmp_path / "comparison.parquet")["protocol"]


def test_scores_of_another_split_are_refused(compared):
    paths = outputs(compared, PROTOCOLS)
    honest, paper = 0, 1
    with pytest.raises(TomocalcError, match="E301"):
        read_measured(
            "paper",
            paths["scores"][paper],
            paths["accounts"][paper],
            paths["lstm_scores"][honest],
            paths["lstm_cards"][honest],
            paths["tree_scores"][honest],
            paths["tree_accounts"][honest],
        )


@pytest.mark.data
@pytest.mark.usefixtures("real_data")
def test_the_reference_table():
    table = read_woods()
    focus = usable_candidates(table, used=list(PAPER_FEATURES), duplicates="drop")
    fractions = {"test_fraction": 0.2, "folds": 5, "seed": 1}
    probe = {}
    for protocol, splits in (
        ("paper", split_paper(focus, **fractions)),
        ("honest", split_honest(focus, **fractions, validation_fraction=0.2)),
    ):
        data = fit_feature_models.samples_of(
            table, splits, features=list(PAPER_FEATURES), impute="none"
        )
        fitted = tune_and_fit(
            "nearest_neighbour",
            FEATURE_MODELS["nearest_neighbour"],
            data,
            trials=12,
            objective="average_precision",
            threshold="half",
            seed=1,
        )
        test = data.samples.part == "test"
        probe[protocol] = fold_figures(data.samples.y[test], fitted.scores[test])
    assert probe["paper"]["accuracy"] > 0.99
    assert probe["paper"]["average_precision"] > 0.98
    assert probe["honest"]["average_precision"] < 0.5
    assert probe["honest"]["f1"] < 0.7
    uses = focus.with_columns(part=pl.lit("train"), fold=pl.lit(0))
    data = fit_feature_models.samples_of(table, uses, features=list(PAPER_FEATURES), impute="none")
    # 5-fold figures of the design, within two standard errors of a mean of five folds
    for model, expected in (
        ("random_forest", {"auroc": 0.951, "average_precision": 0.752, "f1": 0.675}),
        ("xgboost", {"auroc": 0.955, "average_precision": 0.762, "f1": 0.712}),
    ):
        folds = cross_validate(FEATURE_MODELS[model], data, folds=5, repeats=1, seed=1)
        for name, value in expected.items():
            found = summary(folds)[name]
            error = found["deviation"] / 5**0.5
            assert abs(found["mean"] - value) < 2 * error, (model, name)
