"""One key of a training; tuned values are not judged on rows that chose them."""

from typing import Any

import polars as pl
import pytest

from support.model_data import MODEL, NAMES, SEQUENCE, chosen, make_candidates, make_splits
from tomocalc.model.recipe import Recipe, tuned_values

BEST = chosen(dropout=0.3, trials=5)
OWN = make_splits(make_candidates())


def moved(volume: str) -> pl.DataFrame:
    """The splits with another volume in the test part than the last one."""
    part = pl.when(pl.col("volume_id") == volume).then(pl.lit("test")).otherwise(pl.lit("train"))
    return OWN.with_columns(part=part)


def test_the_own_split_keeps_them() -> None:
    assert tuned_values(BEST, tuned_on=OWN, splits=OWN) == BEST.model


@pytest.mark.parametrize("volume", ["v0", "v4"])
def test_a_test_part_with_tuned_on_candidates_does_not(volume: str) -> None:
    assert tuned_values(BEST, tuned_on=OWN, splits=moved(volume)) is None


def test_another_volume_of_a_tuned_on_patient_counts() -> None:
    other = OWN.filter(volume_id="v5").with_columns(volume_id=pl.lit("w"))
    assert tuned_values(BEST, tuned_on=OWN, splits=other) == BEST.model
    known = other.with_columns(patient_id=pl.lit("p0"))
    assert tuned_values(BEST, tuned_on=OWN, splits=known) is None
    nameless = other.with_columns(patient_id=pl.lit(""))
    unknown = OWN.with_columns(patient_id=pl.lit(""))
    assert tuned_values(BEST, tuned_on=unknown, splits=nameless) == BEST.model


def test_one_trial_has_chosen_nothing() -> None:
    assert tuned_values(chosen(dropout=0.3), tuned_on=OWN, splits=moved("v0")) == BEST.model


RECIPE: dict[str, Any] = {"features": NAMES, "sequence": SEQUENCE, "impute": "none", "seed": 1}
PLACE: dict[str, Any] = {"data": {"a": "1"}, "device": "cpu", "code": "c", "watch": False}


def key(model: dict[str, Any] | None = None, **changes: Any) -> str:
    given = {name: changes.pop(name, value) for name, value in RECIPE.items()}
    return Recipe.of(MODEL | (model or {}), **given).key(**PLACE | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"features": NAMES[::-1]},
        {"sequence": SEQUENCE | {"slices": 5}},
        {"sequence": {"kind": "single_step", "slices": 3}},
        {"impute": "mean"},
        {"seed": 2},
        {"data": {"a": "2"}},
        {"device": "cuda"},
        {"code": "d"},
        {"watch": True},
        *(
            {"model": {name: value}}
            for name, value in {
                "units": [8],
                "dropout": 0.3,
                "members": 2,
                "learning_rate": 1.0,
                "epochs": 9,
                "schedule": "one_cycle",
                "weight_decay": 1.0,
                "batch_size": 1,
                "patience": 9,
                "monitor": "auroc",
                "imbalance": "focal",
                "precision": "tf32",
                "scaler": "quantile",
            }.items()
        ),
    ],
)
def test_whatever_decides_a_training_is_in_its_key(changes: dict[str, Any]) -> None:
    assert key(**changes) != key()


def test_how_often_and_where_a_state_is_saved_is_not() -> None:
    assert key({"checkpoint_every": 99, "device": "auto"}) == key()


@pytest.mark.parametrize(
    ("chosen", "protocol", "imbalance", "expected"),
    [
        ("paper", "honest", "none", "oversample"),
        ("paper", "own", "none", "oversample"),
        ("paper", "paper", "none", "none"),
        ("paper", "honest", "focal", "focal"),
        ("honest", "paper", "none", "none"),
    ],
)
def test_rows_that_the_paper_balances_are_balanced_in_training_elsewhere(
    chosen: str, protocol: str, imbalance: str, expected: str
) -> None:
    recipe = Recipe.of(MODEL | {"imbalance": imbalance}, **RECIPE)
    assert recipe.under(protocol, chosen=chosen).settings.imbalance == expected
