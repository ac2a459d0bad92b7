"""Whether one feature, its gaps, or two features together are the label in another form."""

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.leakage import Check, FeatureAlone, Verdict
from tomocalc.audit.association import aurocs
from tomocalc.audit.rows import SOME, SplitRows
from tomocalc.metrics import auroc

TOO_GOOD = 0.99
"""AUROC from which on it is asked whether features are the label in another form."""
LEFT = 0.2
"""Two features tell together when no more than this share of the better one's error is left."""
AROUND = 8
"""Rows with the next lower values, and with the next higher ones, whose labels are asked."""
LEVEL = 0.05
"""Chance that one of all features parts the classes, above which none is asked."""
ENOUGH = 50
"""Patients of a class beyond which more make an AUROC above `TOO_GOOD` no rarer by chance."""
RARER = 10
"""Patients of the rarer class from which on two features are asked: fewer are parted by chance."""
STEADY = 0.1
"""Deviation within patients over that between them, up to which a feature is one of patients."""
DIGITS = 8
"""Significant digits up to which a value is called rounded."""
USUAL = 0.05
"""Share of the rows above which a value is one that many have."""
FEATURES, ROWS, PAIRS = 40, 3000, 200
"""Features and rows that are looked at in pairs at most, and pairs at a time."""

Floats = NDArray[np.float64]


def features_alone(rows: SplitRows) -> list[FeatureAlone]:
    """Return the AUROC of every feature alone, best first; rows that lack it do not count."""
    found = []
    for name, values in zip(rows.features, rows.numbers.T, strict=True):
        known = ~np.isnan(values)
        label = rows.label[known]
        if 0 < label.sum() < len(label):
            found.append(FeatureAlone(feature=name, auroc=_either_way(label, values[known])))
    return sorted(found, key=lambda one: (-one.auroc, one.feature))


def too_good(alone: list[FeatureAlone], rows: SplitRows) -> list[Check]:
    """Return a check of every feature that alone separates the classes, or one that none does."""
    if _by_chance(rows):
        return [Check.unseen("feature_alone", len(rows.features))]
    return [
        _caution("feature_alone", one.feature, one.auroc, len(rows.features))
        for one in [*alone, *_marks_alone(alone, rows), *_around_alone(alone, rows)]
        if one.auroc > TOO_GOOD
    ] or [Check.counted("feature_alone", 0, len(rows.features), Verdict.CAUTION)]


def _marks_alone(alone: list[FeatureAlone], rows: SplitRows) -> list[FeatureAlone]:
    """Return the AUROC of the gaps of every feature, of its rounding and of its last digit.

    How values are written is asked of features that do not tell alone. A value that many rows
    have, as where a measure has an end, does not count as rounded.
    """
    good = {one.feature for one in alone if one.auroc > TOO_GOOD}
    every = 1 + rows.frame.height // SOME
    found = []
    for name, values in zip(rows.features, rows.numbers.T, strict=True):
        marks = {f"whether {name} is missing": (rows.label, np.isnan(values))}
        some = values[::every]
        if name not in good and not np.isnan(some).any():
            digits, decimals = rows.written[name]
            levels, counts = np.unique(some, return_counts=True)
            usual = np.isin(some, levels[counts > USUAL * len(some)])
            odd = np.round(some * 10.0 ** min(decimals.max(), DIGITS)) % 2 == 1
            label = rows.label[::every]
            marks[f"the rounding of {name}"] = label, (digits <= DIGITS) & ~usual
            marks[f"the rounding of {name}, frequent values included"] = label, digits <= DIGITS
            marks[f"the last digit of {name}"] = label, odd
        for subject, (label, mark) in marks.items():
            if mark.any() and 0 < label.sum() < len(label):
                found.append(FeatureAlone(feature=subject, auroc=_either_way(label, 1.0 * mark)))
    return found


def _units(rows: SplitRows) -> tuple[int, int]:
    """Return of how many patients each class is, or where some are not named of how many rows."""
    whose = rows.frame["patient"] if rows.named else rows.frame["row"]
    return whose.filter(rows.label == 1).n_unique(), whose.filter(rows.label == 0).n_unique()


def _by_chance(rows: SplitRows) -> bool:
    """Return whether so few patients may be parted by one of the features by chance alone."""
    ill, well = (min(count, ENOUGH) for count in _units(rows))
    return 2 * len(rows.features) > LEVEL * comb(ill + well, ill)


def _around_alone(alone: list[FeatureAlone], rows: SplitRows) -> list[FeatureAlone]:
    """Return the AUROC of the mean label of the rows of about the same value, and of the same.

    That of other features than those that tell alone, whose high or low values are the label: of
    these the middle, both ends or some values may be. Rows of the own patient with the same value
    are not asked: they are one measurement.
    """
    found = []
    whose = rows.frame["patient"].to_numpy() if rows.named else np.arange(len(rows.label))
    whose = np.unique(whose, return_inverse=True)[1]
    for one in alone:
        if one.auroc > TOO_GOOD:
            continue
        values = rows.numbers[:, rows.features.index(one.feature)]
        order = np.argsort(values, kind="stable")[: int((~np.isnan(values)).sum())]
        label, ranked = rows.label[order], values[order]
        count = np.concatenate([[0.0], np.cumsum(label)])
        place = np.arange(len(label))
        levels, own = np.unique(ranked, return_inverse=True)
        own = np.unique(own * (whose.max() + 1) + whose[order], return_inverse=True)[1]
        ill, size = np.bincount(own, label)[own], np.bincount(own)[own]
        coarse = AROUND * len(levels) <= len(ranked)
        for around, how in ((AROUND, "in some range"), *[(0, "as a code")] * coarse):
            low, high = np.maximum(place - around, 0), np.minimum(place + around, len(label) - 1)
            # all rows of a value or none: which of them stand near is the order of the table
            low = np.searchsorted(ranked, ranked[low])
            high = np.searchsorted(ranked, ranked[high], side="right")
            mean = (count[high] - count[low] - ill) / np.maximum(high - low - size, 1)
            found.append(FeatureAlone(feature=f"{one.feature} {how}", auroc=auroc(label, mean)))
    return found


def features_of_patients(rows: SplitRows) -> list[Check]:
    """Return a check of every feature that is one value per patient and tells who is positive.

    So does one that was made from the labels of all rows of a patient, as a mean of them.
    """
    if not rows.named or _by_chance(rows):
        return []
    _, patient = np.unique(rows.frame["patient"].to_numpy(), return_inverse=True)
    size = np.bincount(patient)
    ill = np.bincount(patient, weights=rows.label) > 0
    found = []
    if 2 <= ill.sum() <= len(ill) - 2 and (size > 1).sum() > len(size) / 2:
        for name, values in zip(rows.features, rows.numbers.T, strict=True):
            if np.isnan(values).all():
                continue
            values = np.nan_to_num(values, nan=np.nanmedian(values))
            mean = np.bincount(patient, weights=values) / size
            if (values - mean[patient]).std() > STEADY * mean.std():
                continue
            value = _either_way(ill.astype(np.float64), mean)
            if value > TOO_GOOD:
                found.append(_caution("feature_patients", name, value, len(rows.features)))
    return found


def features_together(rows: SplitRows, alone: list[FeatureAlone]) -> list[Check]:
    """Return a check of the two features that separate the classes best together.

    Looked at are weighted sums (Fisher's discriminant) and products about the medians, as of an
    exclusive or. Features that tell alone are left out: these are told of already.
    """
    known = {one.feature: one.auroc for one in alone if one.auroc <= TOO_GOOD}
    places = [place for place, name in enumerate(rows.features) if name in known][:FEATURES]
    some = np.unique(np.linspace(0, len(rows.label) - 1, ROWS).round().astype(int))
    label = rows.label[some]
    of = len(places) * (len(places) - 1) // 2
    if not of or min(_units(rows)) < RARER:
        return [Check.unseen("features_together", of)]
    values = _scaled(rows.numbers[some][:, places])
    pairs = np.array(list(combinations(range(len(places)), 2)))
    own = np.array([known[rows.features[place]] for place in places])
    better = own[pairs].max(axis=1)
    found = np.concatenate(
        [_together(values, label, pairs[i : i + PAIRS]) for i in range(0, of, PAIRS)]
    )
    telling = (found > TOO_GOOD) & (1 - found <= LEFT * (1 - better))
    if not telling.any():
        return [Check(name="features_together", verdict=Verdict.CLEAN, count=0, of=of)]
    best = int(np.argmax(np.where(telling, found, 0)))
    subject = " and ".join(str(rows.features[places[place]]) for place in pairs[best].tolist())
    return [_caution("features_together", subject, float(found[best]), of)]


def _either_way(label: Floats, values: Floats) -> float:
    """Return the AUROC of values, high or low ones being those of the positive class."""
    value = auroc(label, values)
    return max(value, 1 - value)


def _caution(name: str, subject: str, value: float, of: int) -> Check:
    return Check(name=name, subject=subject, verdict=Verdict.CAUTION, count=1, of=of, value=value)


def _scaled(values: Floats) -> Floats:
    """Return every feature about its middle in units of its deviation; gaps lie in the middle."""
    low, high, middle = (take(values, axis=0) for take in (np.nanmin, np.nanmax, np.nanmedian))
    two = ((values == low) | (values == high) | np.isnan(values)).all(axis=0)
    about = values - np.where(two, (low + high) / 2, middle)  # of two values the median is one
    spread = np.nanstd(about, axis=0)
    return np.nan_to_num(about / np.where(spread > 0, spread, 1.0))


def _together(values: Floats, label: Floats, pairs: NDArray[np.int64]) -> Floats:
    """Return the AUROC of each pair's best combination."""
    one, two = values[:, pairs[:, 0]], values[:, pairs[:, 1]]  # (row, pair) each
    positive = label == 1
    means = [[side[kind].mean(axis=0) for kind in (positive, ~positive)] for side in (one, two)]
    inner = [
        side - np.where(positive[:, None], *mean)
        for side, mean in zip((one, two), means, strict=True)
    ]
    moved = [high - low for high, low in means]
    # pooled covariance within the classes, a little more on its diagonal: [[a, b], [b, c]]
    a, c = ((side**2).mean(axis=0) + 1e-6 for side in inner)
    b = (inner[0] * inner[1]).mean(axis=0)
    line = (c * moved[0] - b * moved[1]) * one + (a * moved[1] - b * moved[0]) * two
    ways = np.concatenate([line, one * two], axis=1)
    low = ways.min(axis=0)
    ways = (ways - low) / np.maximum(ways.max(axis=0) - low, 1e-300)
    found = aurocs(np.broadcast_to(label[:, None], ways.shape), ways)
    return np.maximum(found, 1 - found).reshape(2, -1).max(axis=0)
