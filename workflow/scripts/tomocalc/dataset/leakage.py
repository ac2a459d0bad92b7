"""What the test part shares with the training part: the facts behind a leakage verdict."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial import KDTree

from tomocalc.wording.numbers import share
from tomocalc.wording.verdicts import patients_shared

NEAR = 0.01
"""Two candidates are near-duplicates when no used feature differs by more than this many
standard deviations of the training part."""


def leakage_facts(splits: pl.DataFrame, focus: pl.DataFrame, *, used: list[str]) -> dict[str, Any]:
    """Compare the test part with everything the model may learn from.

    Parameters
    ----------
    splits
        Rows of ``splits.parquet``.
    focus
        One row per candidate, with the *used* features.
    used
        Features the model reads.

    Returns
    -------
    dict
        ``test_rows_with_copy_in_train``: share of test rows (all, positive, negative) whose used
        features are identical to a row of training or validation; ``shared_patients`` and
        ``shared_groups``: how many stand on both sides; ``near_duplicates``; ``verdict``
        (``clean`` or ``leaks``) and its ``reasons``.
    """
    rows = splits.join(
        focus.select("volume_id", "candidate_id", *used), on=["volume_id", "candidate_id"]
    )
    test, rest = rows.filter(pl.col("part") == "test"), rows.filter(pl.col("part") != "test")
    copied = test.join(rest.select(used).unique(), on=used, how="semi", nulls_equal=True)
    copies = {
        "all": _share(copied.height, test.height),
        **{
            name: _share(
                copied.filter(pl.col("label") == label).height,
                test.filter(pl.col("label") == label).height,
            )
            for name, label in (("positive", 1), ("negative", 0))
        },
    }
    patients = _shared(test, rest, "patient_id") - {""}
    groups = _shared(test, rest, "group")
    reasons = _reasons(copies, len(patients), has_patients=bool((rows["patient_id"] != "").any()))
    return {
        "test_rows_with_copy_in_train": copies,
        "shared_patients": len(patients),
        "shared_groups": len(groups),
        "near_duplicates": {"share": _near_share(test, rest, used), "distance": NEAR},
        "verdict": "leaks" if groups or patients else "clean",
        "reasons": reasons,
    }


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


def _reasons(copies: dict[str, float], patients: int, *, has_patients: bool) -> list[str]:
    reasons = [patients_shared(patients)] if patients else []
    if copies["positive"] > 0:
        reasons.append(
            f"{share(copies['positive'])} of the calcifications in the test part have an identical "
            "copy among the rows that the model learns from."
        )
    if copies["negative"] > 0:
        reasons.append(
            f"{share(copies['negative'])} of the other test rows have an identical copy there."
        )
    if not has_patients:
        reasons.append(
            "The data name no patients, so candidates of one patient may stand on both sides."
        )
    return reasons


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
