"""Trees that read depth: inputs by hand, and the numbers of the libraries that grew them."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from xgboost import XGBClassifier

from tomocalc.model import growing
from tomocalc.model.forest import Forest, Trees, depth_features, log_odds, probability


def test_depth_is_read_around_the_best_focus_by_hand() -> None:
    x = np.array([[[1.0], [3.0], [2.0]], [[4.0], [1.0], [9.0]]], np.float32)
    mask = np.array([[True, True, True], [True, True, False]])
    found = depth_features(x, mask, np.array([1, 0]))
    # 3 against the mean of 1 and 2; 4 against 1, which is below it, and nothing above
    assert found.tolist() == [[3.0, pytest.approx(1.5 / 4.5)], [4.0, pytest.approx(3 / 5)]]


def test_one_slice_has_no_depth_and_zeros_divide_nothing() -> None:
    x = np.array([[[2.0, 0.0]], [[0.0, 1.0]]], np.float32)
    assert np.array_equal(depth_features(x, np.ones((2, 1), bool), np.zeros(2, int)), x[:, 0])
    flat = np.zeros((1, 3, 1), np.float32)
    assert depth_features(flat, np.ones((1, 3), bool), np.array([1])).tolist() == [[0.0, 0.0]]


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (growing.AVERAGED, growing.BOOSTED):
        monkeypatch.setitem(kind, "n_estimators", 12)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(1)
    x = np.round(draw.normal(size=(900, 5)), 1).astype(np.float32)  # many values on a threshold
    y = (x[:, 0] + x[:, 1] * x[:, 2] + draw.normal(size=900) > 1).astype(np.float32)
    return x, y


def test_the_numbers_are_those_of_the_libraries(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = data
    trees = growing.grow(x[:600], y[:600], seed=3)
    extra = ExtraTreesClassifier(**growing.AVERAGED, random_state=3).fit(x[:600], y[:600])
    boosted = XGBClassifier(**growing.BOOSTED, random_state=3, n_jobs=1).fit(x[:600], y[:600])
    mean = trees.averaged.leaves(x).mean(axis=1)
    assert np.allclose(mean, extra.predict_proba(x)[:, 1], atol=1e-6)
    margin = trees.boosted.leaves(x).sum(axis=1) + trees.base
    assert np.allclose(margin, boosted.predict(x, output_margin=True), atol=1e-5)
    assert np.allclose(trees.log_odds(x), (log_odds(mean, edge=1e-3) + margin) / 2)


def test_growing_twice_gives_the_same_arrays_and_they_come_back(
    data: tuple[np.ndarray, np.ndarray],
) -> None:
    first, second = (growing.grow(*data, seed=1).tensors() for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert np.array_equal(
        Trees.of(first).log_odds(data[0]), growing.grow(*data, seed=1).log_odds(data[0])
    )


def test_trees_that_do_not_end_are_refused() -> None:
    leaf = {"threshold": np.zeros(2, np.float32), "value": np.zeros(2, np.float32)}
    loop = Forest(
        feature=np.array([0, -1], np.int32),
        left=np.array([0, 0], np.int32),
        right=np.array([1, 0], np.int32),
        roots=np.zeros(1, np.int32),
        **leaf,
    )
    tensors = Trees(loop, loop, 0.0).tensors()
    with pytest.raises(ValueError, match="averaged trees do not fit"):
        Trees.of(tensors)
    del tensors["boosted.left"]
    with pytest.raises(ValueError, match="is missing"):
        Trees.of(tensors)


def test_log_odds_and_back() -> None:
    values = np.array([0.1, 0.5, 0.9])
    assert np.allclose(probability(log_odds(values)), values)
