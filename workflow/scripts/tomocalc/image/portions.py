"""Objects in portions of bounded size, so that memory does not grow with them.

Small objects are taken together, a large one is cut into bands of rows. What is summed over
pixels can then be added up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tomocalc.image.runs import Runs
from tomocalc.image.surroundings import BORDER

LIMIT = 120_000
"""Pixels, borders included, that are worked on at once: a megabyte per array."""


@dataclass(frozen=True, eq=False)
class Portion:
    """Some objects, or a band of rows of one.

    Attributes
    ----------
    objects
        Which objects.
    runs
        Their runs; of a band also those of the rows above and below that its borders need.
    top, bottom
        Rows that count, the end excluded.
    """

    objects: slice
    runs: Runs
    top: int
    bottom: int


def portions(runs: Runs, rows: int) -> Iterator[Portion]:
    """Cut objects into portions.

    Parameters
    ----------
    runs
        The objects.
    rows
        Rows of the slice.
    """
    # A run of n pixels has at most 5 (n + 4) pixels in and around it.
    cost = 5 * (runs.stop - runs.start + 2 * BORDER).astype(np.int64)
    per_object = np.diff(np.append(0, np.cumsum(cost))[runs.first])
    begin, total = 0, 0
    for index, size in enumerate(per_object.tolist()):
        if total + size > LIMIT:
            if index > begin:
                yield _whole(runs, begin, index, rows)
            begin, total = index, 0
        if size > LIMIT:
            yield from _bands(runs, index, -(-size // LIMIT))
            begin = index + 1
        else:
            total += size
    if begin < runs.count:
        yield _whole(runs, begin, runs.count, rows)


def _whole(runs: Runs, begin: int, end: int, rows: int) -> Portion:
    return Portion(slice(begin, end), _cut(runs, runs.first[begin : end + 1]), 0, rows)


def _bands(runs: Runs, index: int, count: int) -> Iterator[Portion]:
    """Cut one object into about *count* bands with as many runs each."""
    begin, end = runs.first[index : index + 2].tolist()
    row = runs.row[begin:end]
    cuts = np.unique(row[np.linspace(0, row.size, count, endpoint=False).astype(np.intp)])[1:]
    edges = [int(row[0]) - BORDER, *cuts.tolist(), int(row[-1]) + 1 + BORDER]
    for top, bottom in pairwise(edges):
        near = np.searchsorted(row, [top - BORDER, bottom + BORDER])
        yield Portion(slice(index, index + 1), _cut(runs, begin + near), top, bottom)


def _cut(runs: Runs, first: NDArray[np.int64]) -> Runs:
    part = slice(int(first[0]), int(first[-1]))
    return Runs(runs.row[part], runs.start[part], runs.stop[part], first - first[0])
