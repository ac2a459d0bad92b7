"""Copies that were changed, moved or mixed: test rows that share values with learnt rows.

A measured value with all its digits hardly occurs twice. A test row that has half of such values
in common with one learnt row is a copy of it, whatever was done to the others; so is one that has
all of them in other places. A row on the straight line between two near ones was made of both.
"""

from math import ceil, comb

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pykdtree.kdtree import KDTree

from tomocalc.accounts.leakage import Check, Shared, Verdict
from tomocalc.audit.rows import SplitRows
from tomocalc.metrics import more_by_binomial

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

ALIKE = 9
"""Significant digits in which the ratios of the values of a row and of its multiple agree."""
NEAR = 12
"""Learnt rows around a test row between which it may lie: oversampling takes five, or ten."""
ASKED = 2000
"""Test rows of which is asked whether they lie between others at most, evenly chosen."""
DIMENSIONS = 128
"""Features from which on neighbours are told by every second, or fewer: trees take no more."""
STRAIGHT = 1e-10
"""One plus the cosine between the ways to two rows, up to which these are opposite."""

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Found = tuple[Check, list[Shared]]


def part_copies(rows: SplitRows) -> Found:
    """Return the test rows that equal a learnt row in half of the fine features, not in all.

    The same is counted among what is learnt from, between patients: features that go together,
    as an area and an outline in pixels, are then no copies.
    """
    learnt, test = np.flatnonzero(rows.learnt), np.flatnonzero(~rows.learnt)
    fine = {
        place: equal
        for place, equal in enumerate(rows.equal)
        if equal <= FINE and equal * len(test) * len(learnt) <= MOST
    }
    needed = _needed(sorted(fine.values(), reverse=True), len(test) * len(learnt))
    if len(fine) < FEWEST or needed is None:
        return Check.unseen("part_copies", len(test)), []
    numbers = rows.numbers[:, list(fine)]
    twin = _twins(numbers, test, learnt, needed)
    whole = np.nan_to_num(rows.numbers, nan=np.inf)
    twin = {row: other for row, other in twin.items() if (whole[row] != whole[other]).any()}
    patient = rows.frame["patient"].to_numpy()
    others = len(_twins(numbers, learnt, learnt, needed, patient if rows.named else None))
    share = len(test) / (len(test) + len(learnt))
    p = more_by_binomial(len(twin) - 1, len(twin) + others, share) if others else 0.0
    told = len(twin) >= FEWEST and p <= LEVEL
    twins = {row: [other] for row, other in twin.items()} if told else {}
    return _judged("part_copies", rows, twins, test, detectable=float(needed))


def disguised(rows: SplitRows) -> Found:
    """Return the test rows with the values of a learnt row in another order, or multiplied."""
    fine = [rows.features[place] for place, equal in enumerate(rows.equal) if equal <= FINE]
    values = rows.numbers[:, [name in fine and name in rows.precise for name in rows.features]]
    learnt, test = np.flatnonzero(rows.learnt), np.flatnonzero(~rows.learnt)
    usable = (np.isfinite(values) & (values != 0)).sum(axis=1) >= FEWEST
    if values.shape[1] < FEWEST or not usable.any():
        return Check.unseen("disguised", len(test)), []
    twin: dict[int, int] = {}
    for key in (np.sort(values, axis=1), _directions(values)):
        frame = pl.DataFrame(np.nan_to_num(key, nan=np.inf)).with_row_index("at")
        keys = frame.columns[1:]
        here, there = (frame[some[usable[some]]] for some in (test, learnt))
        there = there.unique(keys, keep="first", maintain_order=True).rename({"at": "twin"})
        found = here.join(there, on=keys, maintain_order="left")
        twin |= dict(found.select("at", "twin").iter_rows())
    whole = np.nan_to_num(values, nan=np.inf)  # rows that are equal as they stand: see `copies`
    twins = {row: [twin[row]] for row in sorted(twin) if (whole[row] != whole[twin[row]]).any()}
    return _judged("disguised", rows, twins, test)


def between_rows(rows: SplitRows) -> Found:
    """Return the test rows that lie on a line between two of the learnt rows around them.

    Of measured rows hardly ever do three lie on a line; a class that was filled up before the
    split, as by SMOTE, is full of them: Chawla et al., J. Artif. Intell. Res. 16 (2002) 321.
    """
    learnt, test = np.flatnonzero(rows.learnt), np.flatnonzero(~rows.learnt)
    fine = [place for place, equal in enumerate(rows.equal) if equal <= FINE]
    values = rows.numbers[:, fine]
    known = np.asarray(~np.isnan(values).any(axis=1))
    learnt, test = learnt[known[learnt]], test[known[test]]
    if len(fine) < FEWEST or len(learnt) < NEAR or not len(test):
        return Check.unseen("between", len(test)), []
    asked = test[np.unique(np.linspace(0, len(test) - 1, ASKED).round().astype(int))]
    spread = values[learnt].std(axis=0)
    found = _parents(values / np.where(spread > 0, spread, 1.0), asked, learnt)
    return _judged("between", rows, found, asked)


def _judged(
    name: str,
    rows: SplitRows,
    twins: dict[int, list[int]],
    test: Places,
    detectable: float | None = None,
) -> Found:
    """Return the check of *test* rows that have twins: fewer than `FEWEST` are none."""
    twins = twins if len(twins) >= FEWEST else {}
    check = Check(
        name=name,
        verdict=Verdict.LEAKS if twins else Verdict.CLEAN,
        count=len(twins),
        of=len(test),
        positives=int(rows.label[list(twins)].sum()),
        of_positives=int(rows.label[test].sum()),
        detectable=detectable,
    )
    return check, [rows.twin(name, row, one) for row, both in twins.items() for one in both]


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


def _directions(values: Floats) -> Floats:
    """Return every row divided by its length, rounded to a number of significant digits."""
    length = np.sqrt(np.nansum(values**2, axis=1, keepdims=True))
    ratio = np.divide(values, length, out=np.full_like(values, np.nan), where=length > 0)
    size = np.floor(np.log10(np.abs(ratio), out=np.zeros_like(ratio), where=np.abs(ratio) > 0))
    unit = 10.0 ** (size - ALIKE + 1)
    return np.round(ratio / unit) * unit


def _parents(values: Floats, asked: Places, learnt: Places) -> dict[int, list[int]]:
    """Return, of every asked row that lies between two learnt ones, these two."""
    some = values[:, :: 1 + values.shape[1] // DIMENSIONS]
    near = KDTree(some[learnt]).query(some[asked], k=NEAR)[1]
    way = values[learnt][near] - values[asked][:, None]  # (asked, neighbour, feature)
    # rows that differ in a feature or two lie on a line by chance, and copies lie nowhere else
    usable = (way != 0).sum(axis=2) >= FEWEST
    length = np.linalg.norm(way, axis=2, keepdims=True)
    way = np.divide(way, length, out=np.zeros_like(way), where=usable[:, :, None])
    cosine = way @ way.transpose(0, 2, 1)
    best = cosine.reshape(len(asked), -1).argmin(axis=1)
    pairs = np.stack(np.divmod(best, NEAR), axis=1)
    straight = cosine.reshape(len(asked), -1).min(axis=1) <= STRAIGHT - 1
    return {
        int(asked[place]): learnt[near[place, pairs[place]]].tolist()
        for place in np.flatnonzero(straight)
    }
