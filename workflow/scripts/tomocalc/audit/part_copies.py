"""Copies of which some features were changed: test rows that share values with a learnt row.

A measured value with all its digits hardly occurs twice. A test row that has half of such values
in common with one learnt row is a copy of it, whatever was done to the others.
"""

from __future__ import annotations

from math import ceil, comb

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import bdtrc

from tomocalc.accounts.leakage import Check, Shared, Verdict
from tomocalc.audit.rows import SplitRows

FINE = 0.02
"""Chance that two rows have the same value, below which a feature is looked at."""
FEWEST = 3
"""Features that are needed, and rows from which on they are called copies."""
BY_CHANCE = 0.01
"""Pairs of rows that chance may put together, were the features independent."""
LEVEL = 1e-3
"""Largest p-value that is not called chance."""
MOST = 5_000_000
"""Pairs of equal values above which a feature is left out."""

Places = NDArray[np.int64]


def part_copies(rows: SplitRows) -> tuple[Check, list[Shared]]:
    """Return the test rows that equal a learnt row in half of the fine features, not in all.

    The same is counted among what is learnt from, between patients: features that go together,
    as an area and an outline in pixels, are then no copies.
    """
    learnt, test = np.flatnonzero(rows.learnt), np.flatnonzero(~rows.learnt)
    chance = {
        place: share_equal(rows.numbers[:, place], test, learnt)
        for place in range(len(rows.features))
    }
    fine = {
        place: equal
        for place, equal in chance.items()
        if equal <= FINE and equal * len(test) * len(learnt) <= MOST
    }
    if len(fine) < FEWEST:
        return Check(name="part_copies", verdict=Verdict.UNSEEN, count=0, of=len(test)), []
    needed = _needed(sorted(fine.values(), reverse=True), len(test) * len(learnt))
    if needed is None:
        return Check(name="part_copies", verdict=Verdict.UNSEEN, count=0, of=len(test)), []
    numbers = rows.numbers[:, list(fine)]
    twin = _twins(numbers, test, learnt, needed)
    whole = np.nan_to_num(rows.numbers, nan=np.inf)
    twin = {row: other for row, other in twin.items() if (whole[row] != whole[other]).any()}
    patient = rows.frame["patient"].to_numpy()
    others = len(_twins(numbers, learnt, learnt, needed, patient if rows.named else None))
    share = len(test) / (len(test) + len(learnt))
    p = float(bdtrc(len(twin) - 1, len(twin) + others, share)) if others else 0.0
    told = len(twin) >= FEWEST and p <= LEVEL
    label = rows.label[list(twin)] if twin else np.zeros(0)
    check = Check(
        name="part_copies",
        verdict=Verdict.LEAKS if told else Verdict.CLEAN,
        count=len(twin) if told else 0,
        of=len(test),
        positives=int(label.sum()) if told else 0,
        of_positives=int(rows.label[test].sum()),
        detectable=float(needed),
    )
    return check, [rows.twin("part_copies", *pair) for pair in twin.items() if told]


def share_equal(
    values: NDArray[np.float64], test: NDArray[np.int64], learnt: NDArray[np.int64]
) -> float:
    """Return the chance that a test row and a learnt row have the same value."""
    _, kind = np.unique(values, return_inverse=True, equal_nan=True)
    size = int(kind.max()) + 1
    counts = [np.bincount(kind[rows], minlength=size) for rows in (test, learnt)]
    return float(counts[0] @ counts[1]) / (len(test) * len(learnt))


def _needed(chances: list[float], pairs: int) -> int | None:
    """Return how many equal values make a copy: half of them, or what chance does not give."""
    for needed in range(max(2, ceil(len(chances) / 2)), len(chances) + 1):
        if comb(len(chances), needed) * float(np.prod(chances[:needed])) * pairs <= BY_CHANCE:
            return needed
    return None


def _twins(
    numbers: NDArray[np.float64],
    asked: Places,
    learnt: Places,
    needed: int,
    patient: NDArray[np.str_] | None = None,
) -> dict[int, int]:
    """Return of every asked row with *needed* values of a learnt one the one with the most.

    Rows of one patient, and a row itself, are no twins where *patient* is given or both are alike.
    """
    here, there = (
        pl.DataFrame({"row": rows, **{f"{k}": numbers[rows, k] for k in range(numbers.shape[1])}})
        for rows in (asked, learnt)
    )
    pairs = pl.concat(
        [
            here.select("row", f"{k}")
            .filter(pl.col(f"{k}").is_not_nan())
            .join(there.select(pl.col("row").alias("twin"), f"{k}"), on=f"{k}")
            .select("row", "twin")
            for k in range(numbers.shape[1])
        ]
    ).filter(pl.col("row") != pl.col("twin"))
    found = pairs.group_by("row", "twin").len().filter(pl.col("len") >= needed)
    if patient is not None:
        whose = pl.Series(patient)
        found = found.filter(whose.gather(found["row"]) != whose.gather(found["twin"]))
    best = found.sort("row", "len", "twin", descending=[False, True, False]).unique(
        "row", keep="first", maintain_order=True
    )
    return dict(zip(best["row"].to_list(), best["twin"].to_list(), strict=True))
