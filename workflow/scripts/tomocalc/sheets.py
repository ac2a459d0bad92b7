"""Read the sheets of volumes and annotations, naming the line of every mistake.

Only the standard library and what Snakemake itself needs is imported here, because sheets are
read while the graph of jobs is built.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tomocalc.config import Schema, coerce, mistakes
from tomocalc.errors import TomocalcError, TomocalcErrors, raise_all
from tomocalc.readers.sources import source_files

Row = dict[str, Any]
LINE = "_line"
"""Key of a row's line number in its sheet, the header being line 1."""
NOT_UTF8 = "it is not UTF-8 text", 'save it as "CSV UTF-8", which spreadsheets offer by that name'
"""Why a text of another encoding cannot be read, and what mends it."""


def read_volumes(
    path: str, schema: Schema, *, data_root: str | None = None, look: bool = True
) -> list[Row]:
    """Read the sheet of volumes; every path in it must exist, unless nobody is to *look*.

    Returns one row per volume, sorted by ``volume_id``, with ``path`` resolved below
    *data_root*.

    Raises
    ------
    TomocalcError
        ``E102`` or ``E103`` for the sheet, ``E104`` for missing images, one line each.
    """
    rows, errors = _read(path, schema)
    if not rows and not errors:
        raise _sheet_error(path, "the sheet of volumes has no rows", "add one row per volume")
    errors += _twice(path, rows)
    for row in rows:
        if isinstance(row.get("path"), str):
            errors += _place(path, row, data_root, look=look)
    raise_all(errors)
    return sorted(rows, key=lambda row: row["volume_id"])


CALCIFIED = ("calcification", "cluster")
"""Kinds of annotations that are what the workflow looks for."""


def read_annotations(
    path: str,
    schema: Schema,
    volumes: list[Row],
    *,
    others: bool | None = False,
    data_root: str | None = None,
) -> list[Row]:
    """Read the sheet of annotations; each row must name a volume of *volumes* and a shape.

    Returns calcifications and clusters, with *others* the findings of other kinds, or with None
    all of them; ``mask`` is resolved below *data_root*.

    Raises
    ------
    TomocalcError
        ``E102`` or ``E103`` for the sheet, ``E303`` for unknown volumes, one line each.
    """
    rows, errors = _read(path, schema)
    known = {row["volume_id"] for row in volumes}
    for row in rows:
        where = f"{path}:{row[LINE]}"
        if row.get("volume_id") not in known:
            errors.append(
                TomocalcError(
                    "E303",
                    what="annotation of an unknown volume",
                    where=where,
                    why=f"`{row.get('volume_id')}` is not in the sheet of volumes",
                    fix="correct the volume_id or add the volume",
                )
            )
        errors += _shape(where, row, data_root)
    raise_all(errors)
    return [row for row in rows if others is None or (row["kind"] in CALCIFIED) is not others]


def _shape(where: str, row: Row, data_root: str | None) -> Iterator[TomocalcError]:
    """Say that a row has no shape, several, or one that lacks a part."""
    shapes = {
        "radius": row.get("radius") is not None,
        "box": row.get("width") is not None and row.get("height") is not None,
        "mask": bool(row.get("mask")),
    }
    if sum(shapes.values()) != 1:
        fix = "give either a radius (0 for a point), a width and height, or a mask"
        yield _row_error(where, "shape is unclear", fix)
    elif shapes["mask"]:
        errors = list(_resolve(where, row, "mask", data_root))
        yield from errors
        if not errors and not Path(row["mask"]).is_file():
            why = f"there is no file `{row['mask']}`"
            yield TomocalcError(
                "E104", what="a mask is missing", where=where, why=why, fix="correct the path"
            )
    elif row.get("x") is None or row.get("y") is None:
        yield _row_error(where, "it has no place", "give x and y")


def _read(path: str, schema: Schema) -> tuple[list[Row], list[TomocalcError]]:
    header, lines = _cells(path)
    errors = list(_check_header(path, header, schema))
    if errors:
        raise_all(errors)
    rows: list[Row] = []
    columns = [_Column(name, schema) for name in header]
    absent = dict.fromkeys(set(schema["properties"]) - set(header))
    for number, cells in lines:
        where = f"{path}:{number}"
        if len(cells) != len(header):
            why = f"it has {len(cells)} cells where the header has {len(header)}"
            errors.append(_row_error(where, why, "give every row one cell per column"))
            continue
        read = [column.read(cell.strip()) for column, cell in zip(columns, cells, strict=True)]
        row = dict(zip(header, (value for value, _ in read), strict=True))
        if not all(sound for _, sound in read):
            errors += [
                _row_error(f"{where}, column {key}", f"{what}: {why}", fix)
                for key, what, why, fix in mistakes(row, schema)
            ]
        rows.append({**absent, **row, LINE: number})
    return rows, errors


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


def _cells(path: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _sheet_error(path, *NOT_UTF8) from error
    except OSError as error:
        raise _sheet_error(path, str(error), "give the path of a TSV or CSV file") from error
    if Path(path).suffix.lower() == ".csv":
        first = text.partition("\n")[0]
        reader = csv.reader(text.splitlines(), delimiter=max(",;\t", key=first.count))
    else:
        reader = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        where = f"{path}:{reader.line_num}"
        raise _sheet_error(where, str(error), "mend the line, or save the sheet again") from error
    if not lines:
        raise _sheet_error(path, "it is empty", "write a header line and one row per entry")
    return [cell.strip() for cell in lines[0][1]], lines[1:]


def _check_header(path: str, header: list[str], schema: Schema) -> Iterator[TomocalcError]:
    if len(header) == 1 and any(mark in header[0] for mark in ",;"):
        yield _sheet_error(
            path, "its cells are not separated by tabs", "save it as TSV, or name it .csv"
        )
        return
    for name in sorted({name for name in header if header.count(name) > 1}):
        yield _sheet_error(path, f"column `{name}` stands twice", "remove one")
    for key, what, why, fix in mistakes(dict.fromkeys(header, None), schema):
        if what in {"unknown key", "missing key"}:
            column = what.replace("key", "column")
            yield _sheet_error(path, f"{column} `{key}`: {why.replace('setting', 'column')}", fix)


def _nullable(kind: Schema) -> bool:
    return "null" in kind.get("type", []) or None in kind.get("enum", [])


def _twice(path: str, rows: list[Row]) -> Iterator[TomocalcError]:
    first: dict[str, Row] = {}
    for row in rows:
        name = str(row.get("volume_id")).lower()
        if name in first:
            why = f"`{row['volume_id']}` already stands on line {first[name][LINE]}"
            where = f"{path}:{row[LINE]}"
            yield _row_error(where, f"{why} (upper and lower case are the same)", "rename one")
        first.setdefault(name, row)


def _place(sheet: str, row: Row, data_root: str | None, *, look: bool) -> Iterator[TomocalcError]:
    """Resolve the row's path below *data_root*; say why its files cannot be used."""
    where = f"{sheet}:{row[LINE]}"
    outside = list(_resolve(where, row, "path", data_root))
    yield from outside
    if outside or not look:
        return
    try:
        source_files(row["path"])
    except TomocalcErrors as several:
        errors = several.errors
    except TomocalcError as error:
        errors = [error]
    else:
        return
    for error in errors:
        place = f"{where}, {error.where}"
        yield TomocalcError(error.code, what=error.what, where=place, why=error.why, fix=error.fix)


def _resolve(where: str, row: Row, key: str, data_root: str | None) -> Iterator[TomocalcError]:
    """Resolve one path of the row below *data_root*, or say that it leads out of it."""
    if "\0" in row[key]:
        yield _row_error(f"{where}, column {key}", "a path holds a NUL byte", "write it anew")
        return
    path = Path(data_root or "") / row[key]
    if data_root and not path.resolve().is_relative_to(Path(data_root).resolve()):
        why = f"`{row[key]}` leads out of {data_root}"
        yield _row_error(where, why, "keep paths inside volumes.data_root")
    else:
        row[key] = str(path)


def _sheet_error(path: str, why: str, fix: str) -> TomocalcError:
    return TomocalcError("E102", what="the sheet cannot be used", where=path, why=why, fix=fix)


def _row_error(where: str, why: str, fix: str) -> TomocalcError:
    return TomocalcError("E103", what="bad row", where=where, why=why, fix=fix)
