"""Correlations, against scipy."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tomocalc.eda.correlations import correlations, matrix
from tomocalc.eda.load import Table


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
    found = correlations(table)
    # exp keeps the order, so only the ranks agree wholly
    assert [(pair["first"], pair["second"]) for pair in found["redundant"]] == [("a", "b")]
    assert found["redundant"][0]["spearman"] == pytest.approx(1)
    assert set(found["pearson"]) == {"all", "negative", "positive"}
