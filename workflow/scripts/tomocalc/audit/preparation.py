"""Whether features were prepared with the test rows: scaled, encoded or filled by all rows.

A scaler that was fitted on a set of rows leaves its mark on them: their mean is 0 to the last
digit, or their greatest value 1, which no other set of rows has. So do principal axes.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.leakage import Check, Verdict
from tomocalc.audit.rows import SplitRows

EXACT, COARSE = 1e-6, 1e-3
"""Distance from 0 and 1 up to which features are scaled: with all digits, and with the fewest."""
NEARLY = 1.1
"""The deviation of rows that were scaled by a sample's is a little below 1."""
FEWEST = 2
"""Features that must bear a mark, and rows with one value, from which on it is told."""
ROWS = 10
"""Rows of a set from which on it may have been scaled."""
GROUPS = 3
"""Groups with labels of their own from which on a feature may be their mean label."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int64]
Exact = Sequence[tuple[Floats, float]]
"""Features that are written exactly enough, and how exact a mean of each is."""


def prepared(rows: SplitRows) -> list[Check]:
    """Return the checks of scaling, of mean labels and of filled gaps."""
    once = rows.frame["row"].is_first_distinct().to_numpy()
    decimals = [int(rows.written[name][1].max(initial=0)) for name in rows.features]
    # of values with few decimals a mean is as exact as its last digit
    exact = [
        (values, near)
        for values, digits in zip(rows.numbers.T, decimals, strict=True)
        if (near := max(EXACT, 10.0**-digits)) <= COARSE and len(np.unique(values)) > 2
    ]
    return [_scaled(rows, once, exact), _encoded(rows, once, exact), _filled(rows, once)]


def _scaled(rows: SplitRows, once: Bools, exact: Exact) -> Check:
    """Return whether most features are scaled by all rows, or by the test rows alone.

    Who scales every site by itself makes the mean over all sites exact as well.
    """
    train, test = once & (rows.frame["part"] == "train").to_numpy(), once & ~rows.learnt
    whose = rows.frame["patient"].to_numpy()
    learnt = [_scaling(*one, train) | _scaling(*one, once & rows.learnt) for one in exact]
    # a few of the test rows may be clipped at the ends of the training rows
    ways = ("all rows together", once, 0.5), ("the test rows alone", test, 0.9)
    for subject, these, share in ways:
        # a mean that is 0 of one patient too is of every patient, and not of these rows
        own = these & (whose == whose[these.argmax()]) & (whose != "")
        marks = [_scaling(*one, these) for one in exact]
        for found, (values, near) in zip(marks, exact, strict=True):
            if own.any() and abs(np.nansum(values[own])) <= near * own.sum():
                found.discard("mean")
        marked = [found for found in marks if found]
        # what the learnt rows alone would have done as well is no leak, and who scales the test
        # rows alone scales the learnt ones alone as well
        both = zip(marks, learnt, strict=True)
        beyond = [one for one, other in both if (one & other if these is test else one - other)]
        if len(marked) >= share * len(exact) and len(beyond) >= FEWEST:
            return Check.counted("scaled", len(marked), len(exact), Verdict.CAUTION, subject)
    if len(exact) < FEWEST:
        return Check.unseen("scaled", len(exact))
    return Check.counted("scaled", 0, len(exact), Verdict.CAUTION)


def _scaling(values: Floats, near: float, these: Bools) -> set[str]:
    """Return what is exact of these rows: the mean, both ends, the greatest size, quartiles."""
    known = values[these & ~np.isnan(values)]
    spread = float(known.std()) if len(known) >= ROWS else 0.0
    if not spread:
        return set()
    low, first, middle, third, high = np.quantile(known, (0, 0.25, 0.5, 0.75, 1))
    size, off = max(-low, high), dict[str, float]()
    coarse = near > NEARLY * COARSE * spread
    if not coarse:
        off["mean"] = abs(known.mean()) / min(spread, 1.0) - near
        off["quartiles"] = abs(middle) + abs(third - first - 1) - near
    # A scaled end is 0 or 1 to the last digit, however few are written. One that many rows have is
    # of the measure, as of a share, and not of these rows; so may be a rounded share's greatest.
    if min((known == low).sum(), (known == high).sum()) == 1:
        off["ends"] = min(abs(low), abs(low + 1)) + abs(high - 1) - EXACT
    # nor has a scaled one others just below it, as a correlation has
    if (abs(known) > size - 5 * near).sum() == 1 and (low < 0 or not coarse):
        off["size"] = abs(size - 1) - EXACT
    return {way for way, far in off.items() if far <= 0}


def _encoded(rows: SplitRows, once: Bools, exact: Exact) -> Check:
    """Return how many features are the mean label of a group of rows, test rows among them.

    Of all rows of the group, or of the *others*, as where a row's own label is left out: then a
    group has two values, which are the label.
    """
    names = [rows.frame[name].cast(pl.String).fill_null("") for name in rows.identifiers]
    groups = [
        np.unique(one.to_numpy(), return_inverse=True)[1] for one in (rows.frame["patient"], *names)
    ]
    found = 0
    for values, near in exact:
        known = once & ~np.isnan(values)
        beyond = (np.clip(values[known], 0, 1) != values[known]).any()
        if beyond or not (known & ~rows.learnt).any():
            continue
        own = np.unique(values[known], return_inverse=True)[1]
        label = rows.label[known]
        means = [_mean_labels(group[known], label, 0) for group in groups]
        means += [_mean_labels(group[known], label, 1) for group in groups]
        found += any(
            len(np.unique(mean[~np.isnan(mean)])) >= GROUPS
            and bool((np.isnan(mean) | (abs(values[known] - mean) <= near)).all())
            for mean in (_mean_labels(own, label, 0), *means)
        )
    return Check.counted("encoded", found, len(rows.features), Verdict.LEAKS)


def _mean_labels(group: Codes, label: Floats, without: int) -> Floats:
    """Return the mean label of each row's group, *without* one row, its own, or none."""
    total = np.bincount(group, label)[group] - without * label
    count = np.bincount(group)[group] - without
    return np.divide(total, count, out=np.full(len(label), np.nan), where=count > 0)


def _filled(rows: SplitRows, once: Bools) -> Check:
    """Return whether gaps were filled with a mean of their class, or with one over all rows."""
    train = once & (rows.frame["part"] == "train").to_numpy()
    marks = [_marks(values, rows.label, once, train) for values in rows.numbers.T]
    asked = [found for found in marks if found is not None]
    counts = Counter(mark for found in asked for mark in found)
    if not asked:
        return Check.unseen("filled", 0)
    # of whole values medians, and means, are the same by chance, also of a constant in their middle
    least = max(FEWEST, counts["middle"] / 2)
    if counts["class"] or counts["whole"] >= least:
        count = sum(not found.isdisjoint(("class", "whole")) for found in asked)
        return Check.counted("filled", count, len(asked), Verdict.LEAKS, "of their class")
    told = max(counts["mean"], counts["median"] * (counts["median"] >= least))
    return Check.counted("filled", told, len(asked), Verdict.CAUTION, "over all rows" * (told > 0))


def _marks(values: Floats, label: Floats, once: Bools, train: Bools) -> set[str] | None:
    """Return what the one or two values are that are as frequent as only filled gaps are.

    The mean or median of a class (``whole``: a whole number), or of all rows but not of those of
    training alone; None where no value is so frequent.
    """
    known = once & ~np.isnan(values)
    levels, counts = np.unique(values[known], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:3]
    often = [levels[i] for i in order[:2] if counts[i] > max(FEWEST, 2 * counts[order[-1]])]
    rest = known & ~np.isin(values, often)
    if not often or not rest.any():
        return None
    near = EXACT * values[rest].std()
    low, high = np.quantile(values[rest], (0.25, 0.75))
    found = {"middle" for value in often if low <= value <= high and value % 1 == 0}
    for name, take in (("mean", np.mean), ("median", np.median)):
        for value in often:
            within = [
                some.any() and abs(take(values[some]) - value) <= near
                for some in (rest, rest & train)
            ]
            if within == [True, False]:
                found.add("median" if value % 1 == 0 else name)
            kind = label == label[values == value][0]
            if kind[values == value].all() and any(
                some.any() and abs(take(values[some]) - value) <= near
                for some in (rest & kind, rest & train & kind)
            ):
                found.add("class" if value % 1 else "whole")
    return found
