"""What Snakemake asks a plan with, and how a plan answers."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import Protocol, TypeVar

from tomocalc.cells import Row
from tomocalc.errors import TomocalcError
from tomocalc.library import library_digest

AnyPlan = TypeVar("AnyPlan")
Answer = TypeVar("Answer")


class Wildcards(Protocol):
    """Parts of the path that a rule is asked for, by name."""

    def __getattr__(self, name: str) -> str: ...


def answering(
    method: Callable[[AnyPlan, Wildcards], Answer],
) -> Callable[[AnyPlan, Wildcards], Answer]:
    """Let an input function end the program with its own message.

    Snakemake would wrap it into lines about rule, wildcards and Python.
    """

    @wraps(method)
    def answer(self: AnyPlan, wildcards: Wildcards) -> Answer:
        try:
            return method(self, wildcards)
        except TomocalcError as error:
            sys.exit(str(error))

    return answer


def known_row(rows: Mapping[str, Row], name: str) -> Row:
    """Return the row of a volume that a target names.

    Raises
    ------
    TomocalcError
        ``E104`` when there is none.
    """
    if name not in rows:
        close = difflib.get_close_matches(name, rows, n=1)
        raise TomocalcError(
            "E104",
            what="there is no such volume",
            where=name,
            why=f"it is none of the {len(rows)} volumes of this run",
            fix=f"ask for one of its ids{f', such as {close[0]}' if close else ''}",
        )
    return rows[name]


def every(pattern: str, names: Iterable[str]) -> Callable[[Wildcards], list[str]]:
    """Ask for one path per volume: *pattern* with ``{volume}`` replaced."""

    def paths(_: Wildcards) -> list[str]:
        return [pattern.replace("{volume}", name) for name in names]

    return paths


def known_trials(batch: int) -> Callable[[Wildcards], list[str]]:
    """Ask for the accounts of the trials whose values a trial may know.

    Not those of the *batch* that it is in: these may still be running.
    """

    def accounts(wildcards: Wildcards) -> list[str]:
        known = int(wildcards.trial) - batch + 1
        return [f"<results>/tuning/trials/{number}.json" for number in range(known)]

    return accounts


def source_digest(script: Path) -> Callable[[Wildcards], str]:
    """Ask for the digest of a script's source files, so that editing one of them reruns it."""

    def digest(_: Wildcards) -> str:
        return library_digest(script)

    return digest


def growing(mem_mb: int) -> Callable[[Wildcards, int], int]:
    """Ask for memory (MB) that grows with every retry."""

    def resource(_: Wildcards, attempt: int) -> int:
        return mem_mb * attempt

    return resource
