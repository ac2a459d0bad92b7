"""Scaling and imputation: values by hand, training rows only, JSON and back."""

import msgspec
import numpy as np
import pytest
import torch
from scipy.stats import norm, rankdata
from sklearn.impute import KNNImputer

from support.model_data import MODEL
from tomocalc.errors import TomocalcError
from tomocalc.model.card import NetworkShape
from tomocalc.model.fitting import fit
from tomocalc.model.preprocessing import Preprocessing, fit_imputation, fit_preprocessing
from tomocalc.model.recipe import Recipe, TrainingSettings
from tomocalc.model.sequences import Samples

ONE_STEP = np.ones((4, 1), bool)
RECIPE = Recipe(
    shape=NetworkShape(inputs=1, units=(2,)),
    settings=TrainingSettings.of(MODEL | {"epochs": 1}),
    features=("area",),
    sequence={"kind": "single_step", "slices": 1},
    scaler="standard",
    impute="none",
    seed=0,
)


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float32).reshape(-1, 1, 1)


def test_standard_scaler_by_hand_and_beyond_its_range() -> None:
    scale = fit_preprocessing(column(1, 1, 3, 3), ONE_STEP, features=1, scaler="standard")
    assert scale(column(1, 3, 2, 10), ONE_STEP).ravel().tolist() == [-1, 1, 0, 8]


def test_a_constant_feature_is_only_centred() -> None:
    scale = fit_preprocessing(column(5, 5, 5, 5), ONE_STEP, features=1, scaler="standard")
    assert scale(column(5, 5, 6, 4), ONE_STEP).ravel().tolist() == [0, 0, 1, -1]


def test_quantile_scaler_gives_normal_scores_with_mid_ranks() -> None:
    values = np.array([3.0, 1.0, 1.0, 9.0])
    scale = fit_preprocessing(column(*values), ONE_STEP, features=1, scaler="quantile")
    expected = norm.ppf((rankdata(values) - 0.5) / 4)
    assert np.allclose(scale(column(*values), ONE_STEP).ravel(), expected, atol=1e-6)
    beyond = scale(column(-100, 100, 2, 1), ONE_STEP).ravel()
    assert np.allclose(beyond[:2], [expected.min(), expected.max()])
    assert expected.min() < beyond[2] < expected[0]


def test_a_quantile_scale_of_many_values_is_close_to_the_exact_one() -> None:
    values = np.random.default_rng(0).lognormal(size=5000).astype(np.float32)
    x = values.reshape(-1, 1, 1)
    scale = fit_preprocessing(x, np.ones((5000, 1), bool), features=1, scaler="quantile")
    exact = norm.ppf((rankdata(values) - 0.5) / 5000)
    found = scale(x, np.ones((5000, 1), bool)).ravel()
    assert np.abs(found - exact)[np.abs(exact) < 2].max() < 0.05
    assert np.all(np.diff(found[np.argsort(values)]) >= 0)


@pytest.mark.parametrize(("impute", "filled"), [("mean", 4.0), ("median", 2.0)])
def test_imputation_uses_the_finite_training_values(impute: str, filled: float) -> None:
    x = column(1, 2, 9, np.nan)
    scale = fit_preprocessing(x, ONE_STEP, features=1, scaler="standard", impute=impute)
    assert scale.imputation.fill == (filled,)
    same = scale(column(filled, filled, 1, 2), ONE_STEP)
    assert scale(column(np.nan, filled, 1, 2), ONE_STEP)[0] == same[1]


def test_masked_steps_are_ignored_and_become_zero() -> None:
    x = np.array([[[1.0], [777.0]], [[3.0], [777.0]]], np.float32)
    mask = np.array([[True, False], [True, False]])
    scale = fit_preprocessing(x, mask, features=1, scaler="standard")
    assert scale(x, mask).ravel().tolist() == [-1, 0, 1, 0]


def test_features_as_steps_are_scaled_feature_by_feature() -> None:
    rows = np.random.default_rng(1).normal([5, -3], [1, 100], (50, 2)).astype(np.float32)
    single, steps = rows[:, None, :], rows[:, :, None]
    one = fit_preprocessing(single, np.ones((50, 1), bool), features=2, scaler="standard")
    many = fit_preprocessing(steps, np.ones((50, 2), bool), features=2, scaler="standard")
    assert one == many
    a, b = one(single, np.ones((50, 1), bool)), many(steps, np.ones((50, 2), bool))
    assert np.array_equal(a[:, 0, :], b[:, :, 0])


def test_nearest_neighbours_fill_by_hand() -> None:
    rows = np.array([[0.0, 10], [1, 20], [2, 30], [3, 40], [4, 50], [100, 999], [2, np.nan]])
    found = fit_imputation(rows, kind="knn")
    assert len(found.reference) == 6
    filled = found(rows)
    assert filled[-1].tolist() == [2, 30]
    assert np.array_equal(filled[:-1], rows[:-1])
    assert found(np.array([[np.nan, np.nan]])).tolist() == [
        [pytest.approx(16), pytest.approx(1149 / 6)]
    ]


def test_nearest_neighbours_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(200, 4))
    lacking = rng.normal(size=(50, 4))
    lacking[np.arange(50), rng.integers(4, size=50)] = np.nan
    spread = rows.std(axis=0)
    expected = KNNImputer(n_neighbors=5).fit(rows / spread).transform(lacking / spread) * spread
    assert np.allclose(fit_imputation(rows, kind="knn")(lacking), expected)


def test_what_cannot_be_filled_is_named() -> None:
    with pytest.raises(TomocalcError, match=r"E302.*feature 2"):
        fit_imputation(np.array([[1.0, np.nan]]), kind="mean")
    with pytest.raises(TomocalcError, match=r"E302.*knn"):
        fit_imputation(np.array([[1.0, np.nan], [np.nan, 1.0]]), kind="knn")


@pytest.mark.parametrize("impute", ["none", "median", "knn"])
def test_json_and_back_is_the_same_scale(impute: str) -> None:
    x = np.random.default_rng(2).gamma(1, size=(300, 1, 3)).astype(np.float32)
    mask = np.ones((300, 1), bool)
    scale = fit_preprocessing(x, mask, features=3, scaler="quantile", impute=impute)
    assert msgspec.json.decode(msgspec.json.encode(scale), type=Preprocessing) == scale


def test_only_training_rows_and_each_candidate_once_fit_the_scale() -> None:
    x = column(1, 3, 3, 3, 1000, -1000)
    samples = Samples(
        x=x,
        mask=np.ones((6, 1), bool),
        focus=np.zeros(6, np.int64),
        y=np.array([0, 1, 1, 1, 0, 1], np.float32),
        part=np.array(["train"] * 4 + ["validation", "test"]),
        fold=np.zeros(6, np.int64),
        candidate=np.array([0, 1, 1, 1, 2, 3]),
    )
    result = fit(
        samples,
        training=np.arange(4),
        validation=np.arange(4, 5),
        recipe=RECIPE,
        device=torch.device("cpu"),
    )
    assert result.preprocessing.knots == ((2.0, 3.0),)


def test_the_steps_of_best_focus_fit_the_scale() -> None:
    x = np.array([[9, 1, 9], [3, 9, 0]], np.float32)[..., np.newaxis]
    samples = Samples(
        x=x,
        mask=np.array([[True, True, True], [True, True, False]]),
        focus=np.array([1, 0]),
        y=np.array([0, 1], np.float32),
        part=np.array(["train"] * 2),
        fold=np.zeros(2, np.int64),
        candidate=np.arange(2),
    )
    rows, none = np.arange(2), np.arange(0)
    found = fit(samples, training=rows, validation=none, recipe=RECIPE, device=torch.device("cpu"))
    assert found.preprocessing.knots == ((2.0, 3.0),)
