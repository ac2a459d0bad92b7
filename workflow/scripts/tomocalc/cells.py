"""Read the cells of a sheet against its schema, and go on where a column or a row is wrong.

Only the standard library and what Snakemake itself needs is imported here, because sheets are
read while the graph of jobs is built.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tomocalc.config import Schema, coerce, mistakes
from tomocalc.errors import TomocalcError

Row = dict[str, Any]
LINE = "_line"
"""Key of a row's line number in its sheet, the header being line 1."""
NOT_UTF8 = "it is not UTF-8 text", 'save it as "CSV UTF-8", which spreadsheets offer by that name'
"""Why a text of another encoding cannot be read, and what mends it."""
SHOWN = 10
"""Most line numbers that a message counts up."""


@dataclass(frozen=True)
class Cells:
    """What a sheet holds, as far as it can be read, and what is wrong with it.

    Parameters
    ----------
    rows
        One per line with a cell for each column; columns of the schema that the sheet lacks are
        None.
    names
        Every ``volume_id`` of the sheet, also of lines that are no rows; None without that column.
    foreign
        Whether the header has columns that the schema does not know.
    errors
        ``E102`` of the file and its header, ``E103`` of its lines.
    """

    rows: list[Row]
    names: set[str] | None
    foreign: bool
    errors: list[TomocalcError]


def read_cells(path: str, schema: Schema) -> Cells:
    """Read a sheet; its mistakes are among the result."""
    try:
        header, lines = _split(path)
    except TomocalcError as error:
        return Cells([], None, False, [error])
    errors = list(_check_header(path, header, schema))
    columns = {name: _Column(name, schema) for name in header if name in schema["properties"]}
    absent = dict.fromkeys(set(schema["properties"]) - set(header))
    rows: list[Row] = []
    names: set[str] = set()
    bad: list[tuple[int, str, TomocalcError]] = []
    for number, cells in lines if columns else ():
        where = f"{path}:{number}"
        texts = dict(zip(header, map(str.strip, cells), strict=False))
        names |= {texts["volume_id"]} if "volume_id" in texts else set()
        if len(cells) != len(header):
            why = f"it has {len(cells)} cells where the header has {len(header)}"
            bad.append((number, "", row_error(where, why, "give every row one cell per column")))
            continue
        read = {name: column.read(texts[name]) for name, column in columns.items()}
        row = {name: value for name, (value, _) in read.items()}
        if not all(sound for _, sound in read.values()):
            bad += [
                (number, key, row_error(f"{where}, column {key}", f"{what}: {why}", fix))
                for key, what, why, fix in mistakes(row, schema)
                if what != "missing key"
            ]
        rows.append({**absent, **row, LINE: number})
    foreign = len(columns) < len(set(header))
    errors += together(bad)
    return Cells(rows, names if "volume_id" in header else None, foreign, errors)


class _Column:
    """Reads the cells of one column; each different text is checked once."""

    def __init__(self, name: str, schema: Schema) -> None:
        self._kind = schema["properties"][name]
        self._optional = name not in schema["required"] or _nullable(self._kind)
        self._known: dict[str, tuple[Any, bool]] = {}

    def read(self, text: str) -> tuple[Any, bool]:
        """Return the value of a cell, and whether the schema allows it."""
        if text not in self._known:
            value = coerce(text, self._kind, self._kind) if text or not self._optional else None
            self._known[text] = value, not any(True for _ in mistakes(value, self._kind))
        return self._known[text]


def _split(path: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise sheet_error(path, *NOT_UTF8) from error
    except FileNotFoundError as error:
        fix = "correct the path of this TSV or CSV file; it starts from the working directory"
        raise sheet_error(path, "there is no such file", fix) from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise sheet_error(path, why, "give the path of a TSV or CSV file") from error
    if Path(path).suffix.lower() == ".csv":
        first = text.partition("\n")[0]
        reader = csv.reader(text.splitlines(), delimiter=max(",;\t", key=first.count))
    else:
        reader = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        where = f"{path}:{reader.line_num}"
        raise sheet_error(where, str(error), "mend the line, or save the sheet again") from error
    if not lines:
        raise sheet_error(path, "it is empty", "write a header line and one row per entry")
    header = [cell.strip() for cell in lines[0][1]]
    if len(header) == 1 and any(mark in header[0] for mark in ",;"):
        why = "its cells are not separated by tabs"
        raise sheet_error(path, why, "save it as TSV, or name it .csv")
    return header, lines[1:]


def _check_header(path: str, header: list[str], schema: Schema) -> Iterator[TomocalcError]:
    for name in sorted({name for name in header if header.count(name) > 1}):
        yield sheet_error(path, f"column `{name}` stands twice", "remove one")
    for key, what, _, fix in mistakes(dict.fromkeys(header, None), schema):
        if what == "unknown key":
            yield sheet_error(path, f"it has an unknown column `{key}`", fix)
        elif what == "missing key":
            yield sheet_error(path, f"it has no column `{key}`", fix)


def _nullable(kind: Schema) -> bool:
    return "null" in kind.get("type", []) or None in kind.get("enum", [])


def together(found: Iterable[tuple[int, str, TomocalcError]]) -> list[TomocalcError]:
    """Tell what is wrong in the same way on several lines once, with all their numbers.

    Parameters
    ----------
    found
        Line, what tells its fault apart from others with the same remedy, and the fault.
    """
    alike: dict[tuple[str, str], tuple[TomocalcError, list[int]]] = {}
    for line, key, error in found:
        alike.setdefault((key, error.fix), (error, []))[1].append(line)
    return [
        error
        if len(lines) == 1
        else TomocalcError(
            error.code,
            what=error.what,
            where=error.where,
            why=f"{error.why}; wrong too: {line_numbers(lines[1:])}",
            fix=error.fix,
        )
        for error, lines in alike.values()
    ]


def line_numbers(lines: list[int]) -> str:
    """Count up lines of a sheet, some of them where there are many."""
    more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return f"line{'s' * (len(lines) > 1)} {', '.join(map(str, lines[:SHOWN]))}{more}"


def sheet_error(path: str, why: str, fix: str) -> TomocalcError:
    """Return what is wrong with a sheet as a whole."""
    return TomocalcError("E102", what="the sheet cannot be used", where=path, why=why, fix=fix)


def row_error(where: str, why: str, fix: str) -> TomocalcError:
    """Return what is wrong with one row."""
    return TomocalcError("E103", what="bad row", where=where, why=why, fix=fix)
