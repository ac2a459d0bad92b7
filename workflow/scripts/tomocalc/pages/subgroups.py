"""Subgroups of the test part in words: their figures, and whether these differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tomocalc.accounts.subgroups import FEWEST, SHOWN, Division, Subgroup
from tomocalc.pages.charts import Chart, dots, label, row_layout
from tomocalc.pages.merits import in_a_sentence, merit_name, with_interval
from tomocalc.pages.palette import NEGATIVE, POSITIVE
from tomocalc.pages.words import number

COLOURS = {"candidates": POSITIVE, "volumes": NEGATIVE}
UNITS = {"size": "mm²", "contrast": "grey"}


class Difference(NamedTuple):
    """A figure that differs between subgroups by more than chance explains."""

    figure: str
    by: str
    unit: str
    lowest: str
    adjusted: float


def differences(divisions: Sequence[Division], confidence: float) -> list[Difference]:
    """Return what differs, after Holm, the surest first."""
    found = [
        Difference(in_a_sentence(test.figure), one.by, one.unit, test.lowest, test.adjusted)
        for one in divisions
        for test in one.interactions
        if test.adjusted is not None and test.adjusted < 1 - confidence
    ]
    return sorted(found, key=lambda one: one.adjusted)


def too_small(divisions: Sequence[Division]) -> int:
    """Return how many subgroups were listed and not measured."""
    return sum(not group.figures for one in divisions for group in one.subgroups)


def subgroup_values(divisions: Sequence[Division], confidence: float) -> dict[str, Any]:
    """Return what the section on subgroups shows; nothing where nothing divides the data."""
    if not divisions:
        return {"subgroups": None}
    measured = [(one, group) for one in divisions for group in one.subgroups if group.figures]
    return {
        "subgroups": {
            "by": list(dict.fromkeys(one.by for one in divisions)),
            "columns": [merit_name(name) for name in SHOWN],
            "rows": [_row(one, group) for one in divisions for group in one.subgroups],
            "tests": [
                [
                    f"{one.by}, {one.unit}",
                    merit_name(test.figure),
                    test.lowest,
                    test.p_value,
                    test.adjusted,
                ]
                for one in divisions
                for test in one.interactions
            ],
            "unknown": [one for one in divisions if one.unknown],
            "cuts": [f"{one.by} {number(one.cut)} {UNITS[one.by]}" for one in divisions if one.cut],
            "differ": differences(divisions, confidence),
            "too_small": too_small(divisions),
            "fewest": FEWEST,
            "chart": _chart(measured) if measured else None,
        }
    }


def _row(one: Division, group: Subgroup) -> list[Any]:
    figures = [with_interval(group.figures.get(name)) for name in SHOWN]
    if not group.figures:
        figures = ["too small", *[""] * (len(SHOWN) - 1)]
    counts = [group.n, group.positives, group.rarer_groups]
    return [f"{one.by}: {group.name}", one.unit, *counts, *figures]


def _chart(measured: Sequence[tuple[Division, Subgroup]]) -> Chart:
    """Return the AUROC of every measured subgroup, of candidates and of volumes."""
    data = [
        dots(
            unit,
            [label(f"{one.by}: {group.name}") for one, group in measured if one.unit == unit],
            [group.figures["auroc"] for one, group in measured if one.unit == unit],
            colour=colour,
        )
        for unit, colour in COLOURS.items()
        if any(one.unit == unit for one, _ in measured)
    ]
    lines = len({(one.by, group.name) for one, group in measured})
    return Chart(data, row_layout(), height=max(220, 110 + 30 * lines))
