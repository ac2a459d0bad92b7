"""The lines of a user's own split file. Standard library only: Snakemake asks while it plans."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from tomocalc.delimited import split_lines
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.sections import TABLE

PARTS = ("train", "validation", "test")
SAME = {"training": "train", "testing": "test", "val": "validation", "valid": "validation"}
"""What people write for a part."""
KEY = ("volume_id", "candidate_id")
SHOWN = 5
"""Faults of one kind that are told."""

Lines = Sequence[tuple[int, Sequence[str]]]


class Use(NamedTuple):
    """One use of a candidate: its part, and the line that says so."""

    volume_id: str
    candidate_id: int
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


def split_uses(path: str, header: Sequence[str], lines: Lines) -> list[Use]:
    """Return every use of a candidate that a split file names.

    Upper and lower case of columns and parts are the same, as are blanks and underscores;
    ``val`` is validation, and ``3.0`` is 3, as pandas writes it.

    Raises
    ------
    TomocalcError
        ``E302`` for a column that lacks, a part that is none, a number that is no whole one.
    """
    names = [re.sub(r"[ -]", "_", name.strip().casefold()) for name in header]
    by_row = "row" in names and not set(KEY) & set(names)
    wanted = ("row", "part") if by_row else (*KEY, "part")
    absent = [name for name in wanted if name not in names]
    if absent:
        close = [difflib.get_close_matches(name, names, n=1) for name in absent]
        hint = ", ".join(f"`{header[names.index(found[0])]}`" for found in close if found)
        raise split_fault(
            path,
            f"it has no column {', '.join(absent)}; its columns are {', '.join(header[:20])}",
            f"rename {hint}" if hint else "give volume_id, candidate_id, part, or row, part",
        )
    if not lines:
        raise split_fault(path, "it has no rows", "write one line per candidate")
    for line, cells in lines:
        if len(cells) < len(names) or any(map(str.strip, cells[len(names) :])):
            why = f"it has {len(cells)} cells where the header has {len(names)}"
            raise split_fault(f"{path}:{line}", why, "give every line one cell per column")
    places = [names.index(name) for name in wanted]
    read = [(line, [cells[place].strip() for place in places]) for line, cells in lines]
    raise_all(list(_unknown_parts(path, [(line, cells[-1]) for line, cells in read])))
    return [
        Use(
            volume_id=TABLE if by_row else cells[0],
            candidate_id=_whole(cells[-2], f"{path}:{line}, column {wanted[-2]}"),
            part=_part(cells[-1]),
            line=line,
        )
        for line, cells in read
    ]


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
    return SAME.get(word.casefold(), word.casefold())


def _unknown_parts(path: str, words: Sequence[tuple[int, str]]) -> Iterator[TomocalcError]:
    """Yield the words that are no part, each once, the first of them."""
    lines: dict[str, list[int]] = {}
    for line, word in words:
        if _part(word) not in PARTS:
            lines.setdefault(word, []).append(line)
    for word, found in list(lines.items())[:SHOWN]:
        close = difflib.get_close_matches(word.casefold(), PARTS, n=1, cutoff=0.5)
        fix = f"did you mean `{close[0]}`?" if close else f"use one of: {', '.join(PARTS)}"
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
