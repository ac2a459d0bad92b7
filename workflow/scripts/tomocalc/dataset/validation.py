"""Refuse rows that the schema's dtypes allow but their meaning does not."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from tomocalc.errors import TomocalcError, raise_all

CANDIDATE = ["volume_id", "candidate_id"]
ROW = [*CANDIDATE, "slice"]
NAMED = 5
"""Rows that a message names."""


def validate(rows: pl.DataFrame, *, needed: list[str], missing: bool) -> None:
    """Check rows of the data set, whole candidates at a time.

    Parameters
    ----------
    rows
        Rows with the columns of ``candidates.parquet``.
    needed
        Features that the model reads.
    missing
        Whether a needed value may be null or NaN, because it will be imputed. Infinite values
        never may.

    Raises
    ------
    TomocalcError
        ``E302``, one line per kind of fault, each naming the first rows that have it.
    """
    raise_all(list(_faults(rows, needed, missing=missing)))


def _faults(rows: pl.DataFrame, needed: list[str], *, missing: bool) -> Iterator[TomocalcError]:
    repeated = rows.filter(pl.struct(ROW).is_duplicated())
    yield from _fault(repeated, "a candidate has two rows on one slice", "measure the volume again")
    focus = pl.col("focus").sum().over(CANDIDATE)
    unfocused = rows.filter(focus != 1)
    yield from _fault(
        unfocused, "a candidate has not exactly one slice of best focus", "measure the volume again"
    )
    unlabelled = rows.filter(~pl.col("label").is_in([0, 1]))
    yield from _fault(unlabelled, "a label is neither 0 nor 1", "correct the label column")
    for name in needed:
        infinite = rows.filter(pl.col(name).is_infinite())
        yield from _fault(infinite, f"{name} is infinite", "correct the value")
        if not missing:
            empty = rows.filter(pl.col(name).is_null() | pl.col(name).is_nan())
            fix = f"complete it, take {name} out of `features`, or set dataset.impute"
            yield from _fault(empty, f"{name} is missing", fix)


def _fault(rows: pl.DataFrame, why: str, fix: str) -> Iterator[TomocalcError]:
    if rows.is_empty():
        return
    named = [
        f"{volume} candidate {candidate} slice {index}"
        for volume, candidate, index in rows.select(ROW).head(NAMED).iter_rows()
    ]
    others = f" and {rows.height - NAMED} more" if rows.height > NAMED else ""
    yield TomocalcError(
        "E302",
        what="rows do not follow the schema",
        where="; ".join(named) + others,
        why=why,
        fix=fix,
    )
