"""Read a table that somebody else wrote: CSV, TSV or Parquet."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from tomocalc.delimited import NOT_UTF8
from tomocalc.parquet import load_parquet


def read_foreign_table(path: str | Path, *, header: bool = True) -> pl.DataFrame:
    """Read a table as it is; what is in a text file stays text.

    Blanks around the names of columns do not count. The separator (comma, semicolon or tab) is the
    one that occurs most often in the first line.
    Without a *header*, columns are ``column_1``, ``column_2``, ….

    Raises
    ------
    Exception
        One of `tomocalc.parquet.BAD`.
    """
    if Path(path).suffix.lower() in {".parquet", ".pq"}:
        return load_parquet(path)
    with Path(path).open(encoding="utf-8-sig") as handle:
        start = handle.readline()
    separator = max(",;\t", key=start.count)
    table = pl.read_csv(path, has_header=header, separator=separator, infer_schema=False)
    table.columns = [
        name.strip() if header else f"column_{number + 1}"
        for number, name in enumerate(table.columns)
    ]
    return table


def remedy(error: BaseException, otherwise: str) -> tuple[str, str]:
    """Return why a table cannot be read, and the fix: *otherwise*, unless its encoding is it."""
    why = str(error).splitlines()[0]
    if isinstance(error, UnicodeDecodeError) or re.search("utf-?8", why, re.IGNORECASE):
        return NOT_UTF8
    return why, otherwise
