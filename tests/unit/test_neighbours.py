"""Close points and groups of them, beside SciPy's."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from tomocalc.neighbours import close_pairs, components, nearest


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("size", [0, 1, 40, 900])
def test_pairs_are_those_of_a_tree(axes: int, size: int) -> None:
    rng = np.random.default_rng(size)
    points, others = rng.uniform(-5, 25, (size, axes)), rng.uniform(-5, 25, (size // 2, axes))
    found = close_pairs(points, others, 1.7)
    wanted = []
    if len(others):
        near = KDTree(others).query_ball_point(points, 1.7, return_sorted=True)
        wanted = [(row, other) for row, line in enumerate(near) for other in line]
    assert list(zip(found.row.tolist(), found.other.tolist(), strict=True)) == wanted
    away = np.linalg.norm(points[found.row] - others[found.other], axis=1)
    assert np.allclose(found.squared, away**2)


def test_a_distance_of_the_radius_is_close() -> None:
    line = np.column_stack([np.arange(50) * 0.1, np.zeros(50)]).astype(np.float64)
    assert len(close_pairs(line, line, 0.1 + 1e-12).row) == 50 + 2 * 49


def test_of_equally_near_ones_the_first_counts() -> None:
    found = nearest(close_pairs(np.zeros((1, 2)), np.array([[0, 1.0], [1.0, 0], [0, 3]]), 2.0))
    assert (found.row.tolist(), found.other.tolist()) == ([0], [0])
    assert found.squared.tolist() == [1.0]


def test_components_are_those_of_a_graph() -> None:
    row, other = np.random.default_rng(0).integers(0, 300, (2, 200))
    graph = coo_array((np.ones(200), (row, other)), shape=(300, 300))
    wanted = connected_components(graph, directed=False)[1]
    found = components(300, row, other)
    assert np.array_equal(np.unique(found, return_inverse=True)[1], wanted)


def test_a_long_chain_is_one_component() -> None:
    end = np.random.default_rng(1).permutation(2000)
    assert not components(2000, end[:-1], end[1:]).any()
