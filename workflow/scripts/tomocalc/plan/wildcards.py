"""What Snakemake asks a plan with, and how a plan answers."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Protocol, TypeVar

from tomocalc.cells import Row
from tomocalc.errors import TomocalcError

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
