"""Read a table that somebody else wrote: CSV, TSV or Parquet."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tomocalc.parquet import load_parquet


def read_foreign_table(path: str | Path, *, header: bool = True) -> pl.DataFrame:
    """Read a table as it is; what is in a text file stays text.

    The separator (comma, semicolon or tab) is the one that occurs most often in the first line.
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
    if not header:
        table.columns = [f"column_{number + 1}" for number in range(table.width)]
    return table
