"""A table of text cells from delimited text in any of the dialects that are read."""

import contextlib
import csv

import polars as pl
import polars.selectors as cs

from tomocalc.delimited import (
    DECIMAL_COMMA,
    INVISIBLE,
    LINE,
    THOUSANDS,
    bare,
    check_header,
    separated,
    sheet_content,
    sheet_error,
)

TWICE = "_duplicated_0"
"""What is added to a name that the header has already given, as Polars does."""
PARQUET = (".parquet", ".pq")
UNTOLD = cs.nested() | cs.binary() | cs.duration() | cs.object()
"""Columns whose cells are neither numbers nor texts, as embeddings and images."""
WRONG = (pl.exceptions.PolarsError, ValueError)
"""What Polars raises on a text that is no table."""


def text_table(path: str, *, header: bool = True, lines: bool = False) -> pl.DataFrame:
    """Read a table of text as `tomocalc.delimited.split_lines` does, its cells as text.

    Blanks around the names of columns do not count, nor do empty lines, empty cells beyond the
    last column and invisible marks around cells; without a *header* names are ``column_1``, ….
    With *lines* the number of the line on which a row begins is a column of its own.

    Raises
    ------
    TomocalcError
        ``E102``.
    """
    mark, text, skipped = separated(sheet_content(path))
    first = 1 + skipped
    try:
        table = _cells(text, mark, header=header)
    except WRONG:
        if not text.strip():
            raise sheet_error(path, "it is empty", "give the path of a table") from None
        try:
            _check_widths(path, text, mark, first)
            table = _cells(text, mark, header=header, ragged=True)
        except (*WRONG, csv.Error):
            fix = "save it again as CSV, with quotes around cells that hold quotes or line ends"
            raise sheet_error(path, "its lines cannot be told apart", fix) from None
    names: list[str] = []
    for number, name in enumerate(table.columns):
        plain = bare(name, quoted=False) if header else f"column_{number + 1}"
        while plain in names:
            plain += TWICE
        names.append(plain)
    table.columns = names
    if not text.isascii() and any(sign in text for sign in INVISIBLE):
        table = table.with_columns(pl.all().str.strip_chars(f"{INVISIBLE} \t\u00a0"))
    empty = [number for number, line in enumerate(text.split("\n"), first) if not line.strip(" ")]
    if not (lines or empty):
        return table
    begins = _begins(mark, text, first, table.height, header)
    blank = pl.all_horizontal(pl.all().str.strip_chars().fill_null("") == "")
    table = table.with_columns(begins.alias(LINE)).filter(
        ~(begins.is_in(empty) & table.select(blank).to_series())
    )
    return table if lines else table.drop(LINE)


def _cells(text: str, mark: str, *, header: bool, ragged: bool = False) -> pl.DataFrame:
    return pl.read_csv(
        text.encode(),
        has_header=header,
        separator=mark,
        infer_schema=False,
        truncate_ragged_lines=ragged,
    )


def _check_widths(path: str, text: str, mark: str, first: int) -> None:
    """Check that the *first* line of a text names every column, and no line holds more cells."""
    top = [next(csv.reader([line], delimiter=mark), []) for line in text.splitlines()[:2]]
    check_header(f"{path}:{first}", top[0], top[-1])
    reader = csv.reader(text.splitlines(), delimiter=mark)
    wanted = len(next(reader))
    for cells in reader:
        if any(map(str.strip, cells[wanted:])):
            where = f"{path}:{reader.line_num + first - 1}"
            why = f"a line has more cells than the header, {len(cells)} and not {wanted}"
            raise sheet_error(where, why, "give every line one cell per column")


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
