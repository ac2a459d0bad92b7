"""What the test part shares with the training part: the facts behind a leakage verdict."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial import KDTree

from tomocalc.accounts.split import Copies, Near, Sharing

NEAR = 0.01
"""Two candidates are near-duplicates when no used feature differs by more than this many
standard deviations of the training part."""


def leakage_facts(splits: pl.DataFrame, focus: pl.DataFrame, *, used: list[str]) -> Sharing:
    """Compare the test part with everything the model may learn from.

    Parameters
    ----------
    splits
        Rows of ``splits.parquet``.
    focus
        One row per candidate, with the *used* features.
    used
        Features the model reads.
    """
    rows = splits.join(
        focus.select("volume_id", "candidate_id", *used), on=["volume_id", "candidate_id"]
    )
    test, rest = rows.filter(pl.col("part") == "test"), rows.filter(pl.col("part") != "test")
    copied = test.join(rest.select(used).unique(), on=used, how="semi", nulls_equal=True)
    patients = _shared(test, rest, "patient_id") - {""}
    groups = _shared(test, rest, "group")
    return Sharing(
        test_rows_with_copy_in_train=Copies(
            all=_share(copied.height, test.height),
            **{
                name: _share(
                    copied.filter(pl.col("label") == label).height,
                    test.filter(pl.col("label") == label).height,
                )
                for name, label in (("positive", 1), ("negative", 0))
            },
        ),
        shared_patients=len(patients),
        shared_groups=len(groups),
        near_duplicates=Near(share=_near_share(test, rest, used), distance=NEAR),
        patients_named=bool((rows["patient_id"] != "").any()),
        verdict="leaks" if groups or patients else "clean",
    )


def _shared(test: pl.DataFrame, rest: pl.DataFrame, column: str) -> set[Any]:
    return set(test[column].unique()) & set(rest[column].unique())


def _near_share(test: pl.DataFrame, rest: pl.DataFrame, used: list[str]) -> float:
    learnt = _numbers(rest, used)
    scale = learnt.std(axis=0)
    scale[scale == 0] = 1
    tree = KDTree(np.unique(learnt / scale, axis=0))
    asked = _numbers(test, used) / scale
    distance, _ = tree.query(asked, p=np.inf, distance_upper_bound=NEAR)
    return _share(int(np.isfinite(distance).sum()), len(asked))


def _numbers(rows: pl.DataFrame, used: list[str]) -> NDArray[np.float64]:
    numbers = rows.select(pl.col(used).cast(pl.Float64)).fill_null(0).fill_nan(0)
    return numbers.to_numpy()


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
