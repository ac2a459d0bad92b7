"""Figures of merit as accounts hold them, and those of subgroups."""

from enum import StrEnum
from typing import Any, Literal

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


Shown = Figure | Lead
"""What a page shows as a figure."""

Ends = tuple[float | None, float | None, float | None]


def ends_of(figure: Any) -> Ends:
    """Return value, low and high of a figure or a difference; None each where there is none."""
    value, low, high = (getattr(figure, name, None) for name in ("value", "low", "high"))
    return value, low, high


FEWEST = 8
"""Patients that hold the rarer class below which a subgroup is listed and not measured."""
SHOWN = ("auroc", "auroc_within", "average_precision", "recall", "specificity", "precision")
"""Figures of a subgroup."""


class Subgroup(Record, frozen=True, kw_only=True):
    """One value of what the data are divided by.

    Attributes
    ----------
    n, positives
        Rows, and those of them that are calcifications, or volumes with one.
    rarer_groups
        Patients, or what stands for them, that hold the rarer class.
    figures
        By name; empty where these are too few to measure.
    """

    name: str
    n: int
    positives: int
    rarer_groups: int
    figures: dict[str, Figure]


class Interaction(Record, frozen=True, kw_only=True):
    """Whether a figure differs between the measured subgroups.

    Attributes
    ----------
    figure
        Its name.
    lowest
        The subgroup with the lowest value.
    p_value
        That all values are one; None where it cannot be tested.
    adjusted
        The same after Holm, over all tests of the account.
    """

    figure: str
    lowest: str
    p_value: float | None
    adjusted: float | None


class Division(Record, frozen=True, kw_only=True):
    """The test data divided by one thing.

    Attributes
    ----------
    by
        ``site``, ``vendor``, ``density``, ``view``, ``size``, ``contrast``, ``depth``, or a column
        of the user's table.
    unit
        What is counted.
    unknown
        Rows of which nothing is known.
    cut
        Of ``size`` and ``contrast``: where the training's calcifications are halved.
    """

    by: str
    unit: Literal["candidates", "volumes"]
    unknown: int
    subgroups: tuple[Subgroup, ...]
    interactions: tuple[Interaction, ...]
    cut: float | None = None
