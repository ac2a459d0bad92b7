"""The images of a tree of DICOM files: whose each is, which breast, and which are one volume.

Identifiers become hashes at once, and of descriptions only the words that name a side or a view
are kept, so no value of a header goes further than this module. Series of single-frame files are
one volume, and so are the parts of a concatenation; every other multi-frame file is a volume of its
own.
"""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from tomocalc.adapters.sheets import Sheets
from tomocalc.errors import TomocalcError
from tomocalc.files import file_sha256
from tomocalc.identity import cut_short, made_by_spreadsheet, names_nobody, patient_keys
from tomocalc.readers.dicom_attributes import (
    KIND_NAMES,
    LOCALIZER,
    MAMMOGRAM,
    PROCESSING,
    PROJECTION,
    SLAB,
    SLICE,
    SYNTHETIC_2D,
    frame_kinds,
    laterality_of,
    view_of,
)
from tomocalc.readers.dicom_file import image_dataset
from tomocalc.readers.dicom_lists import VIEWS
from tomocalc.readers.plane import damaged
from tomocalc.readers.sniff import Kind, sniff
from tomocalc.readers.sources import is_slice

ATTRIBUTES = (
    "SOPClassUID",
    "PatientID",
    "StudyInstanceUID",
    "AccessionNumber",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "SeriesDescription",
    "ProtocolName",
    "ImageType",
    "PresentationIntentType",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "ImageLaterality",
    "Laterality",
    "ViewPosition",
    "ViewCodeSequence",
    "SharedFunctionalGroupsSequence",
    "ConcatenationUID",
    "InConcatenationNumber",
    "InConcatenationTotalNumber",
)
LENGTH = 12
"""Hexadecimal digits of a pseudonym: a clash among a million patients is one in 500."""
NO_VOLUME = {PROJECTION, LOCALIZER}
SIDES = {
    **dict.fromkeys(("L", "LEFT", "LT", "LINKS", "GAUCHE", "IZQ", "IZQUIERDA", "SINISTRA"), "L"),
    **dict.fromkeys(("R", "RIGHT", "RT", "RECHTS", "DROIT", "DROITE", "DERECHA", "DESTRA"), "R"),
}
"""Words of a description that name a side."""


@dataclass(frozen=True)
class Found:
    """What is known of one file; identifiers only as hashes."""

    path: Path
    patient: str
    """Pseudonym, the same for all spellings; empty where the header names nobody."""
    look: str
    """Hash of the look of the identifier, by `tomocalc.identity.look_key`."""
    cuts: tuple[str, ...]
    """Hashes of the looks of the identifier cut short, where it is a digest itself."""
    spelling: str
    """Hash of the identifier as it is written."""
    rounded: bool
    """Whether the identifier is what a spreadsheet makes of a number or a name."""
    study: str
    series: str
    instance: str
    part: tuple[str, int, int] | None
    """Concatenation, number in it from 1, and how many parts it has (0: not said)."""
    kind: str
    """A key of `tomocalc.readers.dicom_attributes.KIND_NAMES`."""
    frames: int
    size: tuple[int, int]
    laterality: str | None
    view: str | None
    told: tuple[str | None, str | None]
    """Side and view as the description names them."""
    of_study: bool
    """Whether the identifier of the patient is one of the study."""


def read_identity(path: Path) -> Found:
    """Read what groups a file with others; identifiers are hashed at once.

    Raises
    ------
    TomocalcError
        ``E202`` or ``E203`` when it is not an image that the workflow reads.
    """
    dataset = image_dataset(path, ATTRIBUTES)
    shared = list(dataset.get("SharedFunctionalGroupsSequence") or [])[:1]
    patient = str(dataset.get("PatientID") or "")
    key, look = map(_digest, patient_keys(patient))
    kinds = frame_kinds(dataset, shared, [])
    concatenation = _hash(dataset, "ConcatenationUID") if "ConcatenationUID" in dataset else ""
    numbers = [_whole(dataset, f"InConcatenation{name}Number", path) or 0 for name in ("", "Total")]
    return Found(
        path=path,
        patient="" if names_nobody(patient) else f"p{key}",
        look=look,
        cuts=tuple(map(_digest, cut_short(patient.strip()))),
        spelling=_digest(patient),
        rounded=bool(made_by_spreadsheet(patient)),
        study=_hash(dataset, "StudyInstanceUID"),
        series=_hash(dataset, "SeriesInstanceUID", str(path.parent)),
        instance=_hash(dataset, "SOPInstanceUID", str(path)),
        part=(concatenation, numbers[0], numbers[1]) if concatenation else None,
        kind=kinds[0] if kinds else SLICE,
        frames=_whole(dataset, "NumberOfFrames", path) or 1,
        size=(_whole(dataset, "Rows", path), _whole(dataset, "Columns", path)),
        laterality=laterality_of(dataset, shared),
        view=view_of(dataset),
        of_study=patient.strip()
        in [str(dataset.get(name) or "-") for name in ("StudyInstanceUID", "AccessionNumber")],
        told=described(
            " ".join(str(dataset.get(name) or "") for name in ("SeriesDescription", "ProtocolName"))
        ),
    )


def described(text: str) -> tuple[str | None, str | None]:
    """Return the side and the view that a description names; None where it names none or two.

    >>> described("L CC Tomosynthesis"), described("RMLO"), described("Left and right")
    (('L', 'CC'), ('R', 'MLO'), (None, None))
    """
    sides, views = set(), set()
    for word in re.split(r"[^A-Z]+", text.upper()):
        sides |= {SIDES[word]} if word in SIDES else set()
        if word[:1] in ("L", "R") and word[1:] in VIEWS - {"M"}:
            sides.add(word[0])
            views.add(word[1:])
        elif word in VIEWS and word != "AT":
            views.add(word)
    return _only(sides), _only(views)


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None


def _whole(dataset: Dataset, keyword: str, path: Path) -> int:
    try:
        return int(dataset.get(keyword) or 0)
    except (TypeError, ValueError):
        raise damaged(str(path), f"its {keyword} is not a number") from None


def _hash(dataset: Dataset, keyword: str, default: str = "") -> str:
    text = str(dataset.get(keyword) or default).strip()
    return _digest(text) if text else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]


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
