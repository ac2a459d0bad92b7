"""Objects of neighbouring slices become candidates in depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomocalc.image.span import slices_above
from tomocalc.neighbours import close_pairs, nearest


@dataclass(frozen=True, eq=False)
class Places:
    """The objects of one slice, as far as linking needs them; arrays of shape (object,).

    Attributes
    ----------
    slice
        Index of the slice.
    row_mm, col_mm
        Centres.
    strength
        How well each object is in focus.
    """

    slice: int
    row_mm: NDArray[np.float64]
    col_mm: NDArray[np.float64]
    strength: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidates of a volume, numbered by slice and object of their best focus.

    Attributes
    ----------
    of_object
        For every slice with objects, the candidate of each.
    focus, focus_object
        Slice of best focus, and the object there.
    first, last
        First and last slice with an own object.
    """

    of_object: dict[int, NDArray[np.int64]]
    focus: NDArray[np.int64]
    focus_object: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of candidates."""
        return self.focus.size

    def sequence(self, slices: int, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return first and one past the last slice of each candidate's sequence.

        *length* consecutive slices around the best focus, as `slices_above` places it, cut at
        the ends of a volume of *slices*.
        """
        begin = self.focus - slices_above(length)
        return np.maximum(begin, 0), np.minimum(begin + length, slices)


def link(places: Sequence[Places], radius_mm: float) -> Candidates:
    """Chain objects of neighbouring slices that are each other's nearest within *radius_mm*.

    Mutual nearest neighbours give chains with one object per slice, the same in both directions
    of depth, and independent of the order of objects unless distances are equal (then the first
    object wins).

    Parameters
    ----------
    places
        Objects per slice, by increasing slice; slices may be missing, chains end there.
    radius_mm
        Largest distance of linked centres in the plane.
    """
    slices = np.concatenate([np.full(part.row_mm.size, part.slice) for part in places] or [[]])
    strength = np.concatenate([part.strength for part in places] or [[]])
    offsets = np.cumsum([0, *(part.row_mm.size for part in places)])
    chain = np.arange(slices.size)
    for index in range(1, len(places)):
        if places[index].slice == places[index - 1].slice + 1:
            above, here = _pairs(places[index - 1], places[index], radius_mm)
            chain[here + offsets[index]] = chain[above + offsets[index - 1]]
    # Sorted by chain, then strength, then slice: the first of each chain is its best focus.
    order = np.lexsort((slices, -strength, chain))
    leader = np.append(True, np.diff(chain[order]) > 0) if order.size else np.zeros(0, np.bool_)
    begin = np.flatnonzero(leader)
    best = order[begin]
    number = np.argsort(np.argsort(best))
    of_all = np.empty(slices.size, np.int64)
    of_all[order] = np.repeat(number, np.diff(np.append(begin, order.size)))
    ranked = np.sort(best)
    first, last = np.full(best.size, np.iinfo(np.int64).max), np.full(best.size, -1)
    np.minimum.at(first, of_all, slices.astype(np.int64))
    np.maximum.at(last, of_all, slices.astype(np.int64))
    return Candidates(
        of_object={
            part.slice: of_all[offsets[i] : offsets[i + 1]] for i, part in enumerate(places)
        },
        focus=slices[ranked].astype(np.int64),
        focus_object=ranked - offsets[np.searchsorted(offsets, ranked, "right") - 1],
        first=first,
        last=last,
    )


def _pairs(
    above: Places, here: Places, radius_mm: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the objects of two slices that are each other's nearest."""
    points = [np.column_stack([part.row_mm, part.col_mm]) for part in (above, here)]
    found = close_pairs(points[0], points[1], radius_mm)
    close = found.only(found.squared < radius_mm**2)
    of_above, of_here = nearest(close), nearest(close.turned())
    back = np.full(here.row_mm.size, -1)
    back[of_here.row] = of_here.other
    mutual = back[of_above.other] == of_above.row
    return of_above.row[mutual], of_above.other[mutual]
