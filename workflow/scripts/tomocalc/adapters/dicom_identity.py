"""What one DICOM file says of itself for an import: whose, which kind, which breast.

Identifiers become hashes at once, and of descriptions only the words that name a side or a view
are kept, so no value of a header goes further than this module.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from tomocalc.identity import made_by_spreadsheet, names_nobody, patient_keys
from tomocalc.readers.dicom_attributes import laterality_of, view_of
from tomocalc.readers.dicom_file import image_dataset
from tomocalc.readers.dicom_kinds import LOCALIZER, PROJECTION, SLICE, frame_kinds
from tomocalc.readers.dicom_lists import VIEWS
from tomocalc.readers.plane import damaged

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
    """A key of `tomocalc.readers.dicom_kinds.KIND_NAMES`."""
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
