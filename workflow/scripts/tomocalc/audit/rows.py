"""The rows of a split as the audit reads them, from tables of any kind or library.

Complaints name columns and rows and never a value: who sends one on gives no patient away.
"""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.leakage import Shared
from tomocalc.errors import TomocalcError, fault
from tomocalc.extras import needing
from tomocalc.frames import frame_of
from tomocalc.text_table import PARQUET, TWICE, UNTOLD, text_table

SOME = 5000
"""Rows whose numbers are looked at digit by digit."""
PRECISE = 7
"""Significant digits of most values of a feature, of which chance makes no two equal."""


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
    texts
        Columns of texts that are asked for their words and numbers, as paths, dates and remarks.
    unassigned
        Rows of the table that the split puts in no part.
    unlabelled
        Rows of the table that are left out: without a label, or with one of neither class.
    taught
        Patients from whose images the search for candidates, or detectors, have learned: by the
        check that counts them, ``search_knows`` or ``detectors_know``.
    """

    frame: pl.DataFrame
    features: Sequence[str]
    identifiers: Sequence[str] = ()
    texts: Sequence[str] = ()
    unassigned: int = 0
    unlabelled: int = 0
    taught: Mapping[str, Collection[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = set(self.frame["part"].unique())
        for needed in ("train", "test"):
            if needed not in parts:
                why = f"no row is in it; the parts are {', '.join(sorted(map(str, parts)))}"
                raise fault("split_part_absent", f"part {needed}", why)

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

    def twin(self, check: str, row: int, other: int, distance: float | None = None) -> Shared:
        """Return that a test *row* has a twin, both by their place in the frame."""
        names, patients, parts = (self.frame[name] for name in ("row", "patient", "part"))
        return Shared(
            check=check,
            row=names[row],
            patient=patients[row],
            part="test",
            twin_row=names[other],
            twin_patient=patients[other],
            twin_part=parts[other],
            distance=distance,
        )

    def part(self, *names: str) -> pl.DataFrame:
        """Return the rows of some parts."""
        return self.frame.filter(pl.col("part").is_in(names))

    @cached_property
    def written(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Digits and decimals of every feature in at most `SOME` rows, evenly chosen; no gaps."""
        some = self.frame[:: 1 + self.frame.height // SOME]
        columns = ((name, some[name].cast(pl.Float64)) for name in self.features)
        return {name: written_digits(one.filter(one.is_finite())) for name, one in columns}

    @cached_property
    def precise(self) -> list[str]:
        """Features most values of which are written with `PRECISE` digits or more."""
        found = ((name, digits) for name, (digits, _) in self.written.items() if len(digits))
        return [name for name, digits in found if np.median(digits) >= PRECISE]

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """The features, (row, feature); missing and infinite ones are NaN."""
        columns = [pl.col(name).cast(pl.Float64) for name in self.features]
        found = self.frame.select(columns).fill_null(float("nan")).to_numpy()
        return np.where(np.isfinite(found), found, np.nan)

    @cached_property
    def equal(self) -> list[float]:
        """Chance, of every feature, that a test row and a learnt row have the same value."""
        found = []
        for values in self.numbers.T:
            _, kind = np.unique(values, return_inverse=True, equal_nan=True)
            size = int(kind.max()) + 1
            sides = (~self.learnt, self.learnt)
            one, other = (np.bincount(kind[side], minlength=size) for side in sides)
            found.append(float(one @ other) / (int(sides[0].sum()) * int(sides[1].sum())))
        return found


def written_digits(values: pl.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return with how many significant digits and how many decimals numbers are written."""
    texts = values.cast(pl.String)
    mantissa = texts.str.replace("e.*", "").str.replace("-", "")
    digits = mantissa.str.replace(".", "", literal=True).str.strip_chars("0").str.len_chars()
    behind = mantissa.str.replace(r"^\d*\.?", "").str.strip_chars_end("0").str.len_chars()
    power = texts.str.extract(r"e(.*)").cast(pl.Int64).fill_null(0)
    decimals = (behind.cast(pl.Int64) - power).clip(0)
    return digits.to_numpy().astype(np.int64), decimals.to_numpy()


def read_table(source: Any, *, lines: bool = False) -> pl.DataFrame:
    """Read a table from a file, or take a data frame, without the columns that are `UNTOLD`.

    Columns of a text file are text; with *lines* it has the numbers of its lines too.

    Raises
    ------
    TomocalcError
        ``E302`` when it is no table, ``E102`` when it is no text, ``E406`` for a Parquet file where
        the package that reads it is not installed.
    """
    if not isinstance(source, str | Path):
        try:
            return frame_of(
                source, "give a path or a data frame; a split needs a column `part`"
            ).drop(UNTOLD)
        except TomocalcError as error:
            raise unusable("the table or its split", error.why, error.fix) from error
    path = str(source)
    if path.lower().endswith(PARQUET):
        with needing("parquet"):
            from tomocalc.parquet import BAD, load_parquet

        try:
            return load_parquet(path).drop(UNTOLD)
        except BAD as error:
            why = "it is no Parquet file" if Path(path).is_file() else "it is no regular file"
            why = why if Path(path).exists() else "there is no such file"
            raise unusable(path, why, "give a CSV, TSV or Parquet file") from error
    try:
        found = text_table(path, lines=lines)
    except TomocalcError as error:
        raise unusable(error.where, error.why, error.fix) from error
    blank = [name for name in found.columns if name.strip() == ""]
    if found.is_empty() or len(found.columns) - len(blank) < 2:
        fix = "give a CSV, TSV or Parquet file with label and features of every case"
        raise unusable(path, "it holds no rows, or one column", fix)
    if twice := [name for name in found.columns if name and f"{name}{TWICE}" in found.columns]:
        raise unusable(path, f"it has several columns {twice[0]}", "rename or delete one of them")
    return found.drop(blank)


def close_to(name: str, columns: Sequence[str]) -> str:
    """Say which columns there are, the ones that are spelt like *name* first."""
    plain = {column.lower(): column for column in columns}
    alike = [plain[one] for one in difflib.get_close_matches(name.lower(), plain, 3)]
    some = [*alike, *(column for column in columns if column not in alike)][:20]
    return f"it has {', '.join(some)}"


def unusable(where: str, why: str, fix: str) -> TomocalcError:
    """Return what is wrong with a table or a split that is to be audited."""
    return fault("audited_table_unusable", where, why, fix)
