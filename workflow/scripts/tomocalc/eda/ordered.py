"""A feature sorted once: percentiles, ranks and distribution functions then need no sort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ordered:
    """The known values of one column in ascending order.

    Attributes
    ----------
    place
        int, (known,): row of each value.
    values
        (known,): the values, ascending.
    rows
        Rows of the column, those with a missing value included.
    """

    place: NDArray[np.integer]
    values: NDArray[np.floating]
    rows: int

    def part(self, member: NDArray[np.bool_]) -> Ordered:
        """Return the rows where *member* (one per row) is true, as a column of their own."""
        kept = member[self.place]
        number = np.cumsum(member, dtype=np.int32) - 1  # of a row among the members
        return Ordered(
            place=number[self.place[kept]], values=self.values[kept], rows=int(member.sum())
        )


def sort_column(values: NDArray[np.floating]) -> Ordered:
    """Sort one column; NaN means missing and is left out."""
    order = np.argsort(values).astype(np.int32)  # NaN goes last
    known = len(values) - int(np.isnan(values).sum())
    place = order[:known]
    return Ordered(place=place, values=values[place], rows=len(values))


def last_of_equals(values: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the index of the last one of every run of equal, ascending *values*."""
    if not len(values):
        return np.empty(0, np.intp)
    return np.append(np.flatnonzero(values[1:] != values[:-1]), len(values) - 1)


def ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the ranks, from 1, of ascending *values*; equal ones share the mean of theirs."""
    last = last_of_equals(values)
    lengths = np.diff(last, prepend=-1)
    return np.repeat(last + 1 - (lengths - 1) / 2, lengths)
