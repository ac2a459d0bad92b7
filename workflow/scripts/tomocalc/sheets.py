"""Read the sheets of volumes and annotations, naming the line of every mistake.

Only what Snakemake itself needs is imported here: sheets are read while it plans.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from tomocalc.cells import LINE, Cells, Fault, Row, line_numbers, read_cells, row_error, together
from tomocalc.config import Schema
from tomocalc.delimited import sheet_error
from tomocalc.errors import TomocalcError, TomocalcErrors, fault, raise_all
from tomocalc.identity import unclear_names
from tomocalc.reader_terms import mistaken_terms
from tomocalc.readers.dicom_lists import VIEWS
from tomocalc.readers.sources import foreign_path, local_path, real_names, source_files
from tomocalc.sections import Finding


def check_volumes(
    path: str,
    schema: Schema,
    *,
    data_root: str | None,
    look: bool,
    kinds: Sequence[str] | None = None,
) -> tuple[list[Row], set[str] | None, list[TomocalcError]]:
    """Return the rows of the sheet of volumes, every name in it, and every mistake.

    Rows are sorted by ``volume_id``, with ``path`` resolved below *data_root*; of a sheet with a
    column ``kind`` only the *kinds* are kept. The names are None where the sheet cannot be read
    that far. Images are not looked for unless somebody is to *look*. Mistakes are ``E102`` and
    ``E103`` of the sheet, ``E104`` of missing images.
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
    errors += together(_twice(path, rows))
    errors += _patients(path, rows)
    errors += together(_views(path, rows))
    errors += together(
        (row[LINE], key, error)
        for row in rows
        if row["path"]
        for key, error in _place(path, row, data_root, look=look)
    )
    errors += together(_same_files(path, rows)) if look else ()
    return sorted(rows, key=lambda row: str(row["volume_id"])), cells.names, errors


def _mixed_kinds(
    path: str, rows: list[Row], kinds: Sequence[str] | None
) -> Iterator[TomocalcError]:
    """Ask which kinds of images are meant where a sheet holds several: one breast is in each."""
    held = Counter(row["kind"] for row in rows if row["kind"])
    if kinds is None and len(held) > 1:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(held.items()))
        first = "tomosynthesis" if "tomosynthesis" in held else next(iter(sorted(held)))
        fix = f"say which of them are volumes, such as `volumes: {{kinds: [{first}]}}`"
        yield sheet_error(path, f"its images are of several kinds: {told}", fix)


def _same_files(path: str, rows: list[Row]) -> Iterator[Fault]:
    """Name lines whose images, or some of them, stand on another line too."""
    first: dict[str, Row] = {}
    for row in rows:
        files = real_names(row["path"]) if row["path"] else []
        known = next((first[file] for file in files if file in first), None)
        first |= dict.fromkeys(files, row)
        if known is not None:
            apart = known["patient_id"] != row["patient_id"]
            why = f"its path stands on line {known[LINE]} too" + ", for another patient" * apart
            fix = "correct one of the lines" if apart else "correct or delete one of the lines"
            yield row[LINE], "", row_error(f"{path}:{row[LINE]}, column path", why, fix)


def _views(path: str, rows: list[Row]) -> Iterator[Fault]:
    """Write views alike, and name lines whose view is of the other side."""
    for row in rows:
        told = re.fullmatch(r"([LR]?)[-_ ]?([A-Z]+)", str(row["view"] or "").upper())
        if told is None or told[2] not in VIEWS:
            continue
        row["view"] = told[2]
        if told[1] and row["laterality"] not in (told[1], None):
            why = f"its view is of side {told[1]}, and its laterality is {row['laterality']}"
            where = f"{path}:{row[LINE]}, column view"
            yield row[LINE], "", row_error(where, why, "correct the wrong one")


CALCIFIED = ("calcification", "cluster")
"""Kinds of annotations that are what the workflow looks for."""


def read_annotations(
    path: str,
    schema: Schema,
    volumes: Collection[str] | None,
    *,
    others: bool | None = False,
    data_root: str | None = None,
) -> list[Finding]:
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
    wanted = [row for row in rows if others is None or (row["kind"] in CALCIFIED) is not others]
    return cast("list[Finding]", wanted)


def check_annotations(
    path: str, schema: Schema, known: set[str] | None, *, data_root: str | None
) -> tuple[list[Row], list[TomocalcError]]:
    """Return the rows of all kinds, and every mistake; *known* None: any volume will do."""
    cells = read_cells(path, schema)
    errors = [*cells.errors, *_absent_columns(path, cells)]
    unsound = cells.foreign or errors != cells.errors  # what lacks may stand in another column
    shapes: list[Fault] = []
    unknown: defaultdict[str, list[int]] = defaultdict(list)
    for row in cells.rows:
        if row["volume_id"] and known is not None and row["volume_id"] not in known:
            unknown[row["volume_id"]].append(row[LINE])
        if not unsound and row[LINE] not in cells.unread:
            where = f"{path}:{row[LINE]}"
            shapes += [(row[LINE], "", error) for error in _shape(where, row, data_root)]
    errors += [*together(shapes), *(() if unsound else _same_lines(path, cells.rows))]
    errors += together(mistaken_terms(path, cells.rows))
    if unknown:
        name, lines = next(iter(unknown.items()))
        every = sorted(line for lines in unknown.values() for line in lines)
        more = f"; {len(unknown) - 1} others are not" if len(unknown) > 1 else ""
        why = f"`{name}` is not in the sheet of volumes{more} ({line_numbers(every)})"
        fix = "correct the volume_id or add the volume"
        bare = name.removesuffix(".0").lstrip("0")  # as spreadsheets and pandas write 007
        alike = [it for it in known or () if bare and it.lstrip("0") == bare]
        if close := alike or get_close_matches(name, known or (), n=1):
            fix = f"did you mean `{close[0]}`? Otherwise {fix}"
        errors.append(fault("volume_unknown", f"{path}:{lines[0]}", why, fix))
    return cells.rows, errors


def _absent_columns(path: str, cells: Cells) -> Iterator[TomocalcError]:
    """Say once which columns no row can do without, as its shape or its place."""
    if not cells.rows or cells.foreign:
        return
    columns, shapes = cells.columns, ({"radius"}, {"width", "height"}, {"mask"})
    if not any(shape <= columns for shape in shapes):
        fix = "add it, in pixels, 0 for a point; or give width and height, or a mask"
        yield sheet_error(path, "it has no column `radius`", fix)
    absent = [f"`{name}`" for name in ("x", "y") if name not in columns]
    if absent and "mask" not in columns:
        fix = "add it: x is the column and y the row, in pixels"
        yield sheet_error(path, f"it has no column {' and '.join(absent)}", fix)


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
            yield fault("mask_missing", where, why)
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
    first: dict[tuple[Any, ...], Row] = {}
    bad = []
    for row in rows:
        told = tuple(row[name] for name in row if name not in (LINE, "pathology"))
        known = first.setdefault(told, row)
        if known is not row:
            differ = known.get("pathology") != row.get("pathology")
            why = f"it repeats line {known[LINE]}{' with another pathology' * differ}"
            fix = "delete the one that is wrong" if differ else "delete it"
            bad.append((row[LINE], "", row_error(f"{path}:{row[LINE]}", why, fix)))
    yield from together(bad)


def _twice(path: str, rows: list[Row]) -> Iterator[Fault]:
    first: dict[str, Row] = {}
    for row in rows:
        if not row["volume_id"]:
            continue
        name = str(row["volume_id"]).lower()
        if name in first:
            why = f"`{row['volume_id']}` already stands on line {first[name][LINE]}"
            why += " (upper and lower case are the same)"
            fix = "rename one, or give one line per volume, whose path is its folder of slices"
            yield row[LINE], "", row_error(f"{path}:{row[LINE]}", why, fix)
        first.setdefault(name, row)


def _patients(path: str, rows: list[Row]) -> list[TomocalcError]:
    """Name lines without a patient, and patients who seem to have two ids."""
    named = [(str(row["patient_id"]), row[LINE]) for row in rows if row["patient_id"]]
    return together(
        (line, kind, row_error(f"{path}:{line}, column patient_id", why, fix))
        for line, kind, why, fix in unclear_names(named, fix="give every patient a pseudonym")
    )


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
    if foreign := foreign_path(row[key].strip('"')):
        yield row_error(f"{where}, column {key}", *foreign)
        return
    path = Path(data_root or "") / local_path(row[key])
    if data_root and not path.resolve().is_relative_to(Path(data_root).resolve()):
        why = f"`{row[key]}` leads out of {data_root}"
        yield row_error(where, why, "keep paths inside volumes.data_root")
    else:
        row[key] = str(path)
