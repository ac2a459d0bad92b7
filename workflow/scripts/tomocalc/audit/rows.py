"""The rows of a split as the audit reads them, whatever table they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class SplitRows:
    """Every use of a row by a split, in the order of the table.

    Parameters
    ----------
    frame
        ``row`` (its name, text), ``part``, ``label`` (0 or 1), ``patient`` (text, empty where
        unknown), the *features* and the *identifiers*.
    features
        Columns that models read.
    identifiers
        Columns that a model must not need, as site, scanner or volume.
    unassigned
        Rows of the table that the split puts in no part.
    unlabelled
        Rows of the table that are left out: without a label, or with one of neither class.
    taught
        Patients from whose images the search for candidates has learned; None where it does not.
    """

    frame: pl.DataFrame
    features: Sequence[str]
    identifiers: Sequence[str] = ()
    unassigned: int = 0
    unlabelled: int = 0
    taught: frozenset[str] | None = None

    def __post_init__(self) -> None:
        parts = set(self.frame["part"].unique())
        for needed in ("train", "test"):
            if needed not in parts:
                raise TomocalcError(
                    "E304",
                    what="the split cannot be audited",
                    where=f"part {needed}",
                    why=f"no row is in it; the parts are {', '.join(sorted(map(str, parts)))}",
                    fix="name the parts train, validation (optional) and test",
                )

    @cached_property
    def named(self) -> bool:
        """Whether every row names its patient."""
        return bool((self.frame["patient"] != "").all())

    @cached_property
    def learnt(self) -> NDArray[np.bool_]:
        """Rows that models learn from: training and validation."""
        return (self.frame["part"] != "test").to_numpy()

    @cached_property
    def label(self) -> NDArray[np.float64]:
        """Truth of every row."""
        return self.frame["label"].to_numpy().astype(np.float64)

    def part(self, *names: str) -> pl.DataFrame:
        """Return the rows of some parts."""
        return self.frame.filter(pl.col("part").is_in(names))

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """The features, (row, feature); missing ones are NaN."""
        columns = [pl.col(name).cast(pl.Float64) for name in self.features]
        return self.frame.select(columns).fill_null(float("nan")).to_numpy()
