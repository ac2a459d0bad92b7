"""Histograms: every row is counted once."""

import numpy as np
import polars as pl
import pytest

from tomocalc.eda.histograms import MOST_PAIRED, cells, distributions, edges_of, pairs
from tomocalc.eda.table import Table, sort_column


def table_of(label=None, **features):
    arrays = {name: np.asarray(values, dtype=np.float32) for name, values in features.items()}
    n = len(next(iter(arrays.values())))
    label = np.zeros(n) if label is None else np.asarray(label)
    return Table(features=arrays, label=label.astype(np.int8), identity=pl.DataFrame())


@pytest.fixture
def table():
    draw = np.random.default_rng(1)
    label = draw.random(5000) < 0.1
    area = np.exp(draw.normal(size=5000))
    area[:50] = np.nan
    return table_of(label, area=area, contrast=draw.normal(size=5000), spots=np.arange(5000) % 7)


@pytest.mark.parametrize("kind", ["central", "whole"])
def test_every_known_row_is_counted_once(table, kind):
    counted = getattr(distributions(table, 30)["area"], kind)
    assert sum(counted.negative) + sum(counted.positive) + counted.below + counted.above == 4950
    assert counted.negative_rows + counted.positive_rows == 4950


def test_the_whole_range_leaves_nothing_out(table):
    counted = distributions(table, 30)["contrast"].whole
    assert counted.below == counted.above == 0


def test_counts_equal_numpys(table):
    counted = distributions(table, 30)["contrast"].whole
    values, positive = table.features["contrast"], table.label == 1
    for counts, member in ((counted.negative, ~positive), (counted.positive, positive)):
        expected, _ = np.histogram(values[member].astype(np.float64), bins=counted.edges)
        np.testing.assert_array_equal(counts, expected)


def test_whole_numbers_get_bins_of_their_own(table):
    counted = distributions(table, 30)["spots"].whole
    assert counted.edges == [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]


def test_many_whole_numbers_share_bins():
    edges = edges_of(sort_column(np.arange(100, dtype=np.float32)), 30, (0, 99))
    assert len(edges) - 1 <= 30
    assert set(np.diff(edges)) == {4.0}
    assert edges[0] == -0.5
    assert edges[-1] >= 99.5


def test_values_beyond_the_edges_fall_into_the_outermost_cells():
    values = np.array([-9, 0, 0.5, 1, 9, np.nan])
    np.testing.assert_array_equal(cells(values, np.array([0, 0.5, 1])), [0, 0, 1, 1, 1, -1])


def test_pairs_hold_every_row_with_both_values(table):
    grids = {(grid.x, grid.y): grid for grid in pairs(table).grids}
    assert set(grids) == {("area", "contrast"), ("area", "spots"), ("contrast", "spots")}
    assert np.sum(grids["contrast", "spots"].all) == 5000
    assert np.sum(grids["area", "contrast"].all) == 4950
    assert np.sum(grids["contrast", "spots"].positive) == (table.label == 1).sum()


def test_of_many_features_the_first_and_the_telling_are_paired():
    rng = np.random.default_rng(3)
    label = np.arange(60) % 2
    many = {f"f{i:03}": rng.random(60) for i in range(150)} | {"telling": label + rng.random(60)}
    paired = list(pairs(table_of(label, **many)).edges)
    assert len(paired) == MOST_PAIRED
    assert paired[: MOST_PAIRED // 2] == [f"f{i:03}" for i in range(MOST_PAIRED // 2)]
    assert paired[-1] == "telling"


def test_a_grid_has_y_in_its_rows():
    table = table_of([0, 1, 0], x=[0.1, 0.1, 1.3], y=[0.2, 2.5, 2.5])
    grid = pairs(table, bins=2).grids[0]
    assert grid.all == [[1, 0], [1, 1]]
    assert grid.positive == [[0, 0], [1, 0]]


def test_a_spike_does_not_hide_the_rest():
    values = np.zeros(10_000)
    values[0] = 5.5
    counted = distributions(table_of(spike=values), 10)["spike"].central
    assert sum(counted.negative) == 10_000
