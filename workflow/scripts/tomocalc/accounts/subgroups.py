"""The figures of parts of the test data, such as one site or large calcifications alone."""

from __future__ import annotations

from typing import Literal

from tomocalc.accounts.base import Record
from tomocalc.accounts.figures import Figure

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
