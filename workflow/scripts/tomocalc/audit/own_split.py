"""A user's own split file, read into rows of ``splits.parquet``."""

from __future__ import annotations

import difflib

import numpy as np
import polars as pl
from sklearn.model_selection import StratifiedGroupKFold

from tomocalc.dataset.foreign_table import read_foreign_table, remedy
from tomocalc.dataset.splits import SPLIT
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.parquet import BAD

PARTS = ("train", "validation", "test")
KEY = ["volume_id", "candidate_id"]
SHOWN = 5
"""Faulty lines that a message names."""


def read_own_split(path: str, focus: pl.DataFrame, *, folds: int, seed: int) -> pl.DataFrame:
    """Read a split of the candidates *focus* from a CSV, TSV or Parquet file.

    Parameters
    ----------
    path
        One line per use of a candidate, with the columns ``part`` (train, validation or test)
        and either ``volume_id`` and ``candidate_id``, or ``row``, the number of the table's row
        from 0. A candidate that the file does not name is in no part; one that it names twice
        is used twice.
    focus
        One row per candidate with its group, nothing removed; see `usable_candidates`.
    folds, seed
        Of a cross-validation inside the training and validation parts, by group.

    Raises
    ------
    TomocalcError
        ``E302`` for the file, a column, a part or a candidate that is not there; ``E304`` when
        the training or the test part lacks a class.
    """
    table = _read(path)
    keyed = _keyed(path, table)
    raise_all(_unknown_parts(path, keyed))
    rows = keyed.join(
        focus.select(*KEY, "patient_id", "group", "label"),
        on=KEY,
        how="left",
        maintain_order="left",
    )
    raise_all(_strangers(path, rows))
    _need_classes(path, rows)
    rows = rows.sort(*KEY, "line").with_columns(copy=pl.int_range(pl.len()).over(KEY))
    fold = np.full(rows.height, -1, np.int8)
    inside = np.flatnonzero((rows["part"] != "test").to_numpy())
    label, group = (rows[name].to_numpy()[inside] for name in ("label", "group"))
    most = min(folds, len(np.unique(group[label == 1])), len(np.unique(group[label == 0])))
    if most > 1:
        cutter = StratifiedGroupKFold(most, shuffle=True, random_state=seed)
        for number, (_, held) in enumerate(cutter.split(inside, label, group)):
            fold[inside[held]] = number
    return rows.with_columns(fold=pl.Series(fold)).select(
        pl.col(name).cast(kind) for name, kind in SPLIT.items()
    )


def _read(path: str) -> pl.DataFrame:
    try:
        return read_foreign_table(path)
    except BAD as error:
        why, fix = remedy(error, "give the path of a CSV, TSV or Parquet file")
        raise _fault(path, why, fix) from error


def _keyed(path: str, table: pl.DataFrame) -> pl.DataFrame:
    """Return volume_id, candidate_id, part and line of every use."""
    by_row = "row" in table.columns and not set(KEY) & set(table.columns)
    wanted = ["row", "part"] if by_row else [*KEY, "part"]
    absent = [name for name in wanted if name not in table.columns]
    if absent:
        known = ", ".join(table.columns[:20])
        close = [difflib.get_close_matches(name, table.columns, n=1) for name in absent]
        hint = ", ".join(f"`{found[0]}`" for found in close if found)
        raise _fault(
            path,
            f"it has no column {', '.join(absent)}; its columns are {known}",
            f"rename {hint}" if hint else "give volume_id, candidate_id, part, or row, part",
        )
    if table.is_empty():
        raise _fault(path, "it has no rows", "write one line per candidate")
    number = "row" if by_row else "candidate_id"
    keyed = table.select(
        volume_id=pl.lit("table") if by_row else pl.col("volume_id").cast(pl.String),
        candidate_id=pl.col(number).cast(pl.String).str.strip_chars().cast(pl.Int32, strict=False),
        part=pl.col("part").cast(pl.String).str.strip_chars(),
        line=pl.int_range(pl.len()) + 2,
    )
    bad = keyed.filter(pl.col("candidate_id").is_null())
    if bad.height:
        line = bad["line"][0]
        value = table[number][int(line) - 2]
        raise _fault(
            f"{path}:{line}, column {number}", f"`{value}` is no whole number", "correct it"
        )
    return keyed


def _unknown_parts(path: str, keyed: pl.DataFrame) -> list[TomocalcError]:
    unknown = keyed.filter(~pl.col("part").is_in(PARTS).fill_null(value=False))
    faults = []
    for name, lines in unknown.group_by("part", maintain_order=True).agg("line").iter_rows():
        close = difflib.get_close_matches(str(name).lower(), PARTS, n=1, cutoff=0.5)
        fix = f"did you mean `{close[0]}`?" if close else f"use one of: {', '.join(PARTS)}"
        why = f"{len(lines)} lines have the part `{name}`, the first is line {lines[0]}"
        faults.append(_fault(f"{path}, column part", why, fix))
    return faults[:SHOWN]


def _strangers(path: str, rows: pl.DataFrame) -> list[TomocalcError]:
    unknown = rows.filter(pl.col("label").is_null())
    where = [
        f"{path}:{line}, volume {volume}, candidate {candidate}"
        for volume, candidate, line in unknown.select(*KEY, "line").head(SHOWN).iter_rows()
    ]
    why = f"{unknown.height} lines name a candidate that candidates.parquet of this run lacks"
    return [_fault(place, why, "take the ids from that table") for place in where]


def _need_classes(path: str, rows: pl.DataFrame) -> None:
    for part in ("train", "test"):
        labels = rows.filter(pl.col("part") == part)["label"]
        positives = int((labels == 1).sum())
        if not 0 < positives < labels.len():
            raise TomocalcError(
                "E304",
                what="the split cannot be audited",
                where=f"{path}, part {part}",
                why=f"it holds {positives} calcifications among {labels.len()} candidates",
                fix="put candidates of both classes into train and test",
            )


def _fault(where: str, why: str, fix: str) -> TomocalcError:
    return TomocalcError(
        "E302", what="the split file cannot be used", where=where, why=why, fix=fix
    )
