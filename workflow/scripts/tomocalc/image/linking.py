"""Objects of neighbouring slices become candidates in depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomocalc.neighbours import close_pairs, nearest
from tomocalc.tables import slices_above


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

    @classmethod
    def of(
        cls, of_object: dict[int, NDArray[np.int64]], focus: dict[int, NDArray[np.bool_]]
    ) -> Candidates:
        """Count what belongs together.

        Parameters
        ----------
        of_object
            For every slice, the candidate of each of its objects; numbers without gaps.
        focus
            For every slice, whether each object is its candidate's best focus.
        """
        candidate = np.concatenate([np.zeros(0, np.int64), *of_object.values()])
        sizes = [of.size for of in of_object.values()]
        slices = np.repeat(np.array(list(of_object), np.int64), sizes)
        # The place of every object within its slice.
        place = np.concatenate([np.zeros(0, np.int64), *map(np.arange, sizes)])
        best = np.flatnonzero(np.concatenate([np.zeros(0, np.bool_), *focus.values()]))
        best = best[np.argsort(candidate[best])]
        first, last = np.full(best.size, np.iinfo(np.int64).max), np.full(best.size, -1)
        np.minimum.at(first, candidate, slices)
        np.maximum.at(last, candidate, slices)
        return cls(of_object, slices[best], place[best], first, last)

    def in_focus(self, index: int) -> NDArray[np.bool_]:
        """Return for each object of slice *index* whether it is its candidate's best focus."""
        found = np.zeros(self.of_object[index].size, np.bool_)
        found[self.focus_object[self.focus == index]] = True
        return found

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
    # All objects lie on one line, slice after slice: those of the i-th slice at
    # offsets[i] .. offsets[i + 1]. A chain bears the place of its first object on that line.
    offsets = np.cumsum([0, *(part.row_mm.size for part in places)])
    slices = np.concatenate([np.full(part.row_mm.size, part.slice) for part in places] or [[]])
    strength = np.concatenate([part.strength for part in places] or [[]])
    chain = np.arange(slices.size)
    for index in range(1, len(places)):
        if places[index].slice == places[index - 1].slice + 1:
            above, here = _pairs(places[index - 1], places[index], radius_mm)
            chain[here + offsets[index]] = chain[above + offsets[index - 1]]
    # Sorted by chain, then falling strength, then slice: the first of each chain is its focus.
    order = np.lexsort((slices, -strength, chain))
    leads = np.diff(chain[order], prepend=-1) > 0
    focus = np.zeros(slices.size, np.bool_)
    focus[order[leads]] = True
    # Candidates are numbered in the order in which their foci lie on the line; every chain
    # hands the number of its focus on to all of its objects.
    number = np.cumsum(focus) - 1
    of_all = np.empty(slices.size, np.int64)
    of_all[order] = number[order[leads]][np.cumsum(leads) - 1]
    spans = [slice(offsets[i], offsets[i + 1]) for i in range(len(places))]
    return Candidates.of(
        {part.slice: of_all[span] for part, span in zip(places, spans, strict=True)},
        {part.slice: focus[span] for part, span in zip(places, spans, strict=True)},
    )


def _pairs(
    above: Places, here: Places, radius_mm: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the objects of two slices that are each other's nearest."""
    points = [np.column_stack([part.row_mm, part.col_mm]) for part in (above, here)]
    found = close_pairs(points[0], points[1], radius_mm)
    close = found.only(found.squared < radius_mm**2)
    of_above, of_here = nearest(close), nearest(close.turned())
    # A pair holds if the nearest of the nearest is the object itself.
    back = np.full(here.row_mm.size, -1)
    back[of_here.row] = of_here.other
    mutual = back[of_above.other] == of_above.row
    return of_above.row[mutual], of_above.other[mutual]
