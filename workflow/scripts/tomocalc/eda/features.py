"""Features one by one and in pairs: moments, outliers, separation of the classes, correlation."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.eda import (
    ByClass,
    Correlations,
    FeatureSummary,
    Matrix,
    Redundant,
    Statistics,
)
from tomocalc.eda.table import Ordered, Table, ranks, sort_column

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
CLASSES = (("all", None), ("negative", 0), ("positive", 1))

REDUNDANT = 0.95
"""Absolute correlation above which one of two features adds next to nothing."""

MOST_CORRELATED = 100
"""Features whose pairs are correlated; the page would grow with the square of their number."""

FEWEST = 3
"""Rows below which a correlation is not computed."""


def summarise(table: Table) -> dict[str, FeatureSummary]:
    """Return the statistics of every feature for all rows and for each class."""
    result = {}
    for name, column in table.ordered.items():
        described = {
            key: describe(column if label is None else column.part(table.label == label))
            for key, label in CLASSES
        }
        result[name] = FeatureSummary(**described, auroc=auroc(column, table.label))
    return result


def describe(column: Ordered) -> Statistics:
    """Describe one sample; without a value only the counts are known."""
    values = column.values
    n = len(values)
    if n == 0:
        return Statistics(n=0, missing=column.rows)
    quantiles = percentiles(values, PERCENTILES)
    low, high = quantiles[2], quantiles[4]
    reach = 1.5 * (high - low)
    # places of the first value inside Tukey's fences and of the first one beyond them
    first = int(np.searchsorted(values, low - reach, "left"))
    last = int(np.searchsorted(values, high + reach, "right"))
    return Statistics(
        n=n,
        missing=column.rows - n,
        min=float(values[0]),
        max=float(values[-1]),
        outliers=1 - (last - first) / n,
        whisker_low=float(values[first]),
        whisker_high=float(values[last - 1]),
        **{f"p{p}": q for p, q in zip(PERCENTILES, quantiles, strict=True)},
        **_moments(values.astype(np.float64)),
    )


def percentiles(values: NDArray[np.floating], wanted: Sequence[float]) -> list[float]:
    """Return percentiles of ascending *values* by linear interpolation."""
    place = np.asarray(wanted) / 100 * (len(values) - 1)
    below = np.floor(place).astype(np.intp)
    above = np.minimum(below + 1, len(values) - 1)
    low, high = (values[at].astype(np.float64) for at in (below, above))
    return (low + (high - low) * (place - below)).tolist()


def auroc(column: Ordered, label: NDArray[np.int8]) -> float | None:
    """Return the area under the ROC curve of one feature used as the score.

    It is the probability that a random calcification has the larger value, ties counted half
    (Mann and Whitney); below 0.5 the smaller value speaks for a calcification. Missing values
    are left out. None when a class is empty.
    """
    positive = label[column.place] == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return None
    rank_sum = float(ranks(column.values)[positive].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


def _moments(values: NDArray[np.float64]) -> dict[str, float | None]:
    n = len(values)
    mean = values.mean()
    off = values - mean
    square = off * off
    m2 = square.mean()
    # a constant column has no shape; rounding must not invent one
    spread = m2 > (np.finfo(float).eps * abs(mean)) ** 2
    return {
        "mean": float(mean),
        "sd": float(np.sqrt(m2 * n / (n - 1))) if n > 1 else None,
        "skew": float(np.mean(square * off) / m2**1.5) if spread else None,
        "kurtosis": float(np.mean(square * square) / m2**2 - 3) if spread else None,
    }


def foremost(table: Table, most: int) -> list[str]:
    """Return all features, or of more than *most* as many, in the order of the table.

    Half are the first of the table, half those of the others that separate the classes best.
    """
    names = list(table.features)
    if len(names) <= most:
        return names
    kept = names[: most // 2]
    areas = {name: auroc(table.ordered[name], table.label) for name in names}
    apart = {name: 0.0 if area is None else abs(area - 0.5) for name, area in areas.items()}
    others = sorted(names[len(kept) :], key=lambda name: -apart[name])
    chosen = {*kept, *others[: most - len(kept)]}
    return [name for name in names if name in chosen]


def correlations(table: Table) -> Correlations:
    """Return both correlations of all pairs of the `foremost`, over all rows and per class."""
    names = foremost(table, MOST_CORRELATED)
    pearson: dict[str, Matrix] = {}
    spearman: dict[str, Matrix] = {}
    for key, label in CLASSES:
        columns = [table.features[name] for name in names]
        ordered = [table.ordered[name] for name in names]
        if label is not None:
            member = table.label == label
            columns = [values[member] for values in columns]
            ordered = [column.part(member) for column in ordered]
        pearson[key] = matrix(columns, spearman=False)
        spearman[key] = matrix(columns, spearman=True, ordered=ordered)
    return Correlations(
        names=names,
        pearson=ByClass(**pearson),
        spearman=ByClass(**spearman),
        redundant=_redundant(names, pearson["all"], spearman["all"]),
    )


def matrix(
    columns: Sequence[NDArray[np.floating]],
    *,
    spearman: bool,
    ordered: Sequence[Ordered] | None = None,
) -> Matrix:
    """Return the correlations of *columns*, each pair over the rows where both are known.

    Parameters
    ----------
    columns
        1-D arrays of one length; NaN means missing.
    spearman
        Whether ranks are correlated (equal values share the mean of their ranks).
    ordered
        The same columns sorted, where that is done already.
    """
    size = len(columns)
    complete = {i for i, values in enumerate(columns) if not np.isnan(values).any()}
    if spearman:
        sources = ordered or [sort_column(values) for values in columns]
        scores = {i: _score(_in_place(sources[i])) for i in complete}
    else:
        scores = {i: _score(columns[i]) for i in complete}
    found = np.full((size, size), np.nan)
    for i in range(size):
        for j in range(i + 1):
            if i in complete and j in complete:
                first, second = scores[i], scores[j]
            else:
                known = ~(np.isnan(columns[i]) | np.isnan(columns[j]))
                pair = [columns[k][known] for k in (i, j)]
                if spearman:
                    pair = [_in_place(sort_column(values)) for values in pair]
                first, second = (_score(values) for values in pair)
            found[i, j] = found[j, i] = _product(first, second)
    return [[None if np.isnan(r) else float(r) for r in row] for row in found]


def _in_place(column: Ordered) -> NDArray[np.float64]:
    """Return the rank of every row of a column without gaps."""
    rank = np.empty(len(column.values))
    rank[column.place] = ranks(column.values)
    return rank


def _score(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Centre *values* and scale them to length 1; NaN when constant or too few."""
    if len(values) < FEWEST:
        return np.full(len(values), np.nan)
    centre = values.mean(dtype=np.float64)
    score = values - centre
    length = np.sqrt(np.square(score).sum())
    # a constant column leaves nothing but rounding
    if length <= np.finfo(float).eps * abs(centre) * len(score):
        return np.full(len(score), np.nan)
    return score / length


def _product(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    # numpy's own sum: the order of a threaded product would depend on the number of cores
    return float(np.clip((first * second).sum(), -1, 1)) if len(first) >= FEWEST else math.nan


def _redundant(names: Sequence[str], pearson: Matrix, spearman: Matrix) -> list[Redundant]:
    pairs = []
    for (i, one), (j, other) in itertools.combinations(enumerate(names), 2):
        both = {"pearson": pearson[i][j], "spearman": spearman[i][j]}
        if any(abs(r) > REDUNDANT for r in both.values() if r is not None):
            pairs.append(Redundant(first=one, second=other, **both))
    return pairs
