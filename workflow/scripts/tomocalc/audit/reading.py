"""Tables of others: text and Parquet files, and the data frames of any library.

Complaints name columns and rows and never a value: who sends one on gives no patient away.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import polars as pl

from tomocalc.delimited import separated, sheet_content
from tomocalc.errors import TomocalcError
from tomocalc.parquet import BAD, load_parquet


def read_table(source: Any) -> pl.DataFrame:
    """Read a table from a file, or take a data frame; columns of a text file are text.

    Raises
    ------
    TomocalcError
        ``E302`` when it is no table, ``E102`` when it is no text.
    """
    if isinstance(source, pl.DataFrame):
        return source
    if not isinstance(source, str | Path):
        return _foreign(source)
    path = str(source)
    if path.lower().endswith((".parquet", ".pq")):
        try:
            return load_parquet(path)
        except BAD as error:
            why = "there is no such file" if not Path(path).exists() else "it is no Parquet file"
            raise fault(path, why, "give a CSV, TSV or Parquet file") from error
    separator, text, skipped = separated(sheet_content(path))
    try:
        found = pl.read_csv(text.encode(), separator=separator, infer_schema=False)
    except (pl.exceptions.PolarsError, ValueError):
        where = f"{path}:{_ragged(text, separator) + skipped}" if text.strip() else path
        why = "it is no table: a line has more fields than the header"
        raise fault(where, why if text.strip() else "it is empty", "correct the file") from None
    blank = [name for name in found.columns if name.strip() == ""]
    if found.is_empty() or len(found.columns) - len(blank) < 2:
        raise fault(path, "it holds no rows, or one column", "give a CSV, TSV or Parquet file")
    return found.drop(blank)


def _foreign(source: Any) -> pl.DataFrame:
    """Return the data frame of another library; columns of mixed objects become text."""
    try:
        return pl.from_dataframe(source)
    except (*BAD, TypeError) as error:
        if not hasattr(source, "astype"):
            raise fault(
                "the table",
                f"a {type(source).__name__} is no table",
                "give a path or a data frame",
            ) from error
    mixed = {name: "string" for name, kind in source.dtypes.items() if kind == object}  # noqa: E721
    return pl.from_dataframe(source.astype(mixed))


def _ragged(text: str, separator: str) -> int:
    """Return the number of the first line with more fields than the first, from 1; else 1."""
    reader = csv.reader(text.splitlines(), delimiter=separator)
    wanted = len(next(reader))
    return next((reader.line_num for cells in reader if len(cells) > wanted), 1)


def fault(where: str, why: str, fix: str) -> TomocalcError:
    """Return what is wrong with a table or a split that is to be audited."""
    return TomocalcError("E302", what="the split cannot be audited", where=where, why=why, fix=fix)
