"""Rows between two others: a class that was filled up before the split, as SMOTE does.

Such a row lies on the straight line from one row to a near one. Of measured rows hardly ever do
three lie on a line. Source: Chawla et al., J. Artif. Intell. Res. 16 (2002) 321.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from tomocalc.accounts.leakage import Check, Shared, Verdict
from tomocalc.audit.part_copies import FEWEST, FINE, share_equal
from tomocalc.audit.rows import SplitRows

NEAR = 12
"""Learnt rows around a test row between which it may lie: oversampling takes five, or ten."""
ASKED = 2000
"""Test rows that are asked at most, evenly chosen."""
STRAIGHT = 1e-10
"""One plus the cosine between the ways to two rows, up to which these are opposite."""

Places = NDArray[np.int64]


def between_rows(rows: SplitRows) -> tuple[Check, list[Shared]]:
    """Return the test rows that lie on a line between two of the learnt rows around them."""
    learnt, test = np.flatnonzero(rows.learnt), np.flatnonzero(~rows.learnt)
    fine = [
        place
        for place in range(len(rows.features))
        if share_equal(rows.numbers[:, place], test, learnt) <= FINE
    ]
    values = rows.numbers[:, fine]
    known = np.asarray(~np.isnan(values).any(axis=1))
    learnt, test = learnt[known[learnt]], test[known[test]]
    if len(fine) < FEWEST or len(learnt) < NEAR or not len(test):
        return Check(name="between", verdict=Verdict.UNSEEN, count=0, of=len(test)), []
    asked = test[np.unique(np.linspace(0, len(test) - 1, ASKED).round().astype(int))]
    spread = values[learnt].std(axis=0)
    found = _parents(values / np.where(spread > 0, spread, 1.0), asked, learnt)
    told = len(found) >= FEWEST
    check = Check(
        name="between",
        verdict=Verdict.LEAKS if told else Verdict.CLEAN,
        count=len(found) if told else 0,
        of=len(asked),
        positives=int(rows.label[list(found)].sum()) if told else 0,
        of_positives=int(rows.label[asked].sum()),
    )
    twins = [(row, parent) for row, both in found.items() for parent in both if told]
    return check, [rows.twin("between", *pair) for pair in twins]


def _parents(values: NDArray[np.float64], asked: Places, learnt: Places) -> dict[int, list[int]]:
    """Return, of every asked row that lies between two learnt ones, these two."""
    near = np.asarray(KDTree(values[learnt]).query(values[asked], k=NEAR)[1])
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
