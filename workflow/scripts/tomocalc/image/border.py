"""Objects with two pixels around them, gathered from the slice once and packed side by side.

They come in chunks of bounded size, so that memory does not grow with them: small objects are
taken together, a large one is cut into bands of rows. What is summed over pixels can then be added
up.

The runs of all objects are laid on one line on which every row of every object has a stretch of
its own. Dilating all objects is then the union of shifted intervals: exact for each object, also
where neighbours are so close that their borders overlap, which one dilation of a label image gets
wrong. Objects may even overlap one another.

The dilated pixels of all objects, in order, are the packed pixels. A pixel of an object finds its
eight neighbours among them: left and right are next to it, and above and below lie at an offset
that is the same for its whole run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tomocalc.image.runs import Runs, stretches

BORDER = 2
"""Width of the border ring in pixels."""

LIMIT = 120_000
"""Pixels, borders included, that are worked on at once: a megabyte per array."""


@dataclass(frozen=True, eq=False)
class Packed:
    """Packed pixels of objects that are at least `BORDER` pixels from the edge of the slice.

    Attributes
    ----------
    flat
        Flat index in the slice of every packed pixel.
    first
        Each object's first packed pixel, and their number.
    own, above, below
        Place among the packed pixels of every pixel of an object, and of its neighbours above
        and below.
    own_first
        Each object's first entry in *own*, and their number.
    """

    flat: NDArray[np.int64]
    first: NDArray[np.int64]
    own: NDArray[np.int64]
    above: NDArray[np.int64]
    below: NDArray[np.int64]
    own_first: NDArray[np.int64]


def pack(runs: Runs, shape: tuple[int, int]) -> Packed:
    """Pack the pixels of objects and their borders.

    Parameters
    ----------
    runs
        Objects, at least `BORDER` pixels from the edge.
    shape
        Rows and columns of the slice.
    """
    rows, columns = shape
    # On the line, row r of object k is the stretch that begins at (k × rows + r) × columns: a
    # step of *columns* along it is a step of one row in the slice, within the same object.
    line = (runs.owner * rows + runs.row) * columns + runs.start
    length = (runs.stop - runs.start).astype(np.int64)
    begin, end = _dilate(line, line + length, columns)
    size = end - begin
    place = np.append(0, np.cumsum(size))  # of each interval's first pixel among the packed ones
    owner = begin // (rows * columns)
    per_object = np.cumsum(np.bincount(owner, size, minlength=runs.count))
    # A run, and the same run one row up or down, lies inside one of the grown intervals: its pixels
    # are packed there from the interval's place on.
    parts = []
    for shift in (0, -columns, columns):
        inside = np.searchsorted(begin, line + shift, "right") - 1
        parts.append(stretches(place[inside] + line + shift - begin[inside], length))
    return Packed(
        flat=stretches(begin - owner * (rows * columns), size),
        first=np.append(0, per_object).astype(np.int64),
        own=parts[0],
        above=parts[1],
        below=parts[2],
        own_first=np.append(0, np.cumsum(runs.area)),
    )


def _dilate(
    begin: NDArray[np.int64], end: NDArray[np.int64], columns: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Grow sorted intervals by `BORDER` columns and rows, and join those that then touch."""
    # Every interval once for each of the rows above, its own and below; sorted, those that touch
    # or overlap follow each other, and a new one begins where none so far has reached.
    shifts = columns * np.arange(-BORDER, BORDER + 1)[:, None]
    begin, end = (begin - BORDER + shifts).ravel(), (end + BORDER + shifts).ravel()
    order = np.argsort(begin, kind="stable")
    begin, end = begin[order], np.maximum.accumulate(end[order])
    fresh = np.append(True, begin[1:] > end[:-1])
    return begin[fresh], end[np.append(fresh[1:], True)]


@dataclass(frozen=True, eq=False)
class Chunk:
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


def chunks(runs: Runs, rows: int) -> Iterator[Chunk]:
    """Cut objects into chunks.

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


def _whole(runs: Runs, begin: int, end: int, rows: int) -> Chunk:
    return Chunk(slice(begin, end), _cut(runs, runs.first[begin : end + 1]), 0, rows)


def _bands(runs: Runs, index: int, count: int) -> Iterator[Chunk]:
    """Cut one object into about *count* bands with as many runs each."""
    begin, end = runs.first[index : index + 2].tolist()
    row = runs.row[begin:end]
    cuts = np.unique(row[np.linspace(0, row.size, count, endpoint=False).astype(np.intp)])[1:]
    edges = [int(row[0]) - BORDER, *cuts.tolist(), int(row[-1]) + 1 + BORDER]
    for top, bottom in pairwise(edges):
        near = np.searchsorted(row, [top - BORDER, bottom + BORDER])
        yield Chunk(slice(index, index + 1), _cut(runs, begin + near), top, bottom)


def _cut(runs: Runs, first: NDArray[np.int64]) -> Runs:
    part = slice(int(first[0]), int(first[-1]))
    return Runs(runs.row[part], runs.start[part], runs.stop[part], first - first[0])
