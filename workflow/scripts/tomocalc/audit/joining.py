"""Put the parts of a split to the rows of a table, by what both say of them.

Its complaints name columns and rows and never a value: who sends one on gives no patient away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import polars as pl
import polars.selectors as cs

from tomocalc.audit.rows import close_to, fault, read_table
from tomocalc.audit.split_file import PART, WORDS
from tomocalc.sections import PARTS

FOLD = re.compile("fold|repeat|iteration|^cv$", re.IGNORECASE)
"""Names of columns that number the splits of a cross-validation."""


def joined_table(table: Any, split: Any, *, patient: str | None = None) -> tuple[pl.DataFrame, int]:
    """Return the rows with their part, and how many rows of the table are in none.

    Parameters
    ----------
    table, split
        As `tomocalc.audit.tables.audit_table` takes them.
    patient
        Column of the patients, which may say by itself what belongs together.
    """
    if isinstance(table, dict):
        return _one_below_the_other(table), 0
    frame = read_table(table)
    if split is None:
        return _with_parts(frame), 0
    lines = _with_parts(read_table(split))
    if "row" in lines.columns and "row" not in frame.columns:
        frame = frame.with_row_index("row").with_columns(pl.col("row").cast(pl.String))
    frame = frame.drop("part", strict=False)
    if lines.width == 1 and lines.height == frame.height:
        return frame.with_columns(lines["part"]), 0
    key = _key(frame, lines, patient)
    frame, lines = (one.with_columns(pl.col(key).cast(pl.String)) for one in (frame, lines))
    lines = lines.select(*key, "part")
    if not _names_rows(frame, key):
        lines = lines.unique(maintain_order=True)
        if key != [patient] and lines.select(key).is_duplicated().any():
            said = "all" if len(key) > 1 else "is all"
            raise fault(
                "the split",
                f"{' and '.join(key)} {said} that it shares with the table, and one value of it is "
                "in several parts",
                "rename the column that names rows or patients as in the table, or add row",
            )
    strangers = lines.join(frame, on=key, how="anti", nulls_equal=True).height
    if strangers:
        why = f"{strangers} of its lines name no row of the table by {' and '.join(key)}"
        fix = "compare how both spell it, as zeros in front and separators" * (
            strangers == lines.height
        )
        raise fault("the split", why, fix or "correct these lines, or take them out")
    rows = frame.join(lines, on=key, how="inner", maintain_order="left", nulls_equal=True)
    return rows, frame.join(lines, on=key, how="anti", nulls_equal=True).height


def _one_below_the_other(table: Mapping[str, object]) -> pl.DataFrame:
    """Return the rows of parts that are tables of their own."""
    parts = [read_table(source).with_columns(part=pl.lit(name)) for name, source in table.items()]
    if len(parts) < 2:
        raise fault(f"part {next(iter(table))}", "it is the only one", "give train and test")
    first = parts[0].columns
    different = {name for one in parts[1:] for name in {*first} ^ {*one.columns}}
    if different:
        raise fault(
            "the files of the parts",
            f"not all have the column {min(different)}",
            "give tables with the same columns",
        )
    return pl.concat([one.select(first) for one in parts], how="vertical_relaxed")


def _key(frame: pl.DataFrame, lines: pl.DataFrame, patient: str | None) -> list[str]:
    """Return the columns by which a line of a split belongs to a row: as few as tell it.

    A column that both have may also be an attribute, such as the scanner or the label, which is
    the same in many rows or empty: what names rows goes first, then the patient.
    """
    shared = [name for name in lines.columns if name in frame.columns and name != "part"]
    if "row" in shared:
        return ["row"]
    floats = {name for one in (frame, lines) for name in one.select(cs.float()).columns}
    plain = [name for name in shared if name not in floats]
    for name in plain:
        if _names_rows(frame, [name]):
            return [name]
    of_patients = patient in shared and not lines[patient].is_duplicated().any()
    if not of_patients and plain and _names_rows(frame, plain):
        return plain
    if patient is not None and patient in shared:
        return [patient]
    if shared:
        return plain or shared
    own = [name for name in lines.columns if name != "part"]
    if not own:
        raise fault(
            "the split",
            f"it has {lines.height} lines and the table {frame.height} rows, and no column in "
            "common",
            "add the column row, the number of the table's row from 0",
        )
    raise fault(
        "the split",
        f"it has no column of the table; {close_to(own[0], own)}",
        "rename the column that names rows or patients as in the table"
        + f" ({patient}, for patients)" * (patient is not None)
        + ", or add row, the number of the table's row from 0",
    )


def _names_rows(frame: pl.DataFrame, names: list[str]) -> bool:
    """Return whether every row has a value of its own in these columns."""
    own = frame.select(names)
    return not own.is_duplicated().any() and own[names[0]].null_count() == 0


def _with_parts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table with the part of every row, in our words, in place of its own column."""
    plain = {name.strip().casefold(): name for name in frame.columns}
    column = next((plain[name] for name in PART if name in plain), None)
    if column is None:
        why = f"it has no column part; its columns are {', '.join(frame.columns[:20])}"
        fix = "add one that says train, validation or test; the table comes first, then the split"
        raise fault("the split", why, fix)
    words = frame[column].cast(pl.String).fill_null("").str.strip_chars().str.to_lowercase()
    unknown = (~words.is_in(list(WORDS))).arg_true()
    if len(unknown):
        why = f"its word is no part, as in {len(unknown)} rows"
        raise fault(f"column {column}, row {unknown[0]}", why, f"use {', '.join(PARTS)}")
    parts = words.replace_strict(WORDS, return_dtype=pl.String).alias("part")
    rest = frame.drop(column)
    once = rest.unique()  # rows of one patient may be lines of one fold
    for name in rest.columns:
        if FOLD.search(name) and rest.width > 1 and once.drop(name).is_duplicated().all():
            why = f"it numbers {rest[name].n_unique()} splits of the same rows, one below the other"
            raise fault(f"column {name}", why, "give the lines of one of them at a time")
    return rest.with_columns(parts)
