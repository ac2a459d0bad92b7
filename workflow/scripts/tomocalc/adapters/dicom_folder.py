"""Any tree of DICOM files: grouped into volumes by their identifiers, nothing decoded.

A volume that shares its folder with others, or lies in several, gets a folder of links. What
cannot be placed is listed with its reason. Patients get a pseudonym, a hash of their identifier:
who knows the identifier can compute it again, so it hides names from readers, not from somebody
who has a list of them. All spellings of one identifier, and all identifiers within one study, are
one patient: a woman under two names could stand on both sides of a split.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from tomocalc.adapters.dicom_tree import (
    Found,
    Scattered,
    grouped,
    images_below,
    kind_of,
    own_folder,
)
from tomocalc.adapters.sheets import Sheets, clean, layout_error
from tomocalc.files import digest

SHORT = {"synthetic 2D": "synthetic", "slabs": "slabs", "single image": "single"}
SHORT |= {"2D for presentation": "2d", "2D for processing": "raw"}
MANY_STUDIES = 4
"""Studies of one patient above which the identifier may be a stand-in for many."""
MANY_PATIENTS = 3
"""Identifiers within one study above which that of the study says nothing."""


def dicom_folder(
    folder: Path,
    *,
    laterality: str | None,
    site: str | None,
    series: Path,
    sides: Mapping[str, str] | None = None,
) -> tuple[Sheets, Scattered]:
    """Return the sheets of every volume below *folder*, and what is to be linked for them.

    Nothing is annotated.

    Parameters
    ----------
    laterality
        ``L`` or ``R``: of images whose header and description do not say; None leaves those out.
    site
        Of all volumes.
    series
        Folder that `link_series` will make.
    sides
        Pattern of a path below *folder* to the side of the images there whose header says none.

    Raises
    ------
    TomocalcError
        ``E603`` when *folder* is no folder.
    """
    if not folder.is_dir():
        raise layout_error(str(folder), "it is no folder", "give the folder with the DICOM files")
    sheets, scattered = Sheets(), Scattered()
    images = list(images_below(folder, sheets))
    whose = _patients(images, sheets)
    rows = []
    for key, files in grouped(images).items():
        side = _side(files, folder, sides or {}) or laterality
        view = _only(found.view or found.told[1] for found in files) or "unknown"
        patient = whose.get(files[0].patient, "")
        if reason := _unusable(files, side, patient):
            for found in files:
                sheets.leave_out(found.path.relative_to(folder).as_posix(), reason)
            continue
        kind, slices = kind_of(files), sum(found.frames for found in files)
        short = f"-{SHORT[kind]}" if kind in SHORT else ""
        # Named after its own identifiers, so that other files coming or going rename nothing.
        volume = f"{patient}-{side}{view}{short}-{digest(list(key))[:6]}"
        paths = [found.path for found in files]
        source = paths[0] if len(paths) == 1 else own_folder(paths)
        if source is None:
            source, scattered[volume] = series / volume, paths
        size = {"slices": slices, "rows": files[0].size[0], "columns": files[0].size[1]}
        row = {"volume_id": volume, "patient_id": patient, "laterality": side, "view": view}
        rows.append(
            {**row, "path": source, "site": clean(site) if site else None, "kind": kind, **size}
        )
    sheets.volumes = sorted(rows, key=lambda row: row["volume_id"])
    return sheets, scattered


def _patients(images: Sequence[Found], sheets: Sheets) -> dict[str, str]:
    """Return the patient of every pseudonym, one for all that share a study; say what is odd."""
    studies, looks, spellings = (defaultdict[str, set[str]](set) for _ in range(3))
    for found in images:
        if found.patient:
            studies[found.study].add(found.patient)
            looks[found.look].add(found.patient)
            spellings[found.patient].add(found.spelling)
    for found in images:
        for cut in looks.keys() & found.cuts:
            looks[cut].add(found.patient)
    studies.pop("", None)
    worthless = [study for study, names in studies.items() if len(names) > MANY_PATIENTS]
    for study in worthless:
        sheets.remark(
            f"one study names {len(studies[study])} patients, too many for one woman: its "
            "StudyInstanceUID is taken for a stand-in"
        )
    united = {name: name for name in spellings}
    _unite(united, looks.values())
    written = defaultdict[str, set[str]](set)
    for name, ways in spellings.items():
        written[_root(united, name)] |= ways
    shared = [names for study, names in studies.items() if study not in worthless]
    _unite(united, shared)
    whose = {name: _root(united, name) for name in united}
    if several := sum(len(names) > 1 for names in shared):
        sheets.remark(f"studies of several patients, each taken for one patient's: {several}")
    if of_study := sum(found.of_study for found in images):
        sheets.remark(
            f"images whose PatientID is the identifier of their study, too: {of_study}; a woman "
            "with two studies is two patients then: write their rows"
        )
    if spelt := sum(len(ways) > 1 for ways in written.values()):
        sheets.remark(f"patients spelt in several ways, each taken for one: {spelt}")
    held = Counter(whose[name] for names in studies.values() for name in {min(names)})
    if many := [count for count in held.values() if count > MANY_STUDIES]:
        sheets.remark(
            f"patients with more than {MANY_STUDIES} studies: {len(many)}, the most has "
            f"{max(many)}; where the PatientID is a stand-in, many women are one patient here: "
            "write their rows"
        )
    return whose


def _unite(united: dict[str, str], groups: Iterable[set[str]]) -> None:
    for names in groups:
        roots = sorted({_root(united, name) for name in names})
        united |= dict.fromkeys(roots, roots[0])


def _root(united: Mapping[str, str], name: str) -> str:
    while united[name] != name:
        name = united[name]
    return name


def _side(files: list[Found], folder: Path, sides: Mapping[str, str]) -> str | None:
    """Return the side: the header's, a rule's, or that of the description.

    Where header and description contradict each other, a rule alone decides.
    """
    stated, told = (_only(sides) for sides in _named_sides(files))
    if stated and told in (stated, None):
        return stated
    for pattern, side in sides.items():
        names = (found.path.relative_to(folder).as_posix() for found in files)
        if all(fnmatch(name, pattern) or fnmatch(Path(name).name, pattern) for name in names):
            return side
    return None if stated else told


def _named_sides(files: list[Found]) -> tuple[set[str | None], set[str | None]]:
    """Return the sides that headers and descriptions name."""
    return {found.laterality for found in files}, {found.told[0] for found in files}


def _only(values: Iterable[str | None]) -> str | None:
    """Return the one value that is given, if there is just one."""
    found = set(values) - {None}
    return found.pop() if len(found) == 1 else None


def _unusable(files: list[Found], side: str | None, patient: str) -> str | None:
    """Say why *files* make up no volume, if they do not."""
    if not patient:
        return (
            "its header names no patient (empty, or a word such as ANONYMOUS), whose volumes "
            "must stay together: write its row"
        )
    if files[0].rounded:
        return "a spreadsheet has rounded its PatientID, or made a date of it: write its row"
    if len({found.size for found in files}) > 1:
        return "the images of its series differ in size"
    sides = {found.laterality for found in files} - {None}
    views = {found.view for found in files} - {None}
    if len(sides) > 1 or len(views) > 1:
        return "the images of its series show several sides or views"
    parts = [found.part for found in files if found.part]
    total = max((part[2] for part in parts), default=0)
    if total and len({part[1] for part in parts}) != total:
        return f"{len(parts)} of the {total} parts of its concatenation are here"
    stated, told = (_only(sides) for sides in _named_sides(files))
    if side is None and stated and told:
        return f"its header names side {stated} and its description {told}: give import.dicom_sides"
    by_hand = "(give import.dicom_sides or import.dicom_laterality, or a row by hand)"
    single = "it is a single image, and " if kind_of(files) == "single image" else ""
    return None if side else f"{single}neither header nor description names its side {by_hand}"
