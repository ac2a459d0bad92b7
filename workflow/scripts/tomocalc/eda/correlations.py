"""Correlation of every pair of features, and the pairs that say the same thing twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.eda.load import Table
from tomocalc.eda.ordered import Ordered, ranks, sort_column
from tomocalc.eda.summary import CLASSES

REDUNDANT = 0.95
"""Absolute correlation above which one of two features adds next to nothing."""

FEWEST = 3
"""Rows below which a correlation is not computed."""

Matrix = list[list[float | None]]


def correlations(table: Table) -> dict[str, Any]:
    """Return Pearson's and Spearman's correlation of all pairs, over all rows and per class.

    Returns
    -------
    dict
        ``pearson`` and ``spearman``: ``{"all" | "negative" | "positive": matrix}`` in the order
        of the features, None where a feature is constant; ``redundant``: pairs whose absolute
        correlation over all rows exceeds `REDUNDANT`.
    """
    result: dict[str, Any] = {"pearson": {}, "spearman": {}}
    for key, label in CLASSES:
        columns, ordered = list(table.features.values()), list(table.ordered.values())
        if label is not None:
            member = table.label == label
            columns = [values[member] for values in columns]
            ordered = [column.part(member) for column in ordered]
        result["pearson"][key] = matrix(columns, spearman=False)
        result["spearman"][key] = matrix(columns, spearman=True, ordered=ordered)
    result["redundant"] = _redundant(list(table.features), result)
    return result


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


def _redundant(names: list[str], found: dict[str, Any]) -> list[dict[str, Any]]:
    pairs = []
    for i, first in enumerate(names):
        for j in range(i + 1, len(names)):
            both = {method: found[method]["all"][i][j] for method in ("pearson", "spearman")}
            if any(abs(r) > REDUNDANT for r in both.values() if r is not None):
                pairs.append({"first": first, "second": names[j], **both})
    return pairs
