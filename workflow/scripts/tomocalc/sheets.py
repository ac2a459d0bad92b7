"""Read the sheets of volumes and annotations, naming the line of every mistake.

Only what Snakemake itself needs is imported here: sheets are read while it plans.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from tomocalc.cells import LINE, Row, line_numbers, read_cells, row_error, together
from tomocalc.config import Schema
from tomocalc.delimited import sheet_error
from tomocalc.errors import TomocalcError, TomocalcErrors, raise_all
from tomocalc.identity import names_nobody, two_spellings
from tomocalc.reader_terms import mistaken_terms
from tomocalc.readers.sources import source_files


def read_volumes(
    path: str,
    schema: Schema,
    *,
    data_root: str | None = None,
    look: bool = True,
    kinds: Sequence[str] | None = None,
) -> list[Row]:
    """Read the sheet of volumes; every path in it must exist, unless nobody is to *look*.

    Returns one row per volume of the *kinds*, sorted by ``volume_id``, with ``path`` resolved
    below *data_root*.

    Raises
    ------
    TomocalcError
        ``E102`` or ``E103`` for the sheet, ``E104`` for missing images, one line each.
    """
    rows, _, errors = check_volumes(path, schema, data_root=data_root, look=look, kinds=kinds)
    raise_all(errors)
    return rows


def check_volumes(
    path: str,
    schema: Schema,
    *,
    data_root: str | None,
    look: bool,
    kinds: Sequence[str] | None = None,
) -> tuple[list[Row], set[str] | None, list[TomocalcError]]:
    """Return what `read_volumes` does, every name of the sheet, and every mistake in it.

    The names are None where the sheet cannot be read that far. Of a sheet with a column ``kind``
    only the *kinds* are kept.
    """
    cells = read_cells(path, schema)
    rows, errors = cells.rows, list(cells.errors)
    errors += _mixed_kinds(path, rows, kinds)
    if kinds is not None:
        rows = [row for row in rows if row["kind"] is None or row["kind"] in kinds]
    if not rows and not errors:
        errors.append(
            sheet_error(path, "the sheet of volumes has no rows", "add one row per volume")
        )
    errors += _twice(path, rows)
    errors += _patients(path, rows)
    errors += together(
        (row[LINE], key, error)
        for row in rows
        if row["path"] is not None
        for key, error in _place(path, row, data_root, look=look)
    )
    errors += _same_files(path, rows) if look else ()
    return sorted(rows, key=lambda row: str(row["volume_id"])), cells.names, errors


def _mixed_kinds(
    path: str, rows: list[Row], kinds: Sequence[str] | None
) -> Iterator[TomocalcError]:
    """Ask which kinds of images are meant where a sheet holds several: one breast is in each."""
    held = Counter(row["kind"] for row in rows if row["kind"])
    if kinds is None and len(held) > 1:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(held.items()))
        first = "tomosynthesis" if "tomosynthesis" in held else next(iter(sorted(held)))
        fix = f"say which of them are volumes, such as volumes.kinds: [{first}]"
        yield sheet_error(path, f"its images are of several kinds: {told}", fix)


def _same_files(path: str, rows: list[Row]) -> Iterator[TomocalcError]:
    """Name lines whose images are also another patient's."""
    first: dict[str, Row] = {}
    for row in rows:
        if not row["path"] or "\0" in row["path"]:
            continue
        known = first.setdefault(os.path.realpath(row["path"]), row)  # links lead to one file
        if known["patient_id"] != row["patient_id"]:
            why = f"its path stands on line {known[LINE]} too, for another patient"
            yield row_error(f"{path}:{row[LINE]}, column path", why, "correct one of the lines")


CALCIFIED = ("calcification", "cluster")
"""Kinds of annotations that are what the workflow looks for."""


def read_annotations(
    path: str,
    schema: Schema,
    volumes: Collection[str] | None,
    *,
    others: bool | None = False,
    data_root: str | None = None,
) -> list[Row]:
    """Read the sheet of annotations; each row must name one of *volumes* and a shape.

    With *volumes* None any volume will do.

    Returns calcifications and clusters, with *others* the findings of other kinds, or with None
    all of them; ``mask`` is resolved below *data_root*.

    Raises
    ------
    TomocalcError
        ``E102`` or ``E103`` for the sheet, ``E303`` for unknown volumes, one line each.
    """
    known = None if volumes is None else set(volumes)
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
        # What seems to lack may stand in a column of another name.
        if not cells.foreign and row[LINE] not in cells.unread:
            errors += _shape(f"{path}:{row[LINE]}", row, data_root)
    errors += [*_same_lines(path, cells.rows), *together(mistaken_terms(path, cells.rows))]
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
    else:
        for axis, extent in (("x", "width"), ("y", "height")):
            if (centre := row[axis] + (row.get(extent) or 0) / 2) < 0:
                why = f"its centre lies at {centre:g}, outside the image"
                fix = "give x as the column and y as the row, in pixels from the top left corner"
                yield row_error(f"{where}, column {axis}", why, fix)


def _same_lines(path: str, rows: list[Row]) -> Iterator[TomocalcError]:
    """Name lines that tell the same finding again: intervals would be too narrow."""
    first: dict[tuple[Any, ...], int] = {}
    bad = []
    for row in rows:
        told = tuple(row[name] for name in row if name not in (LINE, "pathology"))
        if row[LINE] != (line := first.setdefault(told, row[LINE])):
            why = f"it repeats line {line}"
            bad.append((row[LINE], "", row_error(f"{path}:{row[LINE]}", why, "delete it")))
    yield from together(bad)


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


def _patients(path: str, rows: list[Row]) -> Iterator[TomocalcError]:
    """Name lines without a patient, and patients who seem to have two ids."""
    named = [(str(row["patient_id"]), row[LINE]) for row in rows if row["patient_id"]]
    nobody = [(name, line) for name, line in named if names_nobody(name)]
    if nobody:
        lines = line_numbers([line for _, line in nobody])
        why = f"`{nobody[0][0]}` names nobody ({lines}): all of them would be one patient"
        fix = "give every patient a pseudonym of her own"
        yield row_error(f"{path}:{nobody[0][1]}, column patient_id", why, fix)
    fix = "write one patient in one way, and give two patients names that differ more"
    spelt = []
    for name, line, known, known_line in two_spellings(named):
        why = f"`{name}` differs from `{known}` on line {known_line} in spelling alone"
        spelt.append((line, "", row_error(f"{path}:{line}, column patient_id", why, fix)))
    yield from together(spelt)


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


def foreign_path(path: str) -> tuple[str, str] | None:
    """Return why a path cannot be meant as it stands, and what mends it; None where it can."""
    if "\0" in path:
        return "a path holds a NUL byte", "write it anew"
    scheme = re.match(r"[a-z][a-z0-9+.-]*://", path, re.IGNORECASE)
    if scheme and not path.startswith("file://"):
        why = f"`{path}` is an address ({scheme[0]}), no path"
        return why, "fetch it and give the path of the file"
    if drive := re.match(r"([A-Za-z]):[\\/]", path):
        here = f"/mnt/{drive[1].lower()}/{path[3:]}".replace("\\", "/")
        return f"`{path}` is a path of Windows", f"write it as it is called here, in WSL {here}"
    if path.startswith("\\\\"):
        why = f"`{path}` is a network path of Windows"
        return why, "mount the share and give the path below its mount point"
    variable = re.search(r"\$\{?[A-Za-z_]\w*\}?|%\w+%", path)
    if variable and not Path(path).exists():
        why = f"`{path}` holds the variable {variable[0]}, which is not filled in"
        return why, "write the path out, or set volumes.data_root and give paths below it"
    return None


def local_path(path: str) -> str:
    """Return a path with the home folder written out, with slashes if it has none, unquoted."""
    if len(path) > 2 and path[0] == path[-1] == '"':
        path = path[1:-1]  # as "Copy as path" of Windows puts it
    path = path.removeprefix("file://")
    if "\\" in path and "/" not in path:
        path = path.replace("\\", "/")
    return os.path.expanduser(path) if path.startswith("~") else path  # noqa: PTH111


def _resolve(where: str, row: Row, key: str, data_root: str | None) -> Iterator[TomocalcError]:
    """Resolve one path of the row below *data_root*, or say that it leads out of it."""
    if fault := foreign_path(row[key].strip('"')):
        yield row_error(f"{where}, column {key}", *fault)
        return
    path = Path(data_root or "") / local_path(row[key])
    if data_root and not path.resolve().is_relative_to(Path(data_root).resolve()):
        why = f"`{row[key]}` leads out of {data_root}"
        yield row_error(where, why, "keep paths inside volumes.data_root")
    else:
        row[key] = str(path)
