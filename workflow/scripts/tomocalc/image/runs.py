"""Objects as runs: horizontal stretches of pixels, sorted by object.

Everything that is measured per object is a sum over its runs or its pixels. Sorted by object,
such sums are one `reduceat`; no loop over objects, no box around each. Cost is linear in pixels
and runs whatever the objects look like.

For set operations the runs of all objects are laid on one line: every (object, row) gets a
stretch of its own, so dilation, union, intersection and difference of all objects at once are
operations on sorted intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Number = TypeVar("Number", bound=np.generic)

BORDER = 2
"""Width of the border ring in pixels."""


@dataclass(frozen=True, eq=False)
class Runs:
    """Objects of one slice.

    Attributes
    ----------
    row, start, stop
        Row, first column and one past the last column of every run, sorted by object, then row,
        then column; shape (run,).
    first
        Index of each object's first run, and the number of runs; shape (object + 1,).
    """

    row: NDArray[np.int32]
    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    first: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of objects."""
        return self.first.size - 1

    @property
    def owner(self) -> NDArray[np.int64]:
        """Object of every run."""
        return np.repeat(np.arange(self.count), np.diff(self.first))

    @property
    def area(self) -> NDArray[np.int64]:
        """Pixels of every object."""
        return per_object(np.add, (self.stop - self.start).astype(np.int64), self.first)

    def take(self, objects: NDArray[np.integer]) -> Runs:
        """Return the given objects, in the given order."""
        length = np.diff(self.first)[objects]
        first = np.append(0, np.cumsum(length))
        index = stretches(self.first[objects], length)
        return Runs(self.row[index], self.start[index], self.stop[index], first)

    def pixels(self, columns: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the flat index of every pixel, sorted by object, and each object's first."""
        length = (self.stop - self.start).astype(np.int64)
        flat = stretches(self.row.astype(np.int64) * columns + self.start, length)
        return flat, np.append(0, np.cumsum(self.area))

    def paint(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the mask of all objects."""
        mask = np.zeros(shape, np.bool_)
        mask.ravel()[self.pixels(shape[1])[0]] = True
        return mask


def join(parts: list[Runs]) -> Runs:
    """Put several lists of objects behind one another."""
    parts = [part for part in parts if part.count] or parts[:1]
    offsets = np.cumsum([0, *(part.row.size for part in parts)])
    first = [part.first[:-1] + offset for part, offset in zip(parts, offsets[:-1], strict=True)]
    return Runs(
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.stop for part in parts]),
        np.concatenate([*first, offsets[-1:]]).astype(np.int64),
    )


def stretches(start: NDArray[np.integer], length: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return start, start + 1, … of every stretch, one after the other."""
    filled = length > 0
    start, length = start[filled].astype(np.int64), length[filled]
    if length.size == 0:
        return np.zeros(0, np.int64)
    steps = np.ones(int(length.sum()), np.int64)
    begin = np.append(0, np.cumsum(length[:-1]))
    steps[begin[0]] = start[0]
    steps[begin[1:]] = start[1:] - start[:-1] - length[:-1] + 1
    return np.cumsum(steps)


def per_object(
    operation: np.ufunc, values: NDArray[Number], first: NDArray[np.int64]
) -> NDArray[Number]:
    """Reduce *values* (sorted by object) to one per object; objects without values get 0."""
    result = np.zeros(first.size - 1, values.dtype)
    filled = np.diff(first) > 0
    if filled.any():
        result[filled] = operation.reduceat(values, first[:-1][filled])
    return result


def label_runs(mask: NDArray[np.bool_], top: int = 0, left: int = 0) -> Runs:
    """Find the 8-connected objects of *mask*, numbered by their first pixel in reading order.

    Parameters
    ----------
    mask
        Shape (row, column).
    top, left
        Position of *mask* in its slice, added to every run.
    """
    row, start, stop = mask_runs(mask)
    if row.size == 0:
        return Runs(row, start, stop, np.zeros(1, np.int64))
    # A stride of one column more than needed keeps the stretches of two rows apart.
    stride = mask.shape[1] + 2
    line = row.astype(np.int64) * stride
    low = np.searchsorted(line + stop, line - stride + start, "left")
    high = np.searchsorted(line + start, line - stride + stop, "right")
    count = np.maximum(high - low, 0)
    above = stretches(low, count)
    run = np.repeat(np.arange(row.size), count)
    links = coo_array((np.ones(run.size, np.int8), (run, above)), shape=(row.size,) * 2)
    label = connected_components(links, directed=False)[1]
    order = np.argsort(label, kind="stable")
    first = np.append(0, np.cumsum(np.bincount(label)))
    runs = Runs(
        row[order] + np.int32(top),
        start[order] + np.int32(left),
        stop[order] + np.int32(left),
        first,
    )
    # order[first] is each component's earliest run: number the objects by it.
    return runs.take(np.argsort(order[first[:-1]]))


def mask_runs(
    mask: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return row, start and stop of every run of *mask* in reading order."""
    rows, columns = mask.shape
    padded = np.zeros((rows, columns + 1), np.bool_)
    padded[:, :columns] = mask
    flat = padded.ravel()
    change = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat.size and flat[0]:
        change = np.append(0, change)
    start, stop = change[::2], change[1::2]
    row = start // (columns + 1)
    base = row * (columns + 1)
    return row.astype(np.int32), (start - base).astype(np.int32), (stop - base).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Line:
    """Intervals on the line of all objects' rows, sorted and disjoint.

    Attributes
    ----------
    start, stop
        Shape (interval,).
    stride
        Length of the stretch that a row has on the line; columns are shifted by `BORDER`.
    rows
        Rows that an object has on the line; rows are shifted by `BORDER`.
    """

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    stride: int
    rows: int

    @classmethod
    def of(cls, runs: Runs, shape: tuple[int, int]) -> Line:
        """Lay *runs* of a slice of *shape* on a line."""
        stride, rows = shape[1] + 2 * BORDER + 1, shape[0] + 2 * BORDER
        line = (runs.owner * rows + runs.row + BORDER) * stride + BORDER
        return cls(line + runs.start, line + runs.stop, stride, rows)

    def interior(self) -> Line:
        """Return the pixels whose four neighbours belong to the same object."""
        inner = self._with(self.start + 1, self.stop - 1)
        above = self._with(self.start + self.stride, self.stop + self.stride)
        below = self._with(self.start - self.stride, self.stop - self.stride)
        return inner.intersect(above).intersect(below)

    def dilated(self) -> Line:
        """Return the pixels at most `BORDER` rows and columns from a pixel of the object."""
        shifts = self.stride * np.arange(-BORDER, BORDER + 1)[:, None]
        start = (self.start - BORDER + shifts).ravel()
        stop = (self.stop + BORDER + shifts).ravel()
        order = np.argsort(start, kind="stable")
        start, stop = start[order], np.maximum.accumulate(stop[order])
        fresh = np.append(True, start[1:] > stop[:-1])
        last = np.append(fresh[1:], True)
        return self._with(start[fresh], stop[last])

    def intersect(self, other: Line) -> Line:
        """Return what is in both."""
        low = np.searchsorted(other.stop, self.start, "right")
        high = np.searchsorted(other.start, self.stop, "left")
        count = np.maximum(high - low, 0)
        index = stretches(low, count)
        start = np.maximum(np.repeat(self.start, count), other.start[index])
        return self._with(start, np.minimum(np.repeat(self.stop, count), other.stop[index]))

    def runs(self, shape: tuple[int, int], count: int) -> Runs:
        """Return the intervals as runs of *count* objects, cut at the borders of the slice."""
        line, start = np.divmod(self.start, self.stride)
        owner, row = np.divmod(line, self.rows)
        stop = np.minimum(start + (self.stop - self.start) - BORDER, shape[1])
        start, row = np.maximum(start - BORDER, 0), row - BORDER
        inside = (row >= 0) & (row < shape[0]) & (stop > start)
        row, start, stop = (part[inside].astype(np.int32) for part in (row, start, stop))
        first = np.append(0, np.cumsum(np.bincount(owner[inside], minlength=count)))
        return Runs(row, start, stop, first.astype(np.int64))

    def _with(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> Line:
        filled = stop > start
        if not filled.all():
            start, stop = start[filled], stop[filled]
        return Line(start, stop, self.stride, self.rows)
