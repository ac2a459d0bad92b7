"""Figures of merit as accounts hold them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from tomocalc.accounts.base import Record


class Method(StrEnum):
    """Where an interval comes from."""

    LEFT_OUT = "left_out"
    """Leaving out one group at a time."""
    WILSON = "wilson"
    """The figure is 0 or 1, or no group changes it: as many trials as groups of the rarer class."""
    NONE = "none"
    """Fewer than two groups hold the rarer class: there is no interval."""


class Figure(Record, frozen=True, kw_only=True):
    """A figure of merit with its interval; None where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    method: Method = Method.NONE


class Lead(Record, frozen=True, kw_only=True):
    """How far a figure is ahead, with its limits and two-sided p-value; None without."""

    value: float
    low: float | None
    high: float | None
    p: float | None


class Paired(Record, frozen=True, kw_only=True):
    """A figure of two models on the same rows, and how far *one* is ahead of the *other*."""

    one: Figure
    other: Figure
    lead: Lead


class WithEnds(Protocol):
    """A record with a value and the ends of its interval."""

    @property
    def value(self) -> float | None: ...  # noqa: D102
    @property
    def low(self) -> float | None: ...  # noqa: D102
    @property
    def high(self) -> float | None: ...  # noqa: D102


Shown = WithEnds | Mapping[str, Any]
"""What a page shows as a figure: a record, or a row of a table with the same names."""

Ends = tuple[float | None, float | None, float | None]


def ends_of(figure: Any) -> Ends:
    """Return value, low and high of a figure or a difference; None each where there is none."""
    names = ("value", "low", "high")
    if isinstance(figure, Mapping):
        value, low, high = (figure.get(name) for name in names)
    else:
        value, low, high = (getattr(figure, name, None) for name in names)
    return value, low, high
