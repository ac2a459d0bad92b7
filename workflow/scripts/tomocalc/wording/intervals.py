"""What intervals rest on, in words: few patients, and the rule where resampling says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tomocalc.wording.merits import figure_of, is_alike
from tomocalc.wording.words import plural

FEW_GROUPS = 10
"""Groups (patients) below which resampling them is said to understate the uncertainty."""


def counted_groups(count: int, unit: str) -> str:
    """Return how many groups of *unit* there are: ``2 patients``, ``31 groups of equal rows``."""
    return f"{plural(count, 'group')} of {unit}" if unit == "equal rows" else plural(count, unit)


def rests_on(
    count: int, unit: str, what: str = "Intervals by resampling rest", them: str = "them"
) -> str:
    """Return the sentence that warns of few groups; empty where there are enough."""
    if count >= FEW_GROUPS:
        return ""
    groups = counted_groups(count, unit)
    return f"{what} on {groups}: read {them} as a lower bound of the uncertainty."


def interval_limits(part: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return what limits the intervals of the figures *names* of a *part* of ``metrics.json``."""
    shown = [part["metrics"][name] for name in names if name in part["metrics"]]
    said = rests_on(part["groups"], part["unit"]), floor_rule(shown, part["unit"])
    return [text for text in said if text]


def row_limits(rows: Iterable[Mapping[str, Any]], names: Iterable[str], source: str) -> list[str]:
    """Return what limits the intervals of the figures *names* in *rows* of the comparison."""
    unit = resampled_unit(source)
    rows, names = list(rows), list(names)
    shown = [figure_of(row, key) for row in rows for key in names]
    fewest = min((row["groups"] for row in rows), default=FEW_GROUPS)
    return [text for text in (rests_on(fewest, unit), floor_rule(shown, unit)) if text]


def resampled_unit(source: str) -> str:
    """Return what is resampled: of a table the groups may be patients or equal rows."""
    return "group" if source == "table" else "patient"


def alike_rule(differences: Iterable[Mapping[str, Any]]) -> str:
    """Return the rule for models that do not differ in any resample; empty where none do."""
    if not any(is_alike(difference) for difference in differences):
        return ""
    return (
        "Where two models do equally well in every resample, as two perfect ones do, resampling "
        "says nothing of how far they may differ on more data."
    )


def paired_limits(
    figures: Iterable[Mapping[str, Mapping[str, Any]]], groups: int, source: str
) -> list[str]:
    """Return what limits the intervals of two models on the same rows.

    Parameters
    ----------
    figures
        As `tomocalc.evaluation.leads.paired_figures` returns them for each figure of merit.
    groups
        That were resampled.
    source
        ``phantom``, ``volumes`` or ``table``.
    """
    figures, unit = list(figures), resampled_unit(source)
    alone = [value for figure in figures for name, value in figure.items() if name != "lead"]
    said = (
        rests_on(groups, unit),
        floor_rule(alone, unit),
        alike_rule(figure["lead"] for figure in figures),
    )
    return [text for text in said if text]


def is_floor(figure: Mapping[str, Any]) -> bool:
    """Return whether the interval of a figure is Wilson's because resampling says nothing."""
    low, high, value = (figure.get(key) for key in ("low", "high", "value"))
    if "method" in figure:
        return figure["method"].startswith("Wilson of")
    return value in (0.0, 1.0) and low is not None and high is not None and low < high


def floor_rule(figures: Iterable[Mapping[str, Any]], unit: str) -> str:
    """Return the rule for figures of 0 or 1; empty where none of *figures* needed it."""
    if not any(is_floor(figure) for figure in figures):
        return ""
    groups = "groups of equal rows" if unit == "equal rows" else f"{unit}s"
    return (
        "Where a ranking figure is 0 or 1, or all resamples agree, resampling says nothing: its "
        "interval reaches at least as far as Wilson's of as many trials as there are "
        f"{groups} that hold the rarer class."
    )
