"""The candidates as columns, each sorted once: percentiles and ranks then need no sort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.parquet import column_names, read_parquet
from tomocalc.tables import KEYS, LABELS, PLACE, names

IDENTITY = ("volume_id", "candidate_id", "patient_id", "site", "label", "focus")


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


@dataclass(frozen=True)
class Table:
    """One row per candidate, on its slice of best focus, columns apart.

    Attributes
    ----------
    features
        Name and values (float32, one per row, NaN where missing) of every measured feature.
    label
        int8, one per row.
    identity
        Frame of volume_id, candidate_id, patient_id, site and label, one row per row.
    """

    features: dict[str, NDArray[np.float32]]
    label: NDArray[np.int8]
    identity: pl.DataFrame

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.label)

    @cached_property
    def ordered(self) -> dict[str, Ordered]:
        """Every feature, sorted."""
        return {name: sort_column(values) for name, values in self.features.items()}

    def first(self, names: Sequence[str]) -> Table:
        """Return the table with the features *names* before the others."""
        order = sorted(self.features, key=lambda name: name not in names)
        return replace(self, features={name: self.features[name] for name in order})

    def varying(self) -> Table:
        """Return the table without features that have one value only."""
        kept = {
            name: self.features[name]
            for name, column in self.ordered.items()
            if column.values[0] != column.values[-1]
        }
        table = replace(self, features=kept)
        # what is sorted stays sorted
        table.__dict__["ordered"] = {name: self.ordered[name] for name in kept}
        return table


def load_table(path: str) -> Table:
    """Read the candidates of *path* (``candidates.parquet``), each on its slice of best focus.

    Returns
    -------
    Table
        With the features that have at least one value.

    Raises
    ------
    TomocalcError
        ``E301`` when the file is missing or damaged.
    """
    others = set(names(KEYS + PLACE + LABELS))
    identity = read_parquet(path, IDENTITY)
    keep = identity["focus"].fill_null(value=False)
    features: dict[str, NDArray[np.float32]] = {}
    # one column at a time: the table may be larger than its features
    for name in column_names(path):
        if name in others:
            continue
        column = read_parquet(path, [name])[name]
        if column.null_count() < len(column):
            values = column.filter(keep).cast(pl.Float32).fill_null(float("nan")).to_numpy()
            features[name] = np.where(np.isfinite(values), values, np.float32("nan"))
    identity = identity.filter(keep)
    label = identity["label"].fill_null(0).to_numpy().astype(np.int8)
    return Table(features=features, label=label, identity=identity.drop("focus"))
