"""The lines of a user's own split file. Standard library only: Snakemake asks while it plans."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from tomocalc.delimited import split_lines
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.sections import PARTS, TABLE

WORDS = {
    **dict.fromkeys(("train", "training", "learn"), "train"),
    **dict.fromkeys(("validation", "val", "valid", "dev", "development"), "validation"),
    **dict.fromkeys(("tune", "tuning"), "validation"),
    **dict.fromkeys(("test", "testing", "holdout"), "test"),
}
"""What people call the parts of a split."""
PART = ("part", "split", "subset", "partition", "set", "fold")
"""Columns that may hold the part, the likeliest first."""
NAMES = {
    "volume_id": ("volumeid", "volume"),
    "candidate_id": ("candidateid", "candidate"),
    "row": ("row",),
    "patient_id": ("patientid", "patient", "subjectid", "subject"),
    "part": PART,
}
"""Columns of a split file, by what people call them, letters and digits alone."""
KEY = ("volume_id", "candidate_id")
KEYS = (KEY, ("volume_id",), ("patient_id",), ("row",))
"""Columns that say whom a line is about, the finest of volumes first."""
OF_TABLE = (("row",), ("patient_id",), KEY, ("volume_id",))
"""The same, of the rows of a table."""
SHOWN = 5
"""Faults of one kind that are told."""

Lines = Sequence[tuple[int, Sequence[str]]]


class Use(NamedTuple):
    """Whom a line is about, as far as it says, its part, and the number of the line.

    A row of a table is a candidate of the volume ``table``. A line without a candidate is about
    all of its volume, or of its patient.
    """

    volume_id: str | None
    candidate_id: int | None
    patient_id: str | None
    part: str
    line: int


def is_parquet(path: str) -> bool:
    """Return whether a split file is a Parquet file, by its name."""
    return path.lower().endswith((".parquet", ".pq"))


def split_text(path: str) -> tuple[list[str], Lines]:
    """Return the header of a CSV or TSV file, and its lines by their number.

    Raises
    ------
    TomocalcError
        ``E302``.
    """
    try:
        return split_lines(path)
    except TomocalcError as error:
        raise split_fault(path, error.why, f"{error.fix} (CSV, TSV or Parquet)") from error


def split_uses(
    path: str, header: Sequence[str], lines: Lines, *, of_table: bool = False
) -> list[Use]:
    """Return whom a split file puts into which part.

    Upper and lower case of columns and parts are the same, as are blanks and underscores;
    ``val`` is validation, and ``3.0`` is 3, as pandas writes it. Of repeated lines about a volume
    or a patient the first counts.

    Parameters
    ----------
    of_table
        Whether the candidates are rows of a table.

    Raises
    ------
    TomocalcError
        ``E302`` for a column that lacks, a part that is none, a number that is no whole one, a
        patient or a volume in two parts.
    """
    plain = [re.sub(r"[\W_]+", "", name.casefold()) for name in header]
    places = {
        name: next(plain.index(word) for word in words if word in plain)
        for name, words in NAMES.items()
        if not {*words}.isdisjoint(plain)
    }
    keys = OF_TABLE if of_table else KEYS
    key = next((key for key in keys if {*key} <= places.keys()), None)
    if key is None or "part" not in places:
        lacking = "part" if key else "that says whom a line is about"
        columns = f"; its columns are {', '.join(header[:20])}"
        raise split_fault(path, f"it has no column {lacking}{columns}", wanted(of_table=of_table))
    if not lines:
        raise split_fault(path, "it has no rows", "write one line per candidate or patient")
    for line, cells in lines:
        if len(cells) < len(header) or any(map(str.strip, cells[len(header) :])):
            why = f"it has {len(cells)} cells where the header has {len(header)}"
            raise split_fault(f"{path}:{line}", why, "give every line one cell per column")
    raise_all(list(_unknown_parts(path, [(line, cells[places["part"]]) for line, cells in lines])))
    number = key[-1] if key[-1] in ("candidate_id", "row") else None
    uses = []
    for line, cells in lines:
        told = {name: cells[places[name]].strip() for name in (*key, "part")}
        whole = _whole(told[number], f"{path}:{line}, column {number}") if number else None
        volume = TABLE if number == "row" else told.get("volume_id")
        uses.append(Use(volume, whole, told.get("patient_id"), _part(told["part"]), line))
    return uses if uses[0].candidate_id is not None else _one_part_each(path, key[0], uses)


def wanted(*, of_table: bool) -> str:
    """Say which columns a split file needs."""
    who = "row or patient_id" if of_table else "volume_id and candidate_id, volume_id or patient_id"
    return f"give the column part (train, validation or test) and {who}"


def _one_part_each(path: str, column: str, uses: Sequence[Use]) -> list[Use]:
    """Return the first line about every volume or patient, each of which is in one part."""
    first: dict[tuple[str | None, str | None], Use] = {}
    for use in uses:
        known = first.setdefault((use.volume_id, use.patient_id), use)
        if known.part != use.part:
            name = getattr(use, column)
            why = f"`{name}` is in {use.part} here and in {known.part} on line {known.line}"
            finer = "row, or volume_id" if column == "patient_id" else "candidate_id"
            fix = f"correct one of them, or say with the column {finer} which of its candidates"
            raise split_fault(f"{path}:{use.line}, column {column}", why, fix)
    return [*first.values()]


def check_parts(path: str, parts: Collection[str]) -> None:
    """Check that there is something to train on and something to test on.

    Raises
    ------
    TomocalcError
        ``E302``.
    """
    for part in ("train", "test"):
        if part not in parts:
            why = f"no line has the part `{part}`; its parts are {', '.join(sorted(parts))}"
            raise split_fault(f"{path}, column part", why, f"say which candidates are in {part}")


def split_fault(where: str, why: str, fix: str) -> TomocalcError:
    """Return what is wrong with a split file."""
    return TomocalcError(
        "E302", what="the split file cannot be used", where=where, why=why, fix=fix
    )


def _part(word: str) -> str:
    plain = word.strip().casefold()
    return WORDS.get(plain, plain)


def _unknown_parts(path: str, words: Sequence[tuple[int, str]]) -> Iterator[TomocalcError]:
    """Yield the words that are no part, each once, the first of them."""
    lines: dict[str, list[int]] = {}
    for line, word in words:
        if _part(word) not in PARTS:
            lines.setdefault(word.strip(), []).append(line)
    for word, found in list(lines.items())[:SHOWN]:
        close = difflib.get_close_matches(word.casefold(), PARTS, n=1, cutoff=0.5)
        fix = (
            f"did you mean `{close[0]}`?"
            if close
            else f"use one of: {', '.join(PARTS)}; or leave the line out"
        )
        why = f"{len(found)} lines have the part `{word}`, the first is line {found[0]}"
        yield split_fault(f"{path}, column part", why, fix)


def _whole(text: str, where: str) -> int:
    try:
        number = float(text)
    except ValueError:
        number = 0.5
    if not number.is_integer() or not 0 <= number < 2**31:
        raise split_fault(where, f"`{text}` is no whole number", "correct it")
    return int(number)
