"""What is doubtful about a volume: one typed list, from the reader to every page.

A doubt is no fault: the volume is read and measured, and whoever uses its numbers should know.
Code and numbers travel; ``doubt_kinds.tsv`` is the one place that says in words what a code means
and what to do about it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tomocalc.accounts.base import Record
from tomocalc.errors import TomocalcError, fault, raise_all
from tomocalc.files import sheet_rows
from tomocalc.sections import DoubtsSection

SHOWN = 10
"""Slices, or volumes, that are named; the others are counted."""


@dataclass(frozen=True)
class Kind:
    """What the code of a doubt means in words."""

    title: str
    """The doubt in few words, for tables and counts."""
    text: str
    """The doubt of one volume, with the names of its numbers in braces."""
    advice: str
    """What to do."""
    settled: bool = False
    """Whether the user has decided it: then it is told and never refused."""


def _kinds() -> dict[str, Kind]:
    rows = sheet_rows(Path(__file__).with_name("doubt_kinds.tsv"))
    return {
        row["code"]: Kind(row["title"], row["text"], row["advice"], settled=row["settled"] == "yes")
        for row in rows
    }


KINDS = _kinds()
"""Every code: its meaning and what to do; the guide shows this table."""


class Doubt(Record, frozen=True, kw_only=True):
    """One doubt about one volume.

    Never a value of a header: codes, slices and numbers alone.
    """

    code: str
    """A key of `KINDS`."""
    slices: tuple[int, ...] = ()
    """Slices it concerns, from 0; none: the whole volume."""
    values: dict[str, float] = msgspec.field(default_factory=dict)
    """Numbers of the sentence, by the names that its kind uses."""


class DoubtCount(Record, frozen=True, kw_only=True):
    """How often one doubt occurs in a cohort."""

    code: str
    volumes: int
    slices: int
    first: tuple[str, ...]
    """Ids of the first volumes that have it, sorted."""


def doubt_sentence(doubt: Doubt) -> str:
    """Say a doubt in words, with its numbers and the first of its slices."""
    text = KINDS[doubt.code].text.format(**doubt.values)
    if not doubt.slices:
        return text
    more = len(doubt.slices) - SHOWN
    named = ", ".join(map(str, doubt.slices[:SHOWN])) + (f" and {more} more" if more > 0 else "")
    return f"{text} (slice{'s' * (len(doubt.slices) > 1)} {named})"


def refused(doubts: Iterable[Doubt], image: DoubtsSection, where: str) -> list[TomocalcError]:
    """Return an ``E209`` for every doubt that stops a volume, where the configuration says so.

    Parameters
    ----------
    image
        Section of the configuration: ``doubts`` (``report`` or ``fail``), and the codes that are
        ``allowed_doubts`` all the same.
    where
        The volume, for messages.
    """
    if image["doubts"] == "report":
        return []
    return [
        fault(
            "volume_doubtful",
            where,
            doubt_sentence(doubt),
            doubt=doubt.code,
            advice=KINDS[doubt.code].advice,
        )
        for doubt in doubts
        if doubt.code not in image["allowed_doubts"] and not KINDS[doubt.code].settled
    ]


def refuse_doubts(doubts: Iterable[Doubt], image: DoubtsSection, where: str) -> None:
    """Raise what `refused` returns, all at once."""
    raise_all(refused(doubts, image, where))


def count_doubts(volumes: Iterable[tuple[str, Iterable[Doubt]]]) -> tuple[DoubtCount, ...]:
    """Count the doubts of a cohort, in the order of `KINDS`.

    Parameters
    ----------
    volumes
        Id and doubts of each.
    """
    names: dict[str, list[str]] = {}
    slices: dict[str, int] = {}
    for volume_id, doubts in volumes:
        for doubt in doubts:
            names.setdefault(doubt.code, []).append(volume_id)
            slices[doubt.code] = slices.get(doubt.code, 0) + len(doubt.slices)
    return tuple(
        DoubtCount(
            code=code,
            volumes=len(set(names[code])),
            slices=slices[code],
            first=tuple(sorted(set(names[code]))[:SHOWN]),
        )
        for code in KINDS
        if code in names
    )
