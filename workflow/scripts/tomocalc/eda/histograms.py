"""Histograms of one feature per class, and of every pair of features over all rows."""

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.eda import Distribution, Grid, Histogram, Pairs
from tomocalc.eda.features import foremost, percentiles
from tomocalc.eda.table import Ordered, Table

CENTRAL = (0.5, 99.5)
"""Percentiles between which the middle of a distribution is shown; tails can be far out."""

PAIR_BINS = 40
"""Bins along each side of a histogram of two features."""

MOST_PAIRED = 24
"""Features whose pairs are counted; the page would grow with the square of their number."""


def distributions(table: Table, bins: int) -> dict[str, Distribution]:
    """Count every feature per class, between its central percentiles and over its whole range."""
    return {
        name: Distribution(
            central=_per_class(table, name, bins, central_range(column)),
            whole=_per_class(table, name, bins, whole_range(column)),
        )
        for name, column in table.ordered.items()
    }


def pairs(table: Table, bins: int = PAIR_BINS) -> Pairs:
    """Count every pair of features on a grid, over all rows.

    The grid lies between the central percentiles; rows beyond are counted in the outermost cells,
    so that every row with both values is in the picture.
    """
    edges = {
        name: edges_of(table.ordered[name], bins, central_range(table.ordered[name]))
        for name in foremost(table, MOST_PAIRED)
    }
    codes = {name: cells(table.features[name], edge) for name, edge in edges.items()}
    positive = np.flatnonzero(table.label == 1)
    grids = []
    for x, y in itertools.combinations(edges, 2):
        shape = (len(edges[y]) - 1, len(edges[x]) - 1)
        counts = _grid(codes[x], codes[y], shape)
        positives = _grid(codes[x][positive], codes[y][positive], shape)
        grids.append(Grid(x=x, y=y, all=counts, positive=positives))
    return Pairs(edges={name: edge.tolist() for name, edge in edges.items()}, grids=grids)


def central_range(column: Ordered) -> tuple[float, float]:
    """Return the central percentiles of a column, or its whole range where those are equal."""
    low, high = percentiles(column.values, CENTRAL)
    return (low, high) if low < high else whole_range(column)


def whole_range(column: Ordered) -> tuple[float, float]:
    """Return the smallest and the largest value; for a constant, a range around it."""
    low, high = float(column.values[0]), float(column.values[-1])
    margin = 0.0 if low < high else max(abs(low), 1.0) * 0.5
    return low - margin, high + margin


def edges_of(column: Ordered, bins: int, limits: tuple[float, float]) -> NDArray[np.float64]:
    """Return the edges of up to *bins* equal bins; whole numbers get bins of whole numbers."""
    if np.array_equal(column.values, np.floor(column.values)):
        low, high = math.ceil(limits[0]), math.floor(limits[1])
        step = max(1, math.ceil((high - low + 1) / bins))
        return np.arange(low, high + step + 1, step, dtype=np.float64) - 0.5
    return np.linspace(*limits, bins + 1)


def cells(values: NDArray[np.floating], edges: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the bin of every value; beyond the edges the outermost one, and -1 for NaN."""
    bins = len(edges) - 1
    place = (values - edges[0]) * (bins / (edges[-1] - edges[0]))
    missing = np.isnan(place)
    code = np.clip(np.where(missing, 0, place), 0, bins - 1).astype(np.int32)
    code[missing] = -1
    return code


def _per_class(table: Table, name: str, bins: int, limits: tuple[float, float]) -> Histogram:
    values, label = table.features[name], table.label
    edges = edges_of(table.ordered[name], bins, limits)
    inside = (values >= edges[0]) & (values <= edges[-1])
    code = cells(values, edges)
    negative, positive = (
        np.bincount(code[inside & (label == value)], minlength=len(edges) - 1) for value in (0, 1)
    )
    negative_rows, positive_rows = (((code >= 0) & (label == value)).sum() for value in (0, 1))
    return Histogram(
        edges=edges.tolist(),
        negative=negative.tolist(),
        positive=positive.tolist(),
        negative_rows=int(negative_rows),
        positive_rows=int(positive_rows),
        below=int((values < edges[0]).sum()),
        above=int((values > edges[-1]).sum()),
    )


def _grid(x: NDArray[np.int32], y: NDArray[np.int32], shape: tuple[int, int]) -> list[list[int]]:
    known = (x >= 0) & (y >= 0)
    if not known.all():
        x, y = x[known], y[known]
    # one number per cell, y times the length of a row plus x
    flat = np.bincount(y * shape[1] + x, minlength=shape[0] * shape[1])
    return flat.reshape(shape).tolist()
