"""Delimited text as spreadsheets, pandas and R write it, and what is given for it by mistake.

Standard library only: sheets are read while the graph of jobs is built.
"""

from __future__ import annotations

import codecs
import csv
import re
from pathlib import Path

from tomocalc.errors import TomocalcError

NOT_UTF8 = "it is not UTF-8 text", 'save it as "CSV UTF-8", which spreadsheets offer by that name'
"""Why a text of another encoding cannot be read, and what mends it."""
SEPARATOR_LINE = re.compile(r"\"?sep=(.)\"?\s*[,;\t]*\s*", re.IGNORECASE)
NO_TEXT = {
    b"PK\x03\x04": "a workbook (Excel or OpenDocument)",
    b"\xd0\xcf\x11\xe0": "a workbook of an old Excel",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF",
    b"SQLite": "a database",
    b"<": "a web page or XML",
    b"{": "JSON",
    b"[": "JSON",
}
"""First bytes of what is given for a sheet and is no text."""


def split_lines(path: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header, and the lines that hold anything by their number, the header being 1.

    The separator is the tab where the header has one, else its most frequent comma, semicolon or
    bar, or what Excel's own first line ``sep=;`` says.

    Raises
    ------
    TomocalcError
        ``E102``.
    """
    mark, text, skipped = separated(sheet_content(path))
    quotes = csv.QUOTE_NONE if mark == "\t" else csv.QUOTE_MINIMAL
    reader = csv.reader(text.splitlines(), delimiter=mark, quoting=quotes)
    try:
        lines = [
            (reader.line_num + skipped, list(map(_unquoted, cells)) if mark == "\t" else cells)
            for cells in reader
            if any(map(str.strip, cells))
        ]
    except csv.Error as error:
        where = f"{path}:{reader.line_num + skipped}"
        raise sheet_error(where, str(error), "mend the line, or save the sheet again") from error
    if not lines:
        raise sheet_error(path, "it is empty", "write a header line and one row per entry")
    return [cell.strip() for cell in lines[0][1]], lines[1:]


def separated(text: str) -> tuple[str, str, int]:
    """Return the separator, the text without Excel's own first line, and how many lines that is."""
    start, _, rest = text.partition("\n")
    if declared := SEPARATOR_LINE.fullmatch(start.strip("\r")):
        return declared[1], rest, 1
    first = next((line for line in text.splitlines() if line.strip()), "")
    return "\t" if "\t" in first else max(",;|", key=first.count), text, 0


def decoded(content: bytes) -> str:
    """Return text of UTF-8 or UTF-16, with its mark or without."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    if content[1:2] == b"\0" or content[:1] == b"\0":  # the mark is missing
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be")
    return content.decode("utf-8-sig")


def _unquoted(cell: str) -> str:
    """Return a cell of a tab-separated sheet without the quotes that Excel puts around some."""
    whole = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"') if whole else cell


def sheet_content(path: str) -> str:
    """Read a sheet as text: UTF-8, or the UTF-16 of Excel's "Unicode text".

    Raises
    ------
    TomocalcError
        ``E102`` when it is missing, a workbook, or of another encoding.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        fix = "correct the path of this TSV or CSV file; it starts from the working directory"
        raise sheet_error(path, "there is no such file", fix) from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise sheet_error(path, why, "give the path of a TSV or CSV file") from error
    for start, what in NO_TEXT.items():
        if content.startswith(start):
            raise sheet_error(path, f"it is {what}, no table of text", 'export it as "CSV UTF-8"')
    try:
        return decoded(content)
    except UnicodeDecodeError as error:
        raise sheet_error(path, *NOT_UTF8) from error


def sheet_error(path: str, why: str, fix: str) -> TomocalcError:
    """Return what is wrong with a sheet as a whole."""
    return TomocalcError("E102", what="the sheet cannot be used", where=path, why=why, fix=fix)
