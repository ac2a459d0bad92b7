"""Whether features were prepared with the test rows: scaled over all rows, gaps filled by class.

A scaler that was fitted on a set of rows leaves its mark on them: their mean is 0 and their
deviation 1 to the last digit, which no other set of rows has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.leakage import Check, Verdict
from tomocalc.audit.rows import SplitRows, written_digits

EXACT, COARSE = 1e-6, 1e-3
"""Distance from 0 and 1 up to which features are scaled: with all digits, and with the fewest."""
FEWEST = 2
"""Features that must bear a mark, and rows with one value, from which on it is told."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def prepared(rows: SplitRows) -> list[Check]:
    """Return the checks of scaling and of filled gaps."""
    once = rows.frame["row"].is_first_distinct().to_numpy()
    return [_scaled(rows, once), _filled(rows, once)]


def _scaled(rows: SplitRows, once: Bools) -> Check:
    """Return whether most features are scaled by all rows, or by the test rows alone."""
    train, test = once & (rows.frame["part"] == "train").to_numpy(), once & ~rows.learnt
    usable: list[tuple[Floats, float]] = []
    for place, name in enumerate(rows.features):
        values = rows.numbers[:, place]
        near = max(EXACT, 2 * 10.0 ** -int(written_digits(rows.some(name))[1].max(initial=0)))
        if near <= COARSE and len(np.unique(values)) > 2:
            usable.append((values, near))
    for subject, these in (("all rows together", once), ("the test rows alone", test)):
        marked = [one for one in usable if _is_scaled(*one, these)]
        # what the training rows alone would have done as well is no leak
        beyond = [one for one in marked if these is test or not _is_scaled(*one, train)]
        if 2 * len(marked) >= len(usable) and len(beyond) >= FEWEST:
            return Check.counted("scaled", len(marked), len(usable), Verdict.CAUTION, subject)
    if len(usable) < FEWEST:
        return Check.unseen("scaled", len(usable))
    return Check.counted("scaled", 0, len(usable), Verdict.CAUTION)


def _is_scaled(values: Floats, near: float, these: Bools) -> bool:
    """Return whether mean and deviation, both ends, or median and quartiles are 0 and 1."""
    known = values[these & ~np.isnan(values)]
    if len(known) < 10:
        return False
    low, first, middle, third, high = np.quantile(known, (0, 0.25, 0.5, 0.75, 1))
    ends = min(abs(low), abs(low + 1)) + abs(high - 1)
    spread = min(abs(known.std(ddof=ddof) - 1) for ddof in (0, 1))
    ways = (abs(known.mean()) + spread, ends, abs(middle) + abs(third - first - 1))
    return bool(min(ways) <= near)


def _filled(rows: SplitRows, once: Bools) -> Check:
    """Return whether gaps were filled with a mean of their class, or with one over all rows."""
    train = once & (rows.frame["part"] == "train").to_numpy()
    marks = [_marks(values, rows.label, once, train) for values in rows.numbers.T]
    asked = [found for found in marks if found is not None]
    counts = {mark: sum(mark in found for found in asked) for mark in ("class", "mean", "median")}
    if not asked:
        return Check.unseen("filled", 0)
    if counts["class"]:
        return Check.counted("filled", counts["class"], len(asked), Verdict.LEAKS, "of their class")
    # two features, for the medians of two sets of rows may be the same
    told = counts["mean"] > 0 or counts["median"] >= FEWEST
    count = max(counts["mean"], counts["median"]) if told else 0
    return Check.counted("filled", count, len(asked), Verdict.CAUTION, "over all rows" * told)


def _marks(values: Floats, label: Floats, once: Bools, train: Bools) -> set[str] | None:
    """Return what the one or two values are that are as frequent as only filled gaps are.

    The mean or median of a class, or of all rows but not of those of training alone; None where
    no value is so frequent.
    """
    known = once & ~np.isnan(values)
    levels, counts = np.unique(values[known], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:3]
    often = [levels[i] for i in order[:2] if counts[i] > max(FEWEST, 2 * counts[order[-1]])]
    rest = known & ~np.isin(values, often)
    if not often or not rest.any():
        return None
    near = EXACT * values[rest].std()
    found = set()
    for name, take in (("mean", np.mean), ("median", np.median)):
        for value in often:
            within = [
                some.any() and abs(take(values[some]) - value) <= near
                for some in (rest, rest & train)
            ]
            if within == [True, False]:
                found.add(name)
            kind = label == label[values == value][0]
            if kind[values == value].all() and any(
                some.any() and abs(take(values[some]) - value) <= near
                for some in (rest & kind, rest & train & kind)
            ):
                found.add("class")
    return found
