"""Whether hyper-parameters that one split has chosen may be judged on another split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

CANDIDATE = ["volume_id", "candidate_id"]
UNTUNED = "not tuned: the trials were scored on candidates or patients of this test part"


def tuned_values(
    best: Mapping[str, Any], *, tuned_on: pl.DataFrame, splits: pl.DataFrame
) -> dict[str, Any] | None:
    """Return the values of the `model` section that the tuning chose, or None.

    A single trial is the configured point and has chosen nothing. More trials were scored on rows
    of the splits *tuned_on*; where one of these rows' candidates or patients is in the test part
    of *splits*, the choice knows the answers there, and the configured values have to do.

    Parameters
    ----------
    best
        What ``select_hyperparameters`` wrote.
    tuned_on
        Splits of the run, as the tuning read them.
    splits
        Splits on which the model is to be judged.
    """
    if best["computed"] == 1:
        return dict(best["model"])
    seen = tuned_on.filter(pl.col("part") != "test")
    test = splits.filter(pl.col("part") == "test")
    named = test.filter(pl.col("patient_id") != "")
    shared = [
        test.join(seen, on=CANDIDATE, how="semi"),
        named.join(seen, on="patient_id", how="semi"),
    ]
    return None if any(len(rows) for rows in shared) else dict(best["model"])
