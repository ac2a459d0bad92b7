"""Statistics of one feature, against scipy, numpy and scikit-learn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tomocalc.eda.load import Table
from tomocalc.eda.ordered import ranks, sort_column
from tomocalc.eda.summary import PERCENTILES, auroc, describe, summarise


def described(values):
    return describe(sort_column(np.asarray(values, dtype=np.float32)))


@pytest.mark.parametrize("seed", range(5))
def test_statistics_equal_scipys(seed):
    values = np.random.default_rng(seed).gamma(2, size=501).astype(np.float32)
    found, exact = described(values), values.astype(np.float64)
    assert found["n"] == 501
    assert found["mean"] == pytest.approx(exact.mean())
    assert found["sd"] == pytest.approx(exact.std(ddof=1))
    assert found["skew"] == pytest.approx(stats.skew(exact))
    assert found["kurtosis"] == pytest.approx(stats.kurtosis(exact))
    for percent in PERCENTILES:
        assert found[f"p{percent}"] == pytest.approx(np.percentile(exact, percent))


def test_outliers_by_hand():
    # quartiles 2 and 4, fences -1 and 7: 100 is the one outlier of five
    found = described([1, 2, 3, 4, 100])
    assert found["outliers"] == pytest.approx(0.2)
    assert (found["whisker_low"], found["whisker_high"]) == (1, 4)


def test_missing_values_are_counted_and_left_out():
    found = described([1.0, np.nan, 3.0])
    assert (found["n"], found["missing"], found["mean"]) == (2, 1, 2.0)


def test_an_empty_sample_has_no_figures():
    found = described([np.nan, np.nan])
    assert found["n"] == 0
    assert found["missing"] == 2
    assert found["mean"] is None


@pytest.mark.parametrize("value", [0.0, 0.1, -7.3, 1e30])
def test_a_constant_has_no_shape(value):
    found = described(np.full(1000, value))
    assert found["skew"] is None
    assert found["kurtosis"] is None
    assert found["outliers"] == 0


def test_one_value_has_no_standard_deviation():
    assert described([5.0])["sd"] is None


@pytest.mark.parametrize("seed", range(5))
def test_auroc_equals_scikit_learns(seed):
    draw = np.random.default_rng(seed)
    values = draw.integers(0, 12, 300).astype(np.float32)
    label = draw.integers(0, 2, 300).astype(np.int8)
    assert auroc(sort_column(values), label) == pytest.approx(roc_auc_score(label, values))


def test_auroc_needs_both_classes():
    column = sort_column(np.arange(4, dtype=np.float32))
    assert auroc(column, np.zeros(4, dtype=np.int8)) is None


def test_ranks_equal_scipys():
    values = np.sort(np.random.default_rng(0).integers(0, 9, 100).astype(np.float32))
    np.testing.assert_array_equal(ranks(values), stats.rankdata(values))
    assert len(ranks(values[:0])) == 0


def test_classes_apart():
    table = Table(
        features={"area": np.array([1, 2, 10, 20], dtype=np.float32)},
        label=np.array([0, 0, 1, 1], dtype=np.int8),
        identity=pl.DataFrame(),
    )
    found = summarise(table)["area"]
    assert found["all"]["mean"] == 8.25
    assert found["negative"]["mean"] == 1.5
    assert found["positive"]["mean"] == 15
    assert found["all"]["auroc"] == 1
