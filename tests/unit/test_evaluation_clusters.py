"""Clusters by density: the rule, the features, and marks that hold at every threshold."""

import numpy as np
import polars as pl
import pytest
from sklearn.cluster import DBSCAN

from tomocalc.evaluation.clusters import (
    CLUSTERS,
    Rule,
    cluster_marks,
    cluster_numbers,
    find_clusters,
)

RULE = Rule(3, 10.0)


def candidates(points, probability, *, volume="v1", label=None):
    """Candidates at (row, column, depth) in mm, pixels of 0.1 mm and slices of 1 mm."""
    place = np.array(points, np.float64).reshape(-1, 3)
    rows = {
        "volume_id": [volume] * len(place),
        "patient_id": ["p1"] * len(place),
        "part": ["test"] * len(place),
        "candidate_id": list(range(len(place))),
        "row_mm": place[:, 0],
        "col_mm": place[:, 1],
        "depth_mm": place[:, 2],
        "centroid_row": place[:, 0] * 10,
        "centroid_col": place[:, 1] * 10,
        "slice": place[:, 2].astype(int),
        "probability": np.array(probability, np.float64),
    }
    return pl.DataFrame(rows | ({} if label is None else {"label": label}))


def test_features_by_hand():
    frame = candidates([(0, 0, 2), (3, 4, 2), (0, 4, 5)], [0.9, 0.6, 0.6], label=[1, 0, 1])
    (cluster,) = find_clusters(frame, RULE, threshold=0.5).iter_rows(named=True)
    assert (cluster["volume_id"], cluster["cluster_id"], cluster["count"]) == ("v1", 0, 3)
    assert cluster["annotated"] == 2
    assert cluster["extent_mm"] == pytest.approx(5, rel=1e-4)
    assert cluster["density_per_cm2"] == pytest.approx(3 / (np.pi * 0.25**2), rel=1e-4)
    # to the nearest: 5 from the first (both are), 3√2 from the second and from the third
    assert cluster["nearest_mm"] == pytest.approx((5 + 2 * np.sqrt(18)) / 3)
    assert cluster["probability_max"] == 0.9
    assert cluster["probability_mean"] == pytest.approx(0.7)
    assert (cluster["slice_first"], cluster["slice_last"], cluster["slices_spanned"]) == (2, 5, 4)
    assert (cluster["row"], cluster["column"], cluster["slice"]) == pytest.approx((10, 80 / 3, 3))


def test_only_candidates_from_the_threshold_on_count():
    frame = candidates([(0, 0, 0), (1, 0, 0), (2, 0, 0)], [0.9, 0.5, 0.49])
    assert find_clusters(frame, RULE, threshold=0.5).is_empty()
    assert find_clusters(frame, RULE, threshold=0.49).height == 1


def test_volumes_are_apart_and_no_cluster_still_has_every_column():
    first = candidates([(0, 0, 0), (1, 0, 0)], [0.9, 0.9], volume="v1")
    second = candidates([(0, 0, 0)], [0.9], volume="v2")
    found = find_clusters(pl.concat([first, second]), RULE, threshold=0.5)
    assert found.is_empty()
    assert found.schema == {column.name: column.dtype for column in CLUSTERS}


def test_members_at_one_place_have_no_density():
    (cluster,) = find_clusters(
        candidates([(1, 1, 1)] * 3, [0.9] * 3), RULE, threshold=0.5
    ).iter_rows(named=True)
    assert (cluster["extent_mm"], cluster["density_per_cm2"]) == (0, None)


def test_a_mark_is_rated_by_the_third_of_its_neighbourhood():
    near = [(0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0)]
    frame = candidates([*near, (60, 0, 0)], [0.2, 0.9, 0.7, 0.8, 0.99])
    marks = cluster_marks(frame, RULE)
    assert marks.rating.tolist() == [0.7]
    assert [rows.tolist() for rows in map(np.sort, marks.members)] == [[1, 2, 3]]


def test_two_groups_out_of_reach_are_two_marks_the_better_first():
    near, far = [(0, 0, 0), (1, 0, 0), (2, 0, 0)], [(40, 0, 0), (41, 0, 0), (42, 0, 0)]
    marks = cluster_marks(candidates([*near, *far], [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]), RULE)
    assert marks.rating.tolist() == [0.6, 0.3]


def test_a_volume_without_three_candidates_has_no_mark():
    assert len(cluster_marks(candidates([(0, 0, 0)] * 2, [0.9, 0.9]), RULE).rating) == 0
    assert len(cluster_marks(candidates([], []), RULE).rating) == 0


@pytest.mark.parametrize("seed", range(8))
def test_at_every_threshold_each_cluster_has_a_mark_and_each_mark_a_cluster(seed):
    draw = np.random.default_rng(seed)
    points = draw.random((60, 3)) * (60, 60, 10)
    frame = candidates(points, np.round(draw.random(60), 1))  # with ties
    marks = cluster_marks(frame, RULE)
    for threshold in np.round(np.arange(0, 1.05, 0.1), 1):
        called = frame.filter(pl.col("probability") >= threshold)
        number = cluster_numbers(called.select("row_mm", "col_mm", "depth_mm").to_numpy(), RULE)
        cluster = dict(zip(called["candidate_id"].to_list(), number.tolist(), strict=True))
        born = [
            rows for rows, rating in zip(marks.members, marks.rating, strict=True)
            if rating >= threshold
        ]  # fmt: skip
        inside = [{cluster[int(row)] for row in rows} - {-1} for rows in born]
        assert all(inside)
        assert set().union(*inside) == set(range(number.max(initial=-1) + 1))


@pytest.mark.parametrize("seed", range(20))
def test_the_rule_is_dbscan_number_for_number(seed):
    draw = np.random.default_rng(seed)
    points = draw.random((int(draw.integers(6, 90)), 3)) * draw.choice([10.0, 30.0, 60.0])
    if grid := (None, 1, None, 5)[seed % 4]:
        points = np.round(points / grid) * grid  # they coincide and lie exactly at the distance
    rule = Rule(int(draw.integers(2, 6)), float(draw.choice([5.0, 10.0])))
    search = DBSCAN(eps=rule.distance_mm, min_samples=rule.calcifications)
    assert cluster_numbers(points, rule).tolist() == search.fit(points).labels_.tolist()
