"""Read the sheets of volumes and annotations, naming the line of every mistake.

Only the standard library and what Snakemake itself needs is imported here, because sheets are
read while the graph of jobs is built.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tomocalc.cells import LINE, Row, line_numbers, read_cells, row_error, sheet_error, together
from tomocalc.config import Schema
from tomocalc.errors import TomocalcError, TomocalcErrors, raise_all
from tomocalc.readers.sources import source_files


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
    rows, _, errors = check_volumes(path, schema, data_root=data_root, look=look)
    raise_all(errors)
    return rows


def check_volumes(
    path: str, schema: Schema, *, data_root: str | None, look: bool
) -> tuple[list[Row], set[str] | None, list[TomocalcError]]:
    """Return what `read_volumes` does, every name of the sheet, and every mistake in it.

    The names are None where the sheet cannot be read that far.
    """
    cells = read_cells(path, schema)
    rows, errors = cells.rows, list(cells.errors)
    if not rows and not errors:
        errors.append(
            sheet_error(path, "the sheet of volumes has no rows", "add one row per volume")
        )
    errors += _twice(path, rows)
    errors += _two_spellings(path, rows)
    errors += together(
        (row[LINE], key, error)
        for row in rows
        if row["path"] is not None
        for key, error in _place(path, row, data_root, look=look)
    )
    return sorted(rows, key=lambda row: str(row["volume_id"])), cells.names, errors


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
    known = {row["volume_id"] for row in volumes}
    rows, errors = check_annotations(path, schema, known, data_root=data_root)
    raise_all(errors)
    return [row for row in rows if others is None or (row["kind"] in CALCIFIED) is not others]


def check_annotations(
    path: str, schema: Schema, known: set[str] | None, *, data_root: str | None
) -> tuple[list[Row], list[TomocalcError]]:
    """Return the rows of all kinds, and every mistake; *known* None: any volume will do."""
    cells = read_cells(path, schema)
    errors = list(cells.errors)
    unknown: defaultdict[str, list[int]] = defaultdict(list)
    for row in cells.rows:
        if row["volume_id"] and known is not None and row["volume_id"] not in known:
            unknown[row["volume_id"]].append(row[LINE])
        if not cells.foreign:  # or what seems to lack stands in a column of another name
            errors += _shape(f"{path}:{row[LINE]}", row, data_root)
    for name, lines in unknown.items():
        lines_too = f", named on {line_numbers(lines)}" if len(lines) > 1 else ""
        errors.append(
            TomocalcError(
                "E303",
                what="annotation of an unknown volume",
                where=f"{path}:{lines[0]}",
                why=f"`{name}` is not in the sheet of volumes{lines_too}",
                fix="correct the volume_id or add the volume",
            )
        )
    return cells.rows, errors


def _shape(where: str, row: Row, data_root: str | None) -> Iterator[TomocalcError]:
    """Say that a row has no shape, several, or one that lacks a part."""
    shapes = {
        "radius": row.get("radius") is not None,
        "box": row.get("width") is not None and row.get("height") is not None,
        "mask": bool(row.get("mask")),
    }
    if sum(shapes.values()) != 1:
        fix = "give either a radius (0 for a point), a width and height, or a mask"
        yield row_error(where, "shape is unclear", fix)
    elif shapes["mask"]:
        errors = list(_resolve(where, row, "mask", data_root))
        yield from errors
        if not errors and not Path(row["mask"]).is_file():
            why = f"there is no file `{row['mask']}`"
            yield TomocalcError(
                "E104", what="a mask is missing", where=where, why=why, fix="correct the path"
            )
    elif row.get("x") is None or row.get("y") is None:
        yield row_error(where, "it has no place", "give x and y")


def _twice(path: str, rows: list[Row]) -> Iterator[TomocalcError]:
    first: dict[str, Row] = {}
    for row in rows:
        if not row["volume_id"]:
            continue
        name = str(row["volume_id"]).lower()
        if name in first:
            why = f"`{row['volume_id']}` already stands on line {first[name][LINE]}"
            where = f"{path}:{row[LINE]}"
            yield row_error(where, f"{why} (upper and lower case are the same)", "rename one")
        first.setdefault(name, row)


def _two_spellings(path: str, rows: list[Row]) -> Iterator[TomocalcError]:
    """Name patients who seem to have two ids: a split could put them on both sides."""
    lines: dict[str, int] = {}
    for row in rows:
        lines.setdefault(row["patient_id"] or "", row[LINE])
    first: dict[str, str] = {}
    for name, line in lines.items():
        known = first.setdefault(spelt(name), name)
        if known != name:
            why = f"`{name}` differs from `{known}` on line {lines[known]} in spelling alone"
            fix = "write one patient in one way, and give two patients names that differ more"
            yield row_error(f"{path}:{line}, column patient_id", why, fix)


def spelt(pseudonym: str) -> str:
    """Return what different spellings of one pseudonym have in common."""
    plain = re.sub(r"[._ -]+", "-", pseudonym.strip().casefold())
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain)


def _place(
    sheet: str, row: Row, data_root: str | None, *, look: bool
) -> Iterator[tuple[str, TomocalcError]]:
    """Resolve the row's path below *data_root*; say why its files cannot be used."""
    where = f"{sheet}:{row[LINE]}"
    outside = list(_resolve(where, row, "path", data_root))
    yield from (("path", error) for error in outside)
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
        own = "path" if Path(error.where) == Path(row["path"]) else error.where
        place = f"{where}, {error.where}"
        yield (
            f"{own}: {error.why}",
            TomocalcError(error.code, what=error.what, where=place, why=error.why, fix=error.fix),
        )


def _resolve(where: str, row: Row, key: str, data_root: str | None) -> Iterator[TomocalcError]:
    """Resolve one path of the row below *data_root*, or say that it leads out of it."""
    if "\0" in row[key]:
        yield row_error(f"{where}, column {key}", "a path holds a NUL byte", "write it anew")
        return
    path = Path(data_root or "") / row[key]
    if data_root and not path.resolve().is_relative_to(Path(data_root).resolve()):
        why = f"`{row[key]}` leads out of {data_root}"
        yield row_error(where, why, "keep paths inside volumes.data_root")
    else:
        row[key] = str(path)
