"""Read the cells of a sheet against its schema, and go on where a column or a row is wrong.

Only the standard library and what Snakemake itself needs is imported here, because sheets are
read while the graph of jobs is built.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from tomocalc.config import NO_CHOICE, Schema, coerce, mistakes
from tomocalc.delimited import (
    DECIMAL_COMMA,
    LINE,
    THOUSANDS,
    TOP,
    numbers_rows,
    sheet_error,
    split_lines,
)
from tomocalc.errors import TomocalcError, fault
from tomocalc.identity import is_empty

Row = dict[str, Any]
Fault = tuple[int, str, TomocalcError]
"""Line, what tells its fault apart from others with the same remedy, and the fault."""
UNNAMED = re.compile(r"|index|level_\d+|rownames|Unnamed: \d+|__index_level_\d+__")
"""Names of columns that have none, as pandas and R write them."""
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
        Every ``volume_id`` of the sheet; None where it cannot be read on every line.
    columns
        Names of the columns of the schema that it has.
    foreign
        Whether the header has columns that the schema does not know.
    unread
        Numbers of the lines with a cell that the schema refuses; it stands in its row as it is.
    errors
        ``E102`` of the file and its header, ``E103`` of its lines.
    """

    rows: list[Row]
    names: set[str] | None
    columns: set[str]
    foreign: bool
    unread: set[int]
    errors: list[TomocalcError]


def read_cells(path: str, schema: Schema) -> Cells:
    """Read a sheet; its mistakes are among the result."""
    try:
        header, lines = split_lines(path)
        nameless = _nameless(path, header, lines)
    except TomocalcError as error:
        return Cells([], None, set(), False, set(), [error])
    header = [_known_name(name, schema["properties"]) for name in header]
    if above := _lines_above(header, lines, schema["properties"]):
        why = f"its header stands on line {above}, and something else above it"
        return Cells(
            [], None, set(), False, set(), [sheet_error(path, why, "delete what is above it")]
        )
    named = [name for place, name in enumerate(header) if place not in nameless]
    errors = list(_check_header(path, named, schema))
    numbers = [
        place for place, name in enumerate(header) if is_number(schema["properties"].get(name, {}))
    ]
    comma = _decimal_comma(lines, numbers)
    columns = {
        name: _Column(name, schema, comma=comma) for name in named if name in schema["properties"]
    }
    absent = dict.fromkeys(set(schema["properties"]) - set(header))
    rows: list[Row] = []
    names: set[str] = set()
    bad: list[Fault] = []
    words: dict[str, list[tuple[int, str, str]]] = {}
    for number, cells in lines if columns else ():
        where = f"{path}:{number}"
        texts = dict(zip(header, cells, strict=False))
        names |= {texts["volume_id"]} if "volume_id" in texts else set()
        if [_known_name(cell, header) for cell in cells] == header:
            bad.append((number, "", row_error(where, "it repeats the header", "delete the line")))
            continue
        lacking = set(header[len(cells) :])  # Excel leaves out empty cells at the end
        texts |= dict.fromkeys(lacking, "")
        if lacking & set(schema["required"]) or any(cells[len(header) :]):
            why = f"it has {len(cells)} cells where the header has {len(header)}"
            bad.append((number, "", row_error(where, why, "give every row one cell per column")))
            continue
        read = {name: column.read(texts[name]) for name, column in columns.items()}
        row = {name: value for name, (value, _) in read.items()}
        if not all(sound for _, sound in read.values()):
            for key, what, why, fix in mistakes(row, schema):
                if what == NO_CHOICE:
                    words.setdefault(key, []).append((number, str(row[key]), fix))
                elif what != "missing key":
                    bad.append(
                        (number, key, row_error(f"{where}, column {key}", f"{what}: {why}", fix))
                    )
        rows.append({**absent, **row, LINE: number})
    foreign = len(columns) < len(set(named))
    errors += together(sorted([*bad, *_unknown_words(path, words)], key=lambda fault: fault[0]))
    unread = {number for number, _, _ in [*bad, *chain(*words.values())]}
    whole = "volume_id" in named and "" not in names
    return Cells(rows, names if whole else None, {*columns}, foreign, unread, errors)


class _Column:
    """Reads the cells of one column; each different text is checked once."""

    def __init__(self, name: str, schema: Schema, *, comma: bool) -> None:
        self.kind = schema["properties"][name]
        nullable = "null" in self.kind.get("type", []) or None in self.kind.get("enum", [])
        self._optional = name not in schema["required"] or nullable
        self._comma = comma and is_number(self.kind)
        self._known: dict[str, tuple[Any, bool]] = {}

    def read(self, text: str) -> tuple[Any, bool]:
        """Return the value of a cell, and whether the schema allows it."""
        if text not in self._known:
            value = self._value(text)
            self._known[text] = value, not any(True for _ in mistakes(value, self.kind))
        return self._known[text]

    def _value(self, text: str) -> Any:
        if self._optional and is_empty(text):
            return None
        if self._comma and DECIMAL_COMMA.fullmatch(text):
            text = text.replace(",", ".")
        value = coerce(text, self.kind)  # pandas writes 3.0 beside a gap
        choices = {str(word).casefold(): word for word in self.kind.get("enum", ())}
        return choices.get(str(value).casefold(), value)


def is_number(kind: Schema) -> bool:
    """Return whether a column holds numbers."""
    return bool({"number", "integer"} & set(kind.get("type", ())))


def _decimal_comma(lines: list[tuple[int, list[str]]], places: list[int]) -> bool:
    """Return whether a comma is the decimal mark in the cells at *places*.

    ``1,234`` alone may be one thousand: a cell with another number of digits behind its comma, or
    a zero before it, must show what is meant.
    """
    cells = (cells[place].strip() for _, cells in lines for place in places if place < len(cells))
    marked = [cell for cell in cells if DECIMAL_COMMA.fullmatch(cell)]
    return any(not THOUSANDS.fullmatch(cell) for cell in marked)


def _known_name(cell: str, known: Iterable[str]) -> str:
    """Return the column that a cell of the header names: only its letters and digits count."""
    plain = re.sub(r"[\W_]+", "", cell.casefold())
    return next((name for name in known if name.replace("_", "") == plain), cell)


def _lines_above(
    header: list[str], lines: list[tuple[int, list[str]]], known: Iterable[str]
) -> int | None:
    """Return the number of the line that is the header, where the first one names no column."""
    if {*header} & {*known}:
        return None
    for number, cells in lines[:TOP]:
        if sum(_known_name(cell, known) in known for cell in cells) > 1:
            return number
    return None


def _nameless(path: str, header: list[str], lines: list[tuple[int, list[str]]]) -> list[int]:
    """Return the columns without a name: empty ones, and the row numbers that pandas and R write.

    Raises
    ------
    TomocalcError
        ``E102`` for cells below no name that are none of that.
    """
    places = [place for place, name in enumerate(header) if UNNAMED.fullmatch(name)]
    for place in places:
        held = [cells[place] for _, cells in lines if place < len(cells) and cells[place]]
        if held and not (place == 0 and numbers_rows(held)):
            why = f"column {place + 1} has no name of its own, and `{held[0][:40]}` in it"
            raise sheet_error(path, why, "name the column, or delete it")
    return places


def _check_header(path: str, header: list[str], schema: Schema) -> Iterator[TomocalcError]:
    for name in sorted({name for name in header if header.count(name) > 1}):
        yield sheet_error(path, f"column `{name}` stands twice", "remove one")
    strange, absent = [], []
    for key, what, _, fix in mistakes(dict.fromkeys(header, None), schema):
        if what == "unknown key" and fix.startswith("did"):
            yield sheet_error(path, f"it has an unknown column `{key}`", fix)
        elif what == "unknown key":
            strange.append(f"`{key}`")
        elif what == "missing key":
            absent.append(f"`{key}`")
    if strange:
        fix = f"delete it, or rename it to one of: {', '.join(schema['properties'])}"
        yield sheet_error(path, f"it has an unknown column {', '.join(strange)}", fix)
    if absent:
        fix = "add it, or name the sheet that is meant"
        yield sheet_error(path, f"it has no column {', '.join(absent)}", fix)


def _unknown_words(path: str, words: Mapping[str, list[tuple[int, str, str]]]) -> Iterator[Fault]:
    """Name all words, each with its line and remedy, that a column of few words does not know."""
    for column, found in words.items():
        once = list(dict.fromkeys(f"`{word}`" if word else "(empty)" for _, word, _ in found))
        lines = line_numbers([number for number, _, _ in found])
        more = f" and {len(once) - SHOWN} others" if len(once) > SHOWN else ""
        what = "is none of its words" if len(once) == 1 else "are none of its words"
        why = f"{', '.join(once[:SHOWN])}{more} {what} ({lines})"
        fix = (
            found[0][2] if len(once) == 1 else f"use one of{found[0][2].rpartition('se one of')[2]}"
        )
        where = f"{path}:{found[0][0]}, column {column}"
        yield found[0][0], "words", row_error(where, why, fix)


def together(found: Iterable[Fault]) -> list[TomocalcError]:
    """Tell what is wrong in the same way on several lines once, with all their numbers."""
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


def row_error(where: str, why: str, fix: str) -> TomocalcError:
    """Return what is wrong with one row."""
    return fault("bad_row", where, why, fix)
