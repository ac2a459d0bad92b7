"""Objects as runs: horizontal stretches of pixels, sorted by object.

Everything that is measured per object is a sum over its runs or its pixels. Sorted by object,
such sums are one `reduceat`; no loop over objects, no box around each. Cost is linear in pixels
and runs whatever the objects look like.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tomocalc.neighbours import components

Number = TypeVar("Number", bound=np.generic)


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

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return row and column of every object's centre of mass."""
        length = (self.stop - self.start).astype(np.float64)
        middle = (self.start + self.stop - 1) / 2
        area = self.area
        row = per_object(np.add, length * self.row, self.first) / area
        return row, per_object(np.add, length * middle, self.first) / area

    def boxes(self) -> tuple[NDArray[np.int32], ...]:
        """Return top, left, one past bottom and one past right of every object."""
        begin, end = self.first[:-1], self.first[1:]
        top, bottom = self.row[begin], self.row[end - 1] + np.int32(1)
        left = per_object(np.minimum, self.start, self.first)
        return top, left, bottom, per_object(np.maximum, self.stop, self.first)

    def take(self, objects: NDArray[np.integer]) -> Runs:
        """Return the given objects, in the given order."""
        length = np.diff(self.first)[objects]
        first = np.append(0, np.cumsum(length))
        index = stretches(self.first[objects], length)
        return Runs(self.row[index], self.start[index], self.stop[index], first)

    def moved(self, rows: int, columns: int) -> Runs:
        """Return the objects moved down by *rows* and right by *columns*."""
        across = np.int32(columns)
        return Runs(self.row + np.int32(rows), self.start + across, self.stop + across, self.first)

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


def label_runs(
    row: NDArray[np.int32], start: NDArray[np.int32], stop: NDArray[np.int32]
) -> tuple[Runs, NDArray[np.int64]]:
    """Join runs that touch, diagonally too, into objects numbered by their first pixel.

    Parameters
    ----------
    row, start, stop
        Disjoint runs in reading order.

    Returns
    -------
    objects, order
        The objects, and where each of their runs was in the input.
    """
    if row.size == 0:
        return Runs(row, start, stop, np.zeros(1, np.int64)), np.zeros(0, np.int64)
    # A stride of more than the width keeps the runs of two rows apart.
    stride = int(stop.max()) + 2
    line = row.astype(np.int64) * stride
    begin, end = line + start, line + stop
    low = np.searchsorted(end, begin - stride, "left")
    high = np.searchsorted(begin, end - stride, "right")
    count = np.maximum(high - low, 0)
    above = stretches(low, count)
    run = np.repeat(np.arange(row.size), count)
    earliest = components(row.size, run, above)
    order = np.argsort(earliest, kind="stable")
    first = np.append(np.flatnonzero(np.diff(earliest[order], prepend=-1)), row.size)
    return Runs(row[order], start[order], stop[order], first), order


def mask_runs(
    mask: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return row, start and stop of every run of *mask* in reading order."""
    guarded = np.zeros((mask.shape[0], mask.shape[1] + 1), np.bool_)
    guarded[:, :-1] = mask
    return guarded_runs(guarded)


def guarded_runs(
    mask: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Do the same for a mask whose last column is empty, without a copy."""
    columns = mask.shape[1]
    flat = mask.ravel()
    change = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat.size and flat[0]:
        change = np.append(0, change)
    start, stop = change[::2], change[1::2]
    row = start // columns
    base = row * columns
    return row.astype(np.int32), (start - base).astype(np.int32), (stop - base).astype(np.int32)
