"""When two spellings are one patient, and when a name is nobody's: decided here for every source.

A woman under two names can stand on both sides of a split, and the split then looks clean. Names
that differ in spelling alone are therefore refused together (sheets, tables) or united (headers).
Standard library only: Snakemake asks while it plans.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from tomocalc.errors import TomocalcError

NOBODY = frozenset(
    [
        "na",
        "nan",
        "nat",
        "nil",
        "none",
        "null",
        "nobody",
        "noname",
        "noid",
        "nopatient",
        "unknown",
        "unk",
        "unkn",
        "unnamed",
        "undefined",
        "unspecified",
        "unassigned",
        "notavailable",
        "notapplicable",
        "notknown",
        "notgiven",
        "nonegiven",
        "missing",
        "empty",
        "blank",
        "void",
        "anon",
        "anonym",
        "anonymous",
        "anonymus",
        "anonymized",
        "anonymised",
        "anonymouspatient",
        "anonpatient",
        "anonymizedpatient",
        "anonymisedpatient",
        "deidentified",
        "deident",
        "pseudonymized",
        "pseudonymised",
        "removed",
        "redacted",
        "deleted",
        "hidden",
        "masked",
        "withheld",
        "confidential",
        "private",
        "unbekannt",
        "keine",
        "anonymisiert",
        "inconnu",
        "anonyme",
        "desconocido",
        "anonimo",
        "sconosciuto",
    ]
)
"""Words, as `_letters` leaves them, that stand where nobody is named."""
EMPTY = frozenset({"", "na", "n/a", "#n/a", "nan", "none", "null", "<na>", "nat", "-", "?", "."})
"""What R, pandas and people write into a cell that holds nothing, folded."""


def is_empty(text: str) -> bool:
    """Return whether a cell says that it holds nothing: empty, ``NA``, ``NaN`` and their like."""
    return _folded(text) in EMPTY


def names_nobody(name: str) -> bool:
    """Return whether *name* stands for no patient, as ``NA``, ``unknown``, ``anonymous``, ``?`` do.

    >>> [names_nobody(name) for name in ("N/A", "Unknown", "--", "XXXX", "NA12", "x1")]
    [True, True, True, True, False, False]
    """
    letters = _letters(name)
    return not letters or letters in NOBODY or re.fullmatch(r"x{3,}", letters) is not None


def spelling_key(name: str) -> str:
    """Return what different spellings of one name have in common.

    Spellings differ in case, Unicode width and composition, blanks and separators (also none
    between a letter and a digit; digits stay apart), leading zeros, what a spreadsheet or pandas
    makes of a number (``12.0``, ``1.2e+03``), and the issuer that HL7 puts behind a number.

    >>> spelling_key("P-007") == spelling_key("p7"), spelling_key("12.0") == spelling_key("012")
    (True, True)
    >>> spelling_key("1-11") == spelling_key("11-1"), spelling_key("P1") == spelling_key("P10")
    (False, False)
    """
    text = _folded(name)
    text = re.sub(r"\^\^.*$", "", text)
    if re.fullmatch(r"\d+(\.\d+)?e\+\d{1,2}", text) and float(text).is_integer():
        text = f"{float(text):.0f}"
    text = re.sub(r"^(\D*\d+)[.,]0+$", r"\1", text)
    text = re.sub(r"[\W_]+", "-", text).strip("-")
    text = re.sub(r"(?<=\D)-|-(?=\D)", "", text)
    return re.sub(r"(?<!\d)0+(?=\d)", "", text)


def two_spellings(names: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int, str, int]]:
    """Yield every name that differs from an earlier one in spelling alone.

    Parameters
    ----------
    names
        Name and line, in the order of the lines.

    Yields
    ------
    name, line, known, known_line
        The name, and the one that was there before.
    """
    first: dict[str, tuple[str, int]] = {}
    told: set[str] = set()
    for name, line in names:
        known, known_line = first.setdefault(spelling_key(name), (name, line))
        if known != name and name not in told:
            told.add(name)
            yield name, line, known, known_line


def patients_of_studies(volumes: Iterable[tuple[str, str, str]]) -> Iterator[TomocalcError]:
    """Say which studies seem to be of several patients: one examination is one woman's.

    Parameters
    ----------
    volumes
        Volume, patient and study (a digest; empty where no header names one) of each.
    """
    held: dict[str, dict[str, list[str]]] = {}
    for volume, patient, study in volumes:
        if study:
            held.setdefault(study, {}).setdefault(patient, []).append(volume)
    for patients in held.values():
        if len(patients) > 1:
            names = sorted(name for members in patients.values() for name in members)
            yield TomocalcError(
                "E103",
                what="one examination has several patients",
                where=f"volumes {', '.join(names[:5])}" + " and more" * (len(names) > 5),
                why=f"their headers share one StudyInstanceUID, and the sheet gives them "
                f"{len(patients)} patients: a split could part them",
                fix="give the volumes of one woman one patient_id; if the identifiers of the "
                "studies are worthless, add study_shared to image.allowed_doubts",
            )


def _folded(text: str) -> str:
    """Return *text* in one width, composition and case, without invisible marks and blanks."""
    text = unicodedata.normalize("NFKC", text).casefold()
    visible = "".join(mark for mark in text if unicodedata.category(mark) not in {"Cf", "Cc"})
    return unicodedata.normalize("NFKC", visible).strip()


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", _folded(name))
