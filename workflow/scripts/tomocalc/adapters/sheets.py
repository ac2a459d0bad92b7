"""What every adapter writes: two sheets that the workflow accepts, and what could not be placed."""

import hashlib
import logging
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path
from typing import Any

from tomocalc.config import Schema, load_schema, mistakes
from tomocalc.delimited import split_lines
from tomocalc.errors import TomocalcError, fault, raise_all
from tomocalc.files import ANNOTATION_COLUMNS, IMPORT_COLUMNS, sheet_text, write_text
from tomocalc.identity import made_by_spreadsheet
from tomocalc.readers.sources import is_slice

log = logging.getLogger(__name__)

UNPLACED = ["what", "reason"]
REASONS = 3
"""Most reasons that a message counts up."""


@dataclass
class Sheets:
    """Rows on their way into the sheets.

    Attributes
    ----------
    volumes, annotations
        Columns as in `tomocalc.files`; a missing value is None or left out.
    unplaced
        What of the data set is not in them, and why: ``what``, ``reason``.
    """

    volumes: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    unplaced: list[dict[str, str]] = field(default_factory=list)

    def remark(self, text: str) -> None:
        """Say what to know of the data set as a whole: in the log, and among the unplaced."""
        log.warning("%s", text)
        self.unplaced.append({"what": "(all)", "reason": clean(text)})

    def leave_out(self, what: str, reason: str) -> None:
        """Say that something is not in the sheets."""
        self.unplaced.append({"what": clean(what), "reason": clean(reason)})


def write_sheets(
    sheets: Sheets,
    *,
    schemas: Mapping[str, str | Path],
    volumes: str | Path,
    annotations: str | Path,
    unplaced: str | Path,
    where: str,
) -> None:
    """Check every row against the schemas, then write the three sheets, each as a whole.

    Parameters
    ----------
    schemas
        ``volumes`` and ``annotations``: paths of the JSON schemas.
    where
        The data set's folder, for messages.

    Raises
    ------
    TomocalcError
        ``E603`` for rows that the workflow would refuse, and when there is no volume at all.
    """
    if not sheets.volumes:
        reasons = Counter(row["reason"] for row in sheets.unplaced).most_common(REASONS)
        told = "; ".join(f"{count}: {reason}" for reason, count in reasons)
        why = f"nothing in it could be placed ({told or 'no file was found'})"
        fix = "mend that, or give the folder as the data set's site hands it out"
        raise layout_error(where, why, fix)
    errors = []
    for name, content in (("volumes", sheets.volumes), ("annotations", sheets.annotations)):
        errors += _wrong(content, load_schema(schemas[name]), where)
    errors += _twice(sheets.volumes, where)
    raise_all(errors)
    # None of them is written unless all of them can be.
    texts = {
        unplaced: sheet_text(UNPLACED, sorted(sheets.unplaced, key=lambda row: row["what"])),
        annotations: sheet_text(ANNOTATION_COLUMNS, sheets.annotations),
        volumes: sheet_text(
            IMPORT_COLUMNS, sorted(sheets.volumes, key=lambda row: row["volume_id"])
        ),
    }
    for path, text in texts.items():
        write_text(path, text)
    log.info("%d rows in %s", len(sheets.volumes), volumes)
    log.info("%d rows in %s", len(sheets.annotations), annotations)
    log.info("%d entries left out, with reasons in %s", len(sheets.unplaced), unplaced)


def _wrong(rows: Sequence[Mapping[str, Any]], schema: Schema, where: str) -> list[TomocalcError]:
    return [
        layout_error(f"{where}, {row['volume_id']}", f"{key}: {why}", fix)
        for row in rows
        for key, _, why, fix in mistakes(_json(row), schema)
    ]


def _json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the sheet will hold it: paths as text, what is unknown left out."""
    return {
        key: str(value) if isinstance(value, Path) else value
        for key, value in row.items()
        if value is not None or key == "slice"
    }


def _twice(rows: Sequence[Mapping[str, Any]], where: str) -> list[TomocalcError]:
    names = [row["volume_id"].lower() for row in rows]
    return [
        layout_error(where, f"two volumes would be called {name}", "keep one copy of its images")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]


def read_csv(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a CSV file of a data set; cells may hold line ends, which are cut off.

    A spreadsheet may have saved it with semicolons, with a mark of UTF-8, or as UTF-16.

    Raises
    ------
    TomocalcError
        ``E603`` when it cannot be read or lacks a column.
    """
    try:
        header, lines = split_lines(str(path))
    except TomocalcError as error:
        raise layout_error(
            error.where, f"it cannot be read: {error.why}", "fetch it again"
        ) from error
    known = {re.sub(r"[\W_]", "", name.casefold()): name for name in columns}
    header = [known.get(re.sub(r"[\W_]", "", name.casefold()), name) for name in header]
    if absent := [name for name in columns if name not in header]:
        why = f"it has no column {', '.join(absent)}"
        raise layout_error(str(path), why, "give the file as it was published")
    if not lines:
        raise layout_error(str(path), "it has no rows", "fetch it again")
    for number, cells in lines:
        if len(cells) != len(header):
            why = f"line {number} has another number of cells than the header"
            raise layout_error(str(path), why, "fetch it again")
    return [dict(zip(header, cells, strict=True)) for _, cells in lines]


def whole(text: str, where: str) -> int:
    """Return a whole number of a data set's table, or name the cell; pandas writes ``5.0``."""
    try:
        return int(text.removesuffix(".0"))
    except ValueError:
        raise layout_error(
            where, f"`{text[:40]}` is not a whole number", "fetch it again"
        ) from None


def files_of(folder: Path, pattern: str) -> list[Path]:
    """Return the files below *folder* of a name, in any case, but what file browsers leave."""
    meant = re.compile(translate(pattern), re.IGNORECASE)
    found = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return sorted(path for path in found if meant.match(path.name) and is_slice(path.name))


def told_once(
    rows: Sequence[Mapping[str, str]], key: Callable[[Mapping[str, str]], object]
) -> None:
    """Refuse rows of one *key* in two tables, which ``where`` names: two versions (``E603``)."""
    tables: dict[object, str] = {}
    for row in rows:
        known = tables.setdefault(key(row), row["where"])
        if known != row["where"]:
            why = f"it tells again what {known} tells"
            raise layout_error(row["where"], why, "keep one version of each table in the folder")


def find_one(folder: Path, pattern: str, what: str) -> list[Path]:
    """Return the files of *folder* or below it that match; at least one, or ``E603`` is raised."""
    if not (found := files_of(folder, pattern)):
        if not folder.is_dir():
            raise layout_error(str(folder), "it is no folder", "give the folder of the data set")
        why = f"no file {pattern} ({what}) is in it"
        raise layout_error(str(folder), why, f"put the data set's {what} into the folder")
    return found


def single_image(path: Path, kind: str = "single image") -> dict[str, Any]:
    """Return the cells that say what a file of one image is, and its size where it is DICOM."""
    return {"kind": kind, **image_size(path), "slices": 1}


def image_size(path: Path) -> dict[str, Any]:
    """Return slices, rows and columns of a DICOM file; nothing of any other.

    What is wrong with a damaged file is said where it is read.
    """
    try:
        # here: planning, which reads the digest of a listing, has no pydicom
        from tomocalc.readers.dicom_file import image_dataset

        found = image_dataset(path, ["NumberOfFrames"])
        size = {"slices": int(found.get("NumberOfFrames") or 1)}
        return size | {"rows": int(found.Rows), "columns": int(found.Columns)}
    except (TomocalcError, AttributeError, TypeError, ValueError):
        return {}


class Tree:
    """A folder of a data set, whose files lie where a downloader has put them.

    The NBIA downloader puts everything below ``manifest-<number>/<collection>``, others below
    folders of their own: a path of a published table is looked for below every folder that holds
    its first part.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._holders: dict[str, list[Path]] = {}
        for place, folders, names in os.walk(folder):
            folders.sort()
            for name in [*folders, *names]:
                self._holders.setdefault(name, []).append(Path(place))

    def find(self, name: str) -> Path | None:
        """Return the file or folder that a published path names; None where there is none."""
        parts = Path(name.strip()).parts
        if not parts or ".." in parts or Path(name).is_absolute():
            return None  # a table of somebody else's must not lead out of the folder
        inside = self.folder.resolve()
        for holder in self._holders.get(parts[0], []):
            found = holder.joinpath(*parts)
            if found.exists() and found.resolve().is_relative_to(inside):
                return found
        return None


def listing_digest(folder: str | Path) -> str:
    """Return a digest of the names, sizes and times of all files below *folder*, if it is there.

    It tells that a file came, went or was written anew, without opening any.
    """
    key = hashlib.sha256()
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            stat = path.stat() if path.exists() else None
            text = f"{path.relative_to(folder)}\0{stat and (stat.st_size, stat.st_mtime_ns)}\0"
            key.update(text.encode("utf-8", "surrogateescape"))
    return key.hexdigest()


def clean(text: str) -> str:
    """Return text that a cell of a sheet can hold."""
    return re.sub(r"[\t\r\n]+", " ", text).lstrip("=+@-") or "–"


def name_of(text: str) -> str:
    """Return text as an id: letters, digits, dot, underscore and hyphen."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:100] or "unnamed"


def patient_of(text: str, where: str) -> str:
    """Return the name of a patient as an id; one that a spreadsheet has changed is refused."""
    if made := made_by_spreadsheet(text):
        fix = "fetch the table again, and open it in no spreadsheet"
        raise layout_error(where, f"the patient `{text}` is {made}", fix)
    return name_of(text)


def layout_error(where: str, why: str, fix: str) -> TomocalcError:
    """Say that a data set is not laid out as published."""
    return fault("layout_unexpected", where, why, fix)
