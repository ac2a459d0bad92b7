"""Objects with two pixels around them, gathered from the slice once and packed side by side.

The runs of all objects are laid on one line on which every row of every object has a stretch of
its own. Dilating all objects is then the union of shifted intervals: exact for each object, also
where neighbours are so close that their borders overlap, which one dilation of a label image gets
wrong. Objects may even overlap one another.

The dilated pixels of all objects, in order, are the packed pixels. A pixel of an object finds its
eight neighbours among them: left and right are next to it, and above and below lie at an offset
that is the same for its whole run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomocalc.image.runs import Runs, stretches

BORDER = 2
"""Width of the border ring in pixels."""


@dataclass(frozen=True, eq=False)
class Surroundings:
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


def surround(runs: Runs, shape: tuple[int, int]) -> Surroundings:
    """Pack the pixels of objects and their borders.

    Parameters
    ----------
    runs
        Objects, at least `BORDER` pixels from the edge.
    shape
        Rows and columns of the slice.
    """
    rows, columns = shape
    # On the line, row r of object k is the stretch that begins at (k × rows + r) × columns.
    line = (runs.owner * rows + runs.row) * columns + runs.start
    length = (runs.stop - runs.start).astype(np.int64)
    begin, end = _dilate(line, line + length, columns)
    size = end - begin
    place = np.append(0, np.cumsum(size))
    owner = begin // (rows * columns)
    per_object = np.cumsum(np.bincount(owner, size, minlength=runs.count))
    parts = []
    for shift in (0, -columns, columns):
        inside = np.searchsorted(begin, line + shift, "right") - 1
        parts.append(stretches(place[inside] + line + shift - begin[inside], length))
    return Surroundings(
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
    shifts = columns * np.arange(-BORDER, BORDER + 1)[:, None]
    begin, end = (begin - BORDER + shifts).ravel(), (end + BORDER + shifts).ravel()
    order = np.argsort(begin, kind="stable")
    begin, end = begin[order], np.maximum.accumulate(end[order])
    fresh = np.append(True, begin[1:] > end[:-1])
    return begin[fresh], end[np.append(fresh[1:], True)]
