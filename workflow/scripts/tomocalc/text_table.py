"""A table of text cells from delimited text in any of the dialects that are read."""

from __future__ import annotations

import contextlib
import csv

import polars as pl

from tomocalc.delimited import (
    DECIMAL_COMMA,
    LINE,
    THOUSANDS,
    check_header,
    separated,
    sheet_content,
    sheet_error,
)

TWICE = "_duplicated_0"
"""What is added to a name that the header has already given, as Polars does."""
PARQUET = (".parquet", ".pq")


def text_table(path: str, *, header: bool = True, lines: bool = False) -> pl.DataFrame:
    """Read a table of text as `tomocalc.delimited.split_lines` does, its cells as text.

    Blanks around the names of columns do not count; without a *header* they are ``column_1``, ….
    With *lines* the number of the line on which a row begins is a column of its own.

    Raises
    ------
    TomocalcError
        ``E102``.
    """
    mark, text, skipped = separated(sheet_content(path))
    try:
        table = pl.read_csv(text.encode(), has_header=header, separator=mark, infer_schema=False)
    except (pl.exceptions.PolarsError, ValueError):
        if not text.strip():
            raise sheet_error(path, "it is empty", "give the path of a table") from None
        top = [next(csv.reader([line], delimiter=mark), []) for line in text.splitlines()[:2]]
        check_header(f"{path}:{1 + skipped}", top[0], top[-1])
        reader = csv.reader(text.splitlines(), delimiter=mark)
        wanted = len(next(reader))
        line = next((reader.line_num for cells in reader if len(cells) > wanted), 1)
        why = "a line has more cells than the header"
        fix = "give every line one cell per column"
        raise sheet_error(f"{path}:{line + skipped}", why, fix) from None
    names: list[str] = []
    for number, name in enumerate(table.columns):
        plain = name.strip() if header else f"column_{number + 1}"
        names.append(f"{plain}{TWICE}" if plain in names else plain)
    table.columns = names
    if not lines:
        return table
    return table.with_columns(_begins(mark, text, 1 + skipped, table.height, header).alias(LINE))


def decimal_comma(texts: pl.Series) -> bool:
    """Return whether a comma is the decimal mark in cells, as spreadsheets write it in Europe.

    ``1,234`` alone may be one thousand: a cell with another number of digits behind its comma, or
    a zero before it, must show what is meant.
    """
    marked, thousands = (
        texts.str.contains(f"^{way.pattern}$") for way in (DECIMAL_COMMA, THOUSANDS)
    )
    return bool((marked & ~thousands).any())


def _begins(mark: str, text: str, first: int, rows: int, header: bool) -> pl.Series:
    """Return the line on which each of the rows begins: a cell in quotes may hold line ends."""
    if '"' in text:
        reader = csv.reader(text.split("\n"), delimiter=mark)
        begins = [first]
        with contextlib.suppress(csv.Error):
            begins += [reader.line_num + first for _ in reader]
        if len(begins) > rows + header:
            return pl.Series(begins[header : rows + header])
    return pl.int_range(first + header, first + header + rows, eager=True)
