"""The files of a tree: which of them are images, and which of these are one volume.

Series of single-frame files are one volume, and so are the parts of a concatenation; every other
multi-frame file is a volume of its own.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tomocalc.adapters.dicom_identity import NO_VOLUME, Found, read_identity
from tomocalc.adapters.sheets import Sheets
from tomocalc.errors import TomocalcError
from tomocalc.files import file_sha256
from tomocalc.readers.dicom_kinds import (
    KIND_NAMES,
    MAMMOGRAM,
    PROCESSING,
    SLAB,
    SLICE,
    SYNTHETIC_2D,
)
from tomocalc.readers.sniff import Kind, sniff
from tomocalc.readers.sources import is_slice

SHEET_KINDS = {
    SLICE: "tomosynthesis",
    SLAB: "slabs",
    SYNTHETIC_2D: "synthetic 2D",
    MAMMOGRAM: "2D for presentation",
    PROCESSING: "2D for processing",
}
"""Kind to the word of the sheet; a single slice is a ``single image``."""


Scattered = dict[str, list[Path]]
"""Volume to the files of its series, where no folder holds just these."""


def images_below(folder: Path, sheets: Sheets) -> Iterator[Found]:
    """Yield every image that could be part of a volume; list the others with their reason."""
    seen = defaultdict[str, list[Found]](list)
    for path in every_file(folder):
        where = path.relative_to(folder).as_posix()
        if path.exists() and not path.is_file():
            sheets.leave_out(where, "it is a pipe, socket or device, no file")
            continue
        try:
            found = read_identity(path)
        except TomocalcError as error:
            sheets.leave_out(where, _what_it_is(path) or f"{error.what}: {error.why}")
            continue
        twins = [twin for twin in seen[found.instance] if twin.patient == found.patient]
        seen[found.instance].append(found)
        if found.kind in NO_VOLUME:
            sheets.leave_out(where, f"it is {KIND_NAMES[found.kind]}, no reconstructed slice")
        elif twins:
            twin = twins[0].path.relative_to(folder).as_posix()
            same = file_sha256(path) == file_sha256(twins[0].path)
            other = f"it has the identifier of {twin} and another content: which is right?"
            sheets.leave_out(where, f"the same file as {twin}" if same else other)
        else:
            yield found


def _what_it_is(path: Path) -> str | None:
    """Return what a file is that is no DICOM; None of one that is."""
    try:
        kind = sniff(path)
    except TomocalcError as error:
        mended = "" if error.fix.startswith("replace") else f"; {error.fix}"
        return f"{error.what}: {error.why}{mended}"
    except OSError:
        return None
    return None if kind is Kind.DICOM else f"it is a file of kind {kind.value}, no DICOM"


def grouped(images: Iterable[Found]) -> dict[tuple[str, ...], list[Found]]:
    """Return the images of every volume, by what tells it from others: patient, series, kind."""
    groups = defaultdict[tuple[str, ...], list[Found]](list)
    for found in images:
        own = found.part[0] if found.part else found.instance if found.frames > 1 else ""
        groups[found.patient, found.series, found.kind, own].append(found)
    return groups


def kind_of(files: list[Found]) -> str:
    """Return the word of the sheet for what the images are."""
    word = SHEET_KINDS[files[0].kind]
    several = sum(found.frames for found in files) > 1
    if several:  # a stack is no two-dimensional image, whatever its intent
        return word if word in ("slabs", "synthetic 2D") else "tomosynthesis"
    return "single image" if word in ("tomosynthesis", "slabs") else word


def own_folder(paths: list[Path]) -> Path | None:
    """Return the folder that holds exactly *paths*, if there is one."""
    parents = {path.parent for path in paths}
    if len(parents) > 1:
        return None
    parent = parents.pop()
    inside = {entry.name for entry in os.scandir(parent) if is_slice(entry.name)}
    return parent if inside == {path.name for path in paths} else None


def link_series(series: Path, scattered: Scattered) -> None:
    """Make folder *series*: one folder per volume, with a link to each of its files."""
    series.mkdir(parents=True, exist_ok=True)
    for volume, paths in scattered.items():
        (series / volume).mkdir()
        for number, path in enumerate(paths):
            (series / volume / f"{number:04d}.dcm").symlink_to(path.resolve())


def every_file(folder: Path) -> Iterator[Path]:
    """Yield every file below *folder*, sorted, but those that file browsers leave behind.

    Links to folders are followed, each folder once.
    """
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(place)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if is_slice(name))
        yield from (Path(place) / name for name in sorted(names) if is_slice(name))
