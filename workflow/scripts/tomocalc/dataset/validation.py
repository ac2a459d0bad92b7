"""Refuse rows that the schema's dtypes allow but their meaning does not."""

from __future__ import annotations

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
    rules = _rules(needed, missing=missing)
    broken = rows.select(rule.any().alias(why) for why, rule, _ in rules).row(0, named=True)
    raise_all([_fault(rows.filter(rule), why, fix) for why, rule, fix in rules if broken[why]])


def _rules(needed: list[str], *, missing: bool) -> list[tuple[str, pl.Expr, str]]:
    """Return what is wrong, the rows where it is, and what to do."""
    again = "measure the volume again"
    focus = pl.col("focus").sum().over(CANDIDATE)
    rules = [
        ("a candidate has two rows on one slice", pl.struct(ROW).is_duplicated(), again),
        ("a candidate has not exactly one slice of best focus", focus != 1, again),
        ("a label is neither 0 nor 1", ~pl.col("label").is_in([0, 1]), "correct the label column"),
    ]
    for name in needed:
        value = pl.col(name)
        rules.append((f"{name} is infinite", value.is_infinite(), "correct the value"))
        if not missing:
            fix = f"complete it, take {name} out of `features`, or set dataset.impute"
            rules.append((f"{name} is missing", value.is_null() | value.is_nan(), fix))
    return rules


def _fault(rows: pl.DataFrame, why: str, fix: str) -> TomocalcError:
    named = [
        f"{volume} candidate {candidate} slice {index}"
        for volume, candidate, index in rows.select(ROW).head(NAMED).iter_rows()
    ]
    others = f" and {rows.height - NAMED} more" if rows.height > NAMED else ""
    return TomocalcError(
        "E302",
        what="rows do not follow the schema",
        where="; ".join(named) + others,
        why=why,
        fix=fix,
    )
