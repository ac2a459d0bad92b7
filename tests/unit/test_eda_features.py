"""Statistics and correlations of features, against scipy, numpy and scikit-learn."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tomocalc.eda.features import PERCENTILES, auroc, correlations, describe, matrix, summarise
from tomocalc.eda.table import Table, ranks, sort_column


def described(values):
    return describe(sort_column(np.asarray(values, dtype=np.float32)))


@pytest.mark.parametrize("seed", range(5))
def test_statistics_equal_scipys(seed):
    values = np.random.default_rng(seed).gamma(2, size=501).astype(np.float32)
    found, exact = described(values), values.astype(np.float64)
    assert found.n == 501
    assert found.mean == pytest.approx(exact.mean())
    assert found.sd == pytest.approx(exact.std(ddof=1))
    assert found.skew == pytest.approx(stats.skew(exact))
    assert found.kurtosis == pytest.approx(stats.kurtosis(exact))
    for percent in PERCENTILES:
        assert getattr(found, f"p{percent}") == pytest.approx(np.percentile(exact, percent))


def test_outliers_by_hand():
    # quartiles 2 and 4, fences -1 and 7: 100 is the one outlier of five
    found = described([1, 2, 3, 4, 100])
    assert found.outliers == pytest.approx(0.2)
    assert (found.whisker_low, found.whisker_high) == (1, 4)


def test_missing_values_are_counted_and_left_out():
    found = described([1.0, np.nan, 3.0])
    assert (found.n, found.missing, found.mean) == (2, 1, 2.0)


def test_an_empty_sample_has_no_figures():
    found = described([np.nan, np.nan])
    assert found.n == 0
    assert found.missing == 2
    assert found.mean is None


@pytest.mark.parametrize("value", [0.0, 0.1, -7.3, 1e30])
def test_a_constant_has_no_shape(value):
    found = described(np.full(1000, value))
    assert found.skew is None
    assert found.kurtosis is None
    assert found.outliers == 0


def test_one_value_has_no_standard_deviation():
    assert described([5.0]).sd is None


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
    assert found.all.mean == 8.25
    assert found.negative.mean == 1.5
    assert found.positive.mean == 15
    assert found.auroc == 1


@pytest.fixture
def columns():
    draw = np.random.default_rng(3)
    base = draw.normal(size=400)
    ties = np.round(base + draw.normal(size=400)).astype(np.float32)
    return [base.astype(np.float32), np.exp(base).astype(np.float32), ties]


@pytest.mark.parametrize(("spearman", "peer"), [(False, stats.pearsonr), (True, stats.spearmanr)])
def test_equal_to_scipy(columns, spearman, peer):
    found = matrix(columns, spearman=spearman)
    for i in range(3):
        for j in range(3):
            expected = peer(columns[i].astype(float), columns[j].astype(float)).statistic
            assert found[i][j] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("spearman", "peer"), [(False, stats.pearsonr), (True, stats.spearmanr)])
def test_missing_values_leave_their_pair_only(columns, spearman, peer):
    gappy = columns[0].copy()
    gappy[::5] = np.nan
    found = matrix([gappy, *columns[1:]], spearman=spearman)
    known = ~np.isnan(gappy)
    expected = peer(gappy[known].astype(float), columns[2][known].astype(float)).statistic
    assert found[0][2] == found[2][0] == pytest.approx(expected, abs=1e-12)
    assert found[1][2] == matrix(columns, spearman=spearman)[1][2]


@pytest.mark.parametrize("value", [0.0, 0.1, 1e20])
def test_a_constant_correlates_with_nothing(columns, value):
    found = matrix([np.full(400, value, dtype=np.float32), columns[0]], spearman=False)
    assert found[0] == [None, None]


def test_too_few_rows():
    assert matrix([np.array([1.0, 2.0])] * 2, spearman=True)[0][1] is None


def test_redundant_pairs_are_named(columns):
    table = Table(
        features={"a": columns[0], "b": columns[1], "c": columns[2]},
        label=(np.arange(400) % 2).astype(np.int8),
        identity=pl.DataFrame(),
    )
    table = replace(table, features=table.features | {f"d{k}": columns[2] for k in range(120)})
    found = correlations(table)
    # exp keeps the order, so only the ranks agree wholly
    assert found.names == [*"abc", *(f"d{k}" for k in range(97))]
    assert (found.redundant[0].first, found.redundant[0].second) == ("a", "b")
    assert found.redundant[0].spearman == pytest.approx(1)
