"""The volumes in a folder that a command is given: each for itself, and what else lies there."""

from collections import Counter, defaultdict
from pathlib import Path

from tomocalc.adapters.dicom_tree import (
    Scattered,
    every_file,
    grouped,
    images_below,
    kind_of,
    link_series,
    own_folder,
)
from tomocalc.adapters.sheets import Sheets, name_of
from tomocalc.errors import TomocalcError
from tomocalc.readers.sniff import Kind, sniff

OF_SLICES = ("tomosynthesis", "slabs")
"""Kinds of images that are volumes; others count where a folder holds none of these."""
WHOLE = (Kind.NIFTI, Kind.NRRD, Kind.META)
"""Formats of which every file is a volume."""

SEVERAL = 3
"""Images of one folder, each of a series of its own, that may be the slices of one volume."""


def volumes_in(given: str, links: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the volumes of a file or folder by their names, and why other files are none.

    A folder of the slices of one volume is this volume, whatever lies beside them; below any other
    folder every volume is found by the identifiers in its headers, or, of pictures, by its folder.

    Parameters
    ----------
    links
        Folder for links to the slices of volumes that share theirs with others.
    """
    root = Path(given)
    if not root.is_dir():
        name = root.absolute().name
        return {name.split(".")[0] or name: root}, {}
    sheets, scattered = Sheets(), Scattered()
    images = list(images_below(root, sheets))
    found = _pictures(root, {one.path.parent for one in images})
    by_kind = defaultdict[str, dict[str, Path]](dict)
    groups = grouped(images).values()
    alone = Counter(
        files[0].path.parent for files in groups if len(files) == 1 and files[0].frames == 1
    )
    for files in groups:
        paths = [one.path for one in files]
        source = own_folder(paths)
        if len(paths) == 1 and (files[0].frames > 1 or source is None):
            source = paths[0]
            if files[0].frames == 1 and alone[source.parent] >= SEVERAL:
                source = source.parent
        if source is None:
            name = _name(root, paths[0].parent) + f"-{files[0].series[:6]}"
            source, scattered[name] = links / name, paths
        else:
            name = _name(root, source)
        by_kind[kind_of(files)][name] = source
    kinds = [kind for kind in by_kind if kind in OF_SLICES] or list(by_kind)
    for kind in kinds:
        found |= by_kind[kind]
    deep = any(source != root and source.parent != root for source in found.values())
    if not found or (len(found) == 1 and not deep and not scattered):
        return {root.absolute().name: root}, {}  # the reader says what it leaves out
    used = {str(source.relative_to(root)) for source in found.values() if root in source.parents}
    others = {row["what"]: row["reason"] for row in sheets.unplaced}
    others |= {name: kind for kind in by_kind if kind not in kinds for name in by_kind[kind]}
    told = {
        what: why
        for what, why in others.items()
        if what not in used and str(Path(what).parent) not in used
    }
    link_series(links, {name: scattered[name] for name in scattered if name in found})
    return found, told


def _pictures(root: Path, dicom: set[Path]) -> dict[str, Path]:
    """Return the files that are volumes, and the folders of pictures without DICOM images."""
    found = {}
    for path in every_file(root):
        try:
            kind = sniff(path) if path.is_file() else Kind.DICOM
        except (TomocalcError, OSError):
            continue
        source = path if kind in WHOLE else path.parent
        if kind is not Kind.DICOM and source not in dicom:
            found[_name(root, source)] = source
    return found


def _name(root: Path, source: Path) -> str:
    """Return what a volume is called: its place below *root*."""
    place = source.relative_to(root)
    stem = place.name.split(".")[0] or place.name
    return name_of("-".join([*place.parent.parts, stem]) if place.name else root.absolute().name)
