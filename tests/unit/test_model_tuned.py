"""Tuned values are not judged on rows that chose them."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from support.model_data import make_candidates, make_splits
from tomocalc.model.tuned import tuned_values

BEST: dict[str, Any] = {"model": {"dropout": 0.3}, "computed": 5}
OWN = make_splits(make_candidates())


def moved(volume: str) -> pl.DataFrame:
    """The splits with another volume in the test part than the last one."""
    part = pl.when(pl.col("volume_id") == volume).then(pl.lit("test")).otherwise(pl.lit("train"))
    return OWN.with_columns(part=part)


def test_the_own_split_keeps_them() -> None:
    assert tuned_values(BEST, tuned_on=OWN, splits=OWN) == BEST["model"]


@pytest.mark.parametrize("volume", ["v0", "v4"])
def test_a_test_part_with_tuned_on_candidates_does_not(volume: str) -> None:
    assert tuned_values(BEST, tuned_on=OWN, splits=moved(volume)) is None


def test_another_volume_of_a_tuned_on_patient_counts() -> None:
    other = OWN.filter(volume_id="v5").with_columns(volume_id=pl.lit("w"))
    assert tuned_values(BEST, tuned_on=OWN, splits=other) == BEST["model"]
    known = other.with_columns(patient_id=pl.lit("p0"))
    assert tuned_values(BEST, tuned_on=OWN, splits=known) is None
    nameless = other.with_columns(patient_id=pl.lit(""))
    unknown = OWN.with_columns(patient_id=pl.lit(""))
    assert tuned_values(BEST, tuned_on=unknown, splits=nameless) == BEST["model"]


def test_one_trial_has_chosen_nothing() -> None:
    assert tuned_values(BEST | {"computed": 1}, tuned_on=OWN, splits=moved("v0")) == BEST["model"]
