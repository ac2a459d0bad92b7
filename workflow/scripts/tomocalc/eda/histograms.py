"""Histograms of one feature per class, and of every pair of features over all rows."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.eda.load import Table
from tomocalc.eda.ordered import Ordered
from tomocalc.eda.summary import percentiles

CENTRAL = (0.5, 99.5)
"""Percentiles between which the middle of a distribution is shown; tails can be far out."""

PAIR_BINS = 40
"""Bins along each side of a histogram of two features."""


def distributions(table: Table, bins: int) -> dict[str, dict[str, dict[str, Any]]]:
    """Count every feature per class, between its central percentiles and over its whole range.

    Returns
    -------
    dict
        ``{feature: {"central" | "whole": {"edges": bins + 1 numbers, "negative", "positive":
        bins counts each, "below", "above": rows outside,
        "rows": {class: rows with a value}}}}``.
    """
    result = {}
    for name, values in table.features.items():
        ranges = {
            "central": central_range(table.ordered[name]),
            "whole": whole_range(table.ordered[name]),
        }
        result[name] = {
            key: _per_class(values, table.label, bins, limits) for key, limits in ranges.items()
        }
    return result


def pairs(table: Table, bins: int = PAIR_BINS) -> dict[str, Any]:
    """Count every pair of features on a grid, over all rows.

    The grid lies between the central percentiles; rows beyond are counted in the outermost cells,
    so that every row with both values is in the picture.

    Returns
    -------
    dict
        ``edges``: ``{feature: bins + 1 numbers}``; ``grids``: for each pair ``x``, ``y``, and
        ``all`` and ``positive``, counts as rows of y from the lowest.
    """
    edges = {name: _edges(bins, central_range(column)) for name, column in table.ordered.items()}
    codes = {name: cells(values, edges[name]) for name, values in table.features.items()}
    positive = np.flatnonzero(table.label == 1)
    grids = [
        {
            "x": x,
            "y": y,
            "all": _grid(codes[x], codes[y], bins),
            "positive": _grid(codes[x][positive], codes[y][positive], bins),
        }
        for x, y in itertools.combinations(table.features, 2)
    ]
    return {"edges": {name: edge.tolist() for name, edge in edges.items()}, "grids": grids}


def central_range(column: Ordered) -> tuple[float, float]:
    """Return the central percentiles of a column, or its whole range where those are equal."""
    low, high = percentiles(column.values, CENTRAL)
    return (low, high) if low < high else whole_range(column)


def whole_range(column: Ordered) -> tuple[float, float]:
    """Return the smallest and the largest value; for a constant, a range around it."""
    low, high = float(column.values[0]), float(column.values[-1])
    margin = 0.0 if low < high else max(abs(low), 1.0) * 0.5
    return low - margin, high + margin


def cells(values: NDArray[np.floating], edges: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the bin of every value; beyond the edges the outermost one, and -1 for NaN."""
    bins = len(edges) - 1
    place = (values - edges[0]) * (bins / (edges[-1] - edges[0]))
    missing = np.isnan(place)
    code = np.clip(np.where(missing, 0, place), 0, bins - 1).astype(np.int32)
    code[missing] = -1
    return code


def _per_class(
    values: NDArray[np.floating],
    label: NDArray[np.int8],
    bins: int,
    limits: tuple[float, float],
) -> dict[str, Any]:
    edges = _edges(bins, limits)
    inside = (values >= limits[0]) & (values <= limits[1])
    code = cells(values, edges)
    known = code >= 0
    return {
        "edges": edges.tolist(),
        "negative": np.bincount(code[inside & (label == 0)], minlength=bins).tolist(),
        "positive": np.bincount(code[inside & (label == 1)], minlength=bins).tolist(),
        "rows": {
            key: int((known & (label == value)).sum())
            for key, value in (("negative", 0), ("positive", 1))
        },
        "below": int((values < limits[0]).sum()),
        "above": int((values > limits[1]).sum()),
    }


def _grid(x: NDArray[np.int32], y: NDArray[np.int32], bins: int) -> list[list[int]]:
    known = (x >= 0) & (y >= 0)
    if not known.all():
        x, y = x[known], y[known]
    return np.bincount(y * bins + x, minlength=bins * bins).reshape(bins, bins).tolist()


def _edges(bins: int, limits: tuple[float, float]) -> NDArray[np.float64]:
    return np.linspace(*limits, bins + 1)
