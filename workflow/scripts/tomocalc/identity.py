"""When two spellings are one patient, and when a name is nobody's: decided here for every source.

A woman under two names can stand on both sides of a split, and the split then looks clean. Names
that differ in spelling alone are therefore refused together (sheets, tables) or united (headers).
Standard library only: Snakemake asks while it plans.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from tomocalc.errors import TomocalcError, fault

NOBODY = frozenset(
    """
    na nan nat nil none null nobody noname noid nopatient nodata unknown unk unkn unnamed undefined
    unspecified unassigned notavailable notapplicable notknown notgiven notprovided nonegiven
    missing empty blank void tbd todo default dummy patient patientid subject
    anon anonym anonymous anonymus anonymized anonymised anonymouspatient anonpatient
    anonymizedpatient anonymisedpatient deidentified deident pseudonymized pseudonymised
    removed redacted deleted hidden masked withheld confidential private test testpatient qc
    unbekannt keine anonymisiert inconnu anonyme desconocido anonimo sconosciuto
    total totals sum mean average gesamt summe true false wahr falsch
    """.split()  # noqa: SIM905
)
"""Words, in small letters and without separators, that stand where nobody is named."""
NO_NAME = re.compile(r"#[a-z0-9/]+[!?]|-\d+|9{4,}|[\W_]*x{3,}[\W_]*")
"""What stands where a name lacks: errors of a spreadsheet, codes such as -999, a row of x."""
EMPTY = frozenset(
    {"", "na", "n/a", "n.a.", "#n/a", "nan", "none", "null", "<na>", "nat", "-", "--", "?", "."}
)
"""What R, pandas and people write into a cell that holds nothing, folded."""
CALLED = "(?:p|pt|pat|patient|sub|subj|subject|case|mrn)?(?:id|no|nr)?"  # before a number
PLAIN = re.compile(rf"(?:{CALLED}|([a-z]*))0*(\d+)")
"""What most names are: letters, if any, and a number."""


def is_empty(text: str) -> bool:
    """Return whether a cell says that it holds nothing: empty, ``NA``, ``NaN`` and their like."""
    return _folded(text) in EMPTY


def names_nobody(name: str) -> bool:
    """Return whether *name* stands for no patient, as ``NA``, ``unknown``, ``#REF!``, ``?`` do.

    >>> [names_nobody(name) for name in ("N/A", "Unknown", "--", "XXXX", "-999", "NA12", "x1")]
    [True, True, True, True, True, False, False]
    """
    letters = re.sub(r"[\W_]+", "", _folded(name))
    return not letters or letters in NOBODY or NO_NAME.fullmatch(_folded(name)) is not None


ROUNDED = re.compile(r"\d([.,]\d+)?e\+\d+|\d[.,]\d+e\d+")
MONTH = r"(jan|feb|m[aä]r|mrz|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])"
DATED = re.compile(
    rf"\d{{1,2}}[-./ ]+{MONTH}([-./ ]+\d{{2,4}})?|{MONTH}[-/ ]\d{{2,4}}"
    r"|\d{1,2}([/.])\d{1,2}\4\d{4}|\d{4}-\d\d-\d\d[ t]00:00(:00)?"
    r"|(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
)


def made_by_spreadsheet(name: str) -> str:
    """Return what a spreadsheet has made of a name, as in ``1.23457E+14``, ``3-Jan``, or nothing.

    >>> [bool(made_by_spreadsheet(name)) for name in ("2.01e11", "Mar-04", "1e0", "Jan4", "1.2.3")]
    [True, True, False, False, False]
    """
    folded = _folded(name)
    if ROUNDED.fullmatch(folded):
        return "a number that a spreadsheet has rounded"
    return "a date, as spreadsheets make of a name" if DATED.fullmatch(folded) else ""


@lru_cache(maxsize=16)  # one name is asked for several keys, which often are the same
def spelling_key(name: str) -> str:
    """Return what different spellings of one name have in common.

    Spellings differ in case, Unicode width and composition, letters and digits of other scripts
    that look alike, blanks and separators (also none between a letter and a digit; digits stay
    apart), leading zeros, what a spreadsheet or pandas makes of a number (``12.0``, ``1.2e+03``),
    the issuer that HL7 puts behind a number, and a word such as ``patient`` before it.

    >>> spelling_key("P-007") == spelling_key("patient 7"), spelling_key("12.0") == "12"
    (True, True)
    >>> spelling_key("1-11") == spelling_key("11-1"), spelling_key("P1") == spelling_key("P10")
    (False, False)
    """
    text = re.sub(r"\^\^.*$", "", _folded(name))
    if plain := text.isascii() and PLAIN.fullmatch(text):  # what follows gives the same, slowly
        return (plain[1] or "") + plain[2]
    if re.fullmatch(r"\d+(\.\d+)?e\+\d{1,2}", text) and float(text).is_integer():
        text = f"{float(text):.0f}"
    text = re.sub(r"^(\D*\d+)[.,]0+$", r"\1", text)
    text = re.sub(r"[\W_]+", "-", text).strip("-")
    text = re.sub(r"(?<=\D)-|-(?=\D)", "", text)
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(rf"^{CALLED}(?=\d)", "", text))


def look_key(name: str) -> str:
    """Return what names have in common that a reader takes for one: O is 0, and l and I are 1.

    Accents do not count, nor a mark between thousands. It begins unlike the keys of spellings.

    >>> look_key("PO1") == look_key("P01"), look_key("Pl1") == look_key("PI1")
    (True, True)
    >>> look_key("PO1") == look_key("P1"), look_key("L1") == look_key("I1")
    (True, False)
    """
    text = name
    if not name.isascii():
        marks = unicodedata.normalize("NFKD", name)
        text = "".join(mark for mark in marks if unicodedata.category(mark) != "Mn")
        text = text.translate(LOOK_ALIKE)
    if re.fullmatch(r"\s*[1-9]\d{0,2}([.,']\d{3})+\s*", text):
        text = re.sub(r"[.,']", "", text)
    return f"={spelling_key(text.translate(DIGIT_LIKE))}"


BESIDE = re.compile(
    r"([\W_]+(l|r|(left|right|[lr]?cc|[lr]?mlo)([\W_]\d{1,2})?"
    r"|(visit|exam|study|scan|lesion|mass|calc|roi|image|img|view|slice|v|t)[\W_]?\d{1,3}"
    r"|(19|20)\d\d[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])))+$"
    r"|(?<=\d)[lr]$|^(l|r|left|right|[lr]?cc|[lr]?mlo)[\W_]+",
    re.IGNORECASE,
)
"""A side, a view, a visit, a lesion or a date at an end of a patient's name, set off from it."""
HASH = re.compile(r"(?=.*[a-f])[0-9a-f]{8,}", re.IGNORECASE)
"""Pseudonyms of which one may be another cut short."""
CUTS = (8, 10, 12, 16, 20, 24, 32, 40)
"""Digits that are left of a pseudonym where it was cut short."""
HEXADECIMAL = re.compile(r"(?=.*[abcdf])[0-9a-f]+", re.IGNORECASE)
POWER = re.compile(r"\d+e\d{1,2}", re.IGNORECASE)
"""A number, or else a name of hexadecimal digits."""


def patient_key(name: str) -> str:
    """Return `spelling_key` without a side, a view, a visit or a date, if a digit is left.

    >>> [patient_key(name) for name in ("P12_LCC", "12-20240131", "A3-v2", "site-L")]
    ['12', '12', 'a3', 'sitel']
    """
    stem = BESIDE.sub("", name)
    return spelling_key(stem if re.search(r"\d", stem) else name)


def patient_keys(name: str) -> tuple[str, str]:
    """Return the keys of a patient: two names that share one of them are one patient's."""
    return patient_key(name), look_key(BESIDE.sub("", name))


def cut_short(name: str) -> list[str]:
    """Return the keys of what may be left of a name of hexadecimal digits, such as a digest."""
    return [look_key(name[:length]) for length in CUTS if length < len(name)] * bool(
        HASH.fullmatch(name)
    )


class Again(NamedTuple):
    """A name that seems to be the patient of an earlier one, each with its line."""

    name: str
    line: int
    known: str
    known_line: int
    why: str


def two_spellings(names: Iterable[tuple[str, int]], *, beside: bool = True) -> Iterator[Again]:
    """Yield every name that seems to be the patient of an earlier one.

    Parameters
    ----------
    names
        Name and line, in the order of the lines.
    beside
        Whether names are one patient's too that differ in a side, a view, a visit or a date, or
        of which one is the beginning of another, as of a hash.
    """
    first: dict[str, tuple[str, int]] = {}
    once: dict[str, int] = {}
    names = list(names)
    # Among names of hexadecimal digits, 1e3 is no number.
    as_numbers = beside and not any(HEXADECIMAL.fullmatch(name) for name, _ in names)
    sided = any(re.search(r"\d[rR]$", name) for name, _ in names)  # P1l is no P11 then

    def plain(name: str) -> str:
        return plain_number(name) if as_numbers and POWER.fullmatch(name) else name

    for name, line in names:
        if once.setdefault(name, line) != line:
            continue
        key = patient_key(plain(name)) if beside else spelling_key(name)
        stem = BESIDE.sub("", name) if sided else name
        look = look_key(stem) if beside or stem == name else key
        known, known_line = first.get(key) or first.get(look) or (name, line)
        for one in (key, look):
            first.setdefault(one, (name, line))
        if known != name:
            alone = "a side, a view, a visit or a date"
            if spelling_key(plain(known)) == spelling_key(plain(name)):
                alone = "spelling"
            elif look_key(known) == look_key(name):
                alone = "letters that look alike, such as O and 0 or l and 1,"
            why = f"`{name}` differs from `{known}` on line {known_line} in {alone} alone"
            yield Again(name, line, known, known_line, why)
    hashes = sorted(name for name in once if HASH.fullmatch(name))
    for short, name in pairwise(hashes if beside else ()):
        if name.startswith(short):
            why = f"`{name}` begins with all of `{short}` on line {once[short]}"
            yield Again(name, once[name], short, once[short], why)


def unclear_names(
    named: Sequence[tuple[str, int]], *, fix: str
) -> Iterator[tuple[int, str, str, str]]:
    """Yield what is wrong with the names of patients, each with its line, what tells it apart, fix.

    Parameters
    ----------
    named
        Name and line of every row; an empty one names nobody.
    fix
        What to do where somebody is not named.
    """
    vain = {name for name in {name for name, _ in named} if names_nobody(name)}
    nobody = [(name, line) for name, line in named if name in vain]
    if nobody:
        word, line = nobody[0]
        why = f"{len(nobody)} of {len(named)} rows name no patient, the first"
        yield line, "nobody", f"{why}{f', `{word}`,' * bool(word)} on line {line}", fix
    for name, line in dict(reversed(named)).items():
        if made := made_by_spreadsheet(name):
            why = f"`{name}` is {made}: others may look the same"
            yield line, name, why, "format the column as text there, and export it anew"
    fix = "write one patient in one way, and give two patients names that differ more"
    for again in two_spellings((name, line) for name, line in named if name not in vain):
        yield again.line, "spelt", again.why, fix


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
            yield fault(
                "examination_shared",
                f"volumes {', '.join(names[:5])}" + " and more" * (len(names) > 5),
                f"their headers share one StudyInstanceUID, and the sheet gives them "
                f"{len(patients)} patients: a split could part them",
            )


_STRANGE = "авекмнорстухіјѕԁԛԝαβεζηικμνορτυχօıɡøł°"
_LATIN = "abekmhopctyxijsdqwabezhikmnoptyxoigolo"
LOOK_ALIKE = str.maketrans(_STRANGE + _STRANGE.upper() + "ӀӏѴ", _LATIN + _LATIN.upper() + "Ilv")
"""Letters of Cyrillic, Greek and others that look like Latin ones, often only as capitals."""
DIGIT_LIKE = str.maketrans("OolI|", "00111")
"""Letters that look like digits, as they are written: L and i do not."""
FILLERS = "\u115f\u1160\u3164\uffa0"
"""Letters of Hangul that show nothing."""


def _folded(text: str) -> str:
    """Return *text* in one width, composition, case and script, without invisible marks."""
    if text.isascii() and text.isprintable():  # most are: a million names in a second
        return text.lower().strip()
    text = unicodedata.normalize("NFKC", text).translate(LOOK_ALIKE).casefold()
    visible = "".join(
        str(unicodedata.digit(mark)) if mark.isdecimal() else mark
        for mark in text
        if unicodedata.category(mark) not in {"Cf", "Cc"} and mark not in FILLERS
    )
    return unicodedata.normalize("NFKC", visible).strip()


def plain_number(text: str) -> str:
    """Return a number in one spelling, other text composed and without blanks around it.

    >>> [plain_number(text) for text in ("1.0", "01", " 1 ", "1e0", " Calc")]
    ['1', '1', '1', '1', 'Calc']
    """
    number = re.fullmatch(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", text.strip(), re.IGNORECASE)
    return f"{float(text):.15g}" if number else unicodedata.normalize("NFC", text.strip())
