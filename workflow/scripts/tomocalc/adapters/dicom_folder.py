"""Any tree of DICOM files: grouped into volumes by their identifiers, nothing decoded.

Series of single-frame files are one volume; every multi-frame file is a volume of its own. A
series that shares its folder with others, or lies in several, gets a folder of links. What
cannot be placed is listed with its reason. Patients get a pseudonym, a hash of their identifier:
who knows the identifier can compute it again, so it hides names from readers, not from somebody
who has a list of them.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from tomocalc.adapters.sheets import Sheets, clean, layout_error
from tomocalc.errors import TomocalcError
from tomocalc.readers.dicom_file import image_dataset
from tomocalc.readers.dicom_header import laterality_of, view_of
from tomocalc.readers.plane import damaged
from tomocalc.readers.sources import is_slice

IDENTIFIERS = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
FACTS = (
    "SOPClassUID",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "ImageLaterality",
    "Laterality",
    "ViewPosition",
    "ViewCodeSequence",
    "SharedFunctionalGroupsSequence",
)
LENGTH = 12
"""Hexadecimal digits of a pseudonym: a clash among a million patients is one in 500."""


@dataclass(frozen=True)
class Found:
    """What is known of one file; identifiers only as hashes."""

    path: Path
    patient: str
    """Pseudonym; empty where the header names nobody."""
    series: str
    instance: str
    frames: int
    size: tuple[int, int]
    laterality: str | None
    view: str | None


Scattered = dict[str, list[Path]]
"""Volume to the files of its series, where no folder holds just these."""


def dicom_folder(
    folder: Path, *, laterality: str | None, site: str | None, series: Path
) -> tuple[Sheets, Scattered]:
    """Return the sheets of every volume below *folder*, and what is to be linked for them.

    Nothing is annotated.

    Parameters
    ----------
    laterality
        ``L`` or ``R``: of images whose header does not say; None leaves those out.
    site
        Of all volumes.
    series
        Folder that `link_series` will make.

    Raises
    ------
    TomocalcError
        ``E603`` when *folder* is no folder.
    """
    if not folder.is_dir():
        raise layout_error(str(folder), "it is no folder", "give the folder with the DICOM files")
    sheets, scattered = Sheets(), Scattered()
    groups = defaultdict[tuple[str, ...], list[Found]](list)
    seen: dict[str, Path] = {}
    for path in every_file(folder):
        where = path.relative_to(folder).as_posix()
        try:
            found = read_identity(path)
        except TomocalcError as error:
            sheets.leave_out(where, f"{error.what}: {error.why}")
            continue
        if found.instance in seen:
            twin = seen[found.instance].relative_to(folder).as_posix()
            sheets.leave_out(where, f"the same image as {twin}")
            continue
        seen[found.instance] = path
        own = found.instance if found.frames > 1 else ""
        groups[found.patient, found.series, own].append(found)
    names = Counter[str]()
    for key in sorted(groups):
        files = groups[key]
        side = _laterality(files) or laterality
        reason = _unusable(files, side)
        if reason:
            for found in files:
                sheets.leave_out(found.path.relative_to(folder).as_posix(), reason)
            continue
        views = {found.view for found in files} - {None}
        view = next(iter(views), None) or "unknown"
        name = f"{files[0].patient}-{side}{view}"
        names[name] += 1
        volume, paths = f"{name}-{names[name]}", [found.path for found in files]
        source = paths[0] if len(paths) == 1 else _own_folder(paths)
        if source is None:
            source, scattered[volume] = series / volume, paths
        sheets.volumes.append(
            {
                "volume_id": volume,
                "patient_id": files[0].patient,
                "laterality": side,
                "view": view,
                "path": source,
                "site": clean(site) if site else None,
            }
        )
    return sheets, scattered


def link_series(series: Path, scattered: Scattered) -> None:
    """Make folder *series*: one folder per volume, with a link to each of its files."""
    series.mkdir(parents=True, exist_ok=True)
    for volume, paths in scattered.items():
        (series / volume).mkdir()
        for number, path in enumerate(paths):
            (series / volume / f"{number:04d}.dcm").symlink_to(path.resolve())


def _laterality(files: list[Found]) -> str | None:
    return next((found.laterality for found in files if found.laterality), None)


def _unusable(files: list[Found], side: str | None) -> str | None:
    """Say why *files* make up no volume, if they do not."""
    if not files[0].patient:
        return "its header names no patient, whose volumes must stay together: write its row"
    if len({found.size for found in files}) > 1:
        return "the images of its series differ in size"
    sides = {found.laterality for found in files} - {None}
    views = {found.view for found in files} - {None}
    if len(sides) > 1 or len(views) > 1:
        return "the images of its series show several sides or views"
    if side is None:
        return "its header has no laterality (give import.dicom_laterality, or a row by hand)"
    return None


def _own_folder(paths: list[Path]) -> Path | None:
    """Return the folder that holds exactly *paths*, if there is one."""
    parents = {path.parent for path in paths}
    if len(parents) > 1:
        return None
    parent = parents.pop()
    inside = {entry.name for entry in os.scandir(parent) if is_slice(entry.name)}
    return parent if inside == {path.name for path in paths} else None


def every_file(folder: Path) -> Iterator[Path]:
    """Yield every file below *folder*, sorted, but those that file browsers leave behind."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place) / name for name in sorted(names) if is_slice(name))


def read_identity(path: Path) -> Found:
    """Read what groups a file with others; identifiers are hashed at once.

    Raises
    ------
    TomocalcError
        ``E202`` or ``E203`` when it is not an image that the workflow reads.
    """
    dataset = image_dataset(path, [*IDENTIFIERS, *FACTS])
    shared = list(dataset.get("SharedFunctionalGroupsSequence") or [])[:1]
    return Found(
        path=path,
        patient=f"p{_hash(dataset, 'PatientID')}" if dataset.get("PatientID") else "",
        series=_hash(dataset, "SeriesInstanceUID", str(path.parent)),
        instance=_hash(dataset, "SOPInstanceUID", str(path)),
        frames=_whole(dataset, "NumberOfFrames", path) or 1,
        size=(_whole(dataset, "Rows", path), _whole(dataset, "Columns", path)),
        laterality=laterality_of(dataset, shared),
        view=view_of(dataset),
    )


def _whole(dataset: Dataset, keyword: str, path: Path) -> int:
    try:
        return int(dataset.get(keyword) or 0)
    except (TypeError, ValueError):
        raise damaged(str(path), f"its {keyword} is not a number") from None


def _hash(dataset: Dataset, keyword: str, default: str = "") -> str:
    text = str(dataset.get(keyword) or default).strip()
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
