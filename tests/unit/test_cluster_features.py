"""Features of clusters, each against a value worked out by hand."""

import math

import numpy as np
import polars as pl
import pytest

from tomocalc.contradictions import OF_CLUSTERS
from tomocalc.dataset import cluster_features as features
from tomocalc.tables import CLUSTER_FEATURES, FEATURES, TEXTURE, names

SQUARE = np.array([[0.0, 0, 0], [0, 3, 0], [4, 0, 0], [4, 3, 0]])
"""Row, column, depth in mm: a rectangle of 4 × 3."""
LINE = np.array([[0.0, 0, 0], [0, 1, 0], [0, 3, 0], [0, 6, 2]])


def members(areas, contrasts, shapes=0.2, eccentricities=0.5):
    return pl.DataFrame({"area_mm2": areas}).with_columns(
        contrast_to_noise=pl.Series(contrasts),
        shape_descriptor=pl.lit(shapes),
        eccentricity=pl.lit(eccentricities),
        **dict.fromkeys(names(TEXTURE), 2.0),
    )


def test_a_rectangle_of_members():
    found = features.cluster_features(members([1.0, 1, 1, 1], [3.0, 5, 3, 5]), SQUARE)
    assert found["cluster_members"] == 4
    assert found["cluster_extent_mm"] == pytest.approx(5)  # the diagonal
    assert found["cluster_depth_mm"] == 0
    assert found["cluster_density"] == pytest.approx(4 / (math.pi * 0.25**2))  # radius 0.25 cm
    assert (found["nearest_mean_mm"], found["nearest_spread_mm"]) == pytest.approx((3, 0))
    assert found["tree_mean_mm"] == pytest.approx(10 / 3)  # edges 3, 3, 4
    assert found["tree_longest_mm"] == pytest.approx(4)
    assert found["tree_spread_mm"] == pytest.approx(math.sqrt(2) / 3)
    assert found["hull_area_mm2"] == pytest.approx(12)
    assert found["hull_roundness"] == pytest.approx(4 * math.pi * 12 / 14**2)
    assert found["hull_solidity"] == pytest.approx(4 / 12)
    assert found["cluster_linearity"] == pytest.approx(1 - 3 / 4)
    assert found["cluster_angle_deg"] == pytest.approx(90)  # its long side is along rows
    assert found["member_contrast"] == pytest.approx(4)
    assert found["spread_contrast"] == pytest.approx(1)
    assert found["cluster_texture_entropy"] == 2
    assert found["spread_area"] == pytest.approx(0)


def test_members_on_a_line_towards_the_nipple():
    sizes = [math.exp(2), 1, math.exp(2), 1]
    found = features.cluster_features(members(sizes, [4.0] * 4), LINE)
    assert found["cluster_extent_mm"] == pytest.approx(6)
    assert found["cluster_depth_mm"] == pytest.approx(2)
    assert found["nearest_mean_mm"] == pytest.approx((1 + 1 + 2 + math.sqrt(13)) / 4)
    assert found["tree_mean_mm"] == pytest.approx((1 + 2 + math.sqrt(13)) / 3)
    assert (found["hull_area_mm2"], found["hull_roundness"], found["hull_solidity"]) == (0, 0, 0)
    assert found["cluster_linearity"] == pytest.approx(1)
    assert found["cluster_angle_deg"] == pytest.approx(0, abs=1e-6)
    assert found["member_area_mm2"] == pytest.approx(math.e)
    assert found["spread_area"] == pytest.approx(1)


def test_a_round_scatter_has_no_direction_and_one_member_no_distances():
    corners = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
    assert features.axes(corners[:, :2])[0] == pytest.approx(0)
    alone = features.cluster_features(members([2.0], [4.0]), np.zeros((1, 3)))
    assert all(value is not None and np.isfinite(value) for value in alone.values())
    assert (alone["nearest_mean_mm"], alone["tree_mean_mm"], alone["cluster_density"]) == (0, 0, 0)


def test_two_members_in_one_place_stay_one_net():
    twice = np.array([[0.0, 0, 0], [0, 0, 0], [0, 2, 0]])
    assert sorted(features.tree_edges(twice)) == pytest.approx([0, 2], abs=1e-5)


def test_every_feature_has_its_column_and_its_name_is_told_from_those_of_candidates():
    found = features.cluster_features(members([1.0, 1, 1, 1], [4.0] * 4), SQUARE)
    columns = names(CLUSTER_FEATURES)
    assert ["centre_distance_mm", *found] == columns
    assert all(name.startswith(OF_CLUSTERS) for name in columns)
    assert not any(name.startswith(OF_CLUSTERS) for name in names(FEATURES))
