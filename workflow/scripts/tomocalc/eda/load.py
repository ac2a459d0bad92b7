"""Read what the exploration needs: measured features, labels, places and parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tomocalc.eda.ordered import Ordered, sort_column
from tomocalc.parquet import damaged
from tomocalc.tables import FEATURES, names

IDENTITY = ("volume_id", "candidate_id", "patient_id", "site", "label", "focus")


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
    known = set(read_columns(path, []).schema.names)
    wanted = [name for name in names(FEATURES) if name in known]
    identity = _frame(read_columns(path, list(IDENTITY)))
    keep = identity["focus"].fill_null(value=False).to_numpy()
    features: dict[str, NDArray[np.float32]] = {}
    for name in wanted:  # one column at a time: the table may be larger than its features
        column = read_columns(path, [name]).column(0)
        if column.null_count == len(column):
            continue
        values = pl.Series(pl.from_arrow(column)).cast(pl.Float32).fill_null(float("nan"))
        array = values.to_numpy()[keep]
        features[name] = np.where(np.isfinite(array), array, np.float32("nan"))
    identity = identity.filter("focus")
    label = identity["label"].fill_null(0).to_numpy().astype(np.int8)
    return Table(features=features, label=label, identity=identity.drop("focus"))


def load_splits(path: str) -> pl.DataFrame:
    """Read the columns of ``splits.parquet`` that the exploration needs."""
    return _frame(read_columns(path, ["volume_id", "candidate_id", "part"]))


def read_columns(path: str, columns: list[str]) -> pa.Table:
    """Read some columns with their checksums verified; none: the schema without rows."""
    try:
        if not columns:
            return pq.read_schema(path).empty_table()
        return pq.read_table(path, columns=columns, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, error) from error


def _frame(table: pa.Table) -> pl.DataFrame:
    frame: Any = pl.from_arrow(table)
    return frame
