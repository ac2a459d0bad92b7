"""Sequences of candidates: place, order, masks, faults."""

import numpy as np
import polars as pl
import pytest

from support.model_data import NAMES, make_candidates, make_splits
from tomocalc.errors import TomocalcError
from tomocalc.model.sequences import build_samples, build_sequences

ONE = ["area"]


def one_candidate(focus: int, slices: int = 5, first: int = 0) -> pl.DataFrame:
    """A candidate whose area is its slice number times ten."""
    z = np.arange(first, slices)
    return pl.DataFrame(
        {
            "volume_id": ["v"] * len(z),
            "candidate_id": [3] * len(z),
            "slice": z,
            "focus": z == focus,
            "area": z * 10.0,
        }
    )


@pytest.mark.parametrize(
    ("focus", "slices", "expected"),
    [
        (2, 3, [10, 20, 30]),
        (2, 4, [0, 10, 20, 30]),
        (0, 3, [0, 10]),
        (4, 3, [30, 40]),
        (1, 9, [0, 10, 20, 30, 40]),
    ],
)
def test_slices_are_centred_on_focus_and_valid_steps_come_first(
    focus: int, slices: int, expected: list[float]
) -> None:
    found = build_sequences(one_candidate(focus), features=ONE, kind="slices", slices=slices)
    assert found.x.shape == (1, slices, 1)
    assert found.x[0, : len(expected), 0].tolist() == expected
    assert found.mask[0].tolist() == [True] * len(expected) + [False] * (slices - len(expected))
    assert not found.x[~found.mask].any()
    assert found.focus.tolist() == [expected.index(10 * focus)]


def test_features_as_steps_and_single_step_read_the_focus() -> None:
    table = make_candidates(volumes=2, per_volume=3)
    expected = table.filter("focus").select(NAMES).to_numpy()
    steps = build_sequences(table, features=NAMES, kind="features_as_steps", slices=7)
    single = build_sequences(table, features=NAMES, kind="single_step", slices=7)
    assert np.array_equal(steps.x[:, :, 0], expected)
    assert steps.mask.shape == (6, 3)
    assert np.array_equal(single.x[:, 0, :], expected)
    assert single.mask.shape == (6, 1)
    assert steps.mask.all()
    assert single.mask.all()


def test_samples_follow_the_splits_and_repeat_copies() -> None:
    table = make_candidates(volumes=3, per_volume=4)
    splits = make_splits(table).reverse()
    splits = pl.concat([splits, splits.head(2).with_columns(copy=pl.lit(1, pl.Int32))])
    found = build_samples(
        table.sample(fraction=1.0, shuffle=True, seed=3),
        splits,
        features=NAMES,
        sequence={"kind": "single_step", "slices": 1},
    )
    keys = ["volume_id", "candidate_id"]
    expected = splits.join(
        table.filter("focus"), on=keys, how="left", maintain_order="left", suffix="_table"
    )
    assert np.array_equal(found.x[:, 0], expected.select(NAMES).to_numpy())
    assert found.y.tolist() == splits["label"].to_list()
    assert found.part.tolist() == splits["part"].to_list()
    assert found.fold.tolist() == splits["fold"].to_list()
    assert np.array_equal(found.candidate[-2:], found.candidate[:2])
    assert found.first_uses(np.arange(len(splits))).tolist() == list(range(12))


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_not_finite_is_named(value: float | None) -> None:
    table = one_candidate(2).with_columns(
        area=pl.when(pl.col("slice") == 1).then(pl.lit(value)).otherwise(pl.col("area"))
    )
    with pytest.raises(TomocalcError, match=r"E302.*volume v, candidate 3, slice 1, column area"):
        build_sequences(table, features=ONE, kind="slices", slices=3)
    far = build_sequences(table, features=ONE, kind="single_step", slices=3)
    assert far.x.item() == 20.0, "only what the model reads is checked"


def test_missing_values_pass_for_an_imputation_but_infinity_does_not() -> None:
    table = one_candidate(2).with_columns(area=pl.lit(None, pl.Float64))
    found = build_sequences(table, features=ONE, kind="slices", slices=3, missing=True)
    assert np.isnan(found.x).all()
    with pytest.raises(TomocalcError, match="E302"):
        build_sequences(
            table.with_columns(area=pl.lit(float("inf"))),
            features=ONE,
            kind="slices",
            slices=3,
            missing=True,
        )


def test_missing_column_candidate_and_focus_are_named() -> None:
    table = make_candidates(volumes=2, per_volume=2)
    splits = make_splits(table)
    with pytest.raises(TomocalcError, match=r"E302.*colour"):
        build_sequences(table, features=["colour"], kind="slices", slices=3)
    with pytest.raises(TomocalcError, match=r"E302.*volume v1, candidate 1"):
        build_samples(
            table.filter((pl.col("volume_id") != "v1") | (pl.col("candidate_id") != 1)),
            splits,
            features=NAMES,
            sequence={"kind": "slices", "slices": 3},
        )
    with pytest.raises(TomocalcError, match=r"E302.*volume v0, candidate 0, column focus"):
        build_sequences(
            table.with_columns(focus=pl.lit(value=False)), features=NAMES, kind="slices", slices=3
        )
