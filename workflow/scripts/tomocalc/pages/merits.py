"""Figures of merit in words: names, meanings, intervals, and what limits the intervals."""

from collections.abc import Iterable, Mapping
from typing import Any

from tomocalc.accounts.figures import Figure, Method, Paired, Shown, ends_of
from tomocalc.accounts.metrics import Cases, Part
from tomocalc.pages.parts import Card
from tomocalc.pages.words import plural, pretty, score, signed

NAMES = {
    "auroc": "AUROC",
    "auroc_within": "AUROC within patients",
    "average_precision": "Average precision",
    "f1": "F1",
    "recall": "Recall (sensitivity)",
    "mcc": "Matthews' correlation",
    "brier": "Brier score",
    "ece": "Calibration error (ECE)",
}
MEANINGS = {
    "auroc": "chance that a calcification is ranked above another candidate",
    "auroc_within": "chance that a calcification is ranked above another candidate of its patient",
    "average_precision": "mean precision over all recalls",
    "f1": "harmonic mean of precision and recall",
    "recall": "share of the calcifications that are flagged",
    "precision": "share of the flagged candidates that are calcifications",
    "specificity": "share of the other candidates that are not flagged",
    "accuracy": "share of all rows that are classified correctly",
    "balanced_accuracy": "mean of recall and specificity",
    "mcc": "−1 to 1; 0 is chance",
    "brier": "mean squared error of the probability; 0 is best",
    "ece": "mean distance of probability and observed share; 0 is best",
}


CARDS = ("auroc", "average_precision", "f1", "recall", "specificity", "accuracy")
"""Figures that head a page, in order."""


def figure_card(name: str, figure: Shown, unit: str = "") -> Card:
    """Return a figure as a card, its interval below; *unit*: what it is counted by."""
    label = merit_name(name) + (f" per {unit}" if unit else "")
    return Card(label, score(ends_of(figure)[0]), interval(figure))


def interval(figure: Shown) -> str:
    """Return the interval of a figure: ``0.932 to 0.967``; empty without one."""
    _, low, high = ends_of(figure)
    return "" if low is None or high is None else f"{score(low)} to {score(high)}"


def merit_name(name: str) -> str:
    """Return how a figure of merit is called."""
    return NAMES.get(name, pretty(name).capitalize())


def in_a_sentence(name: str) -> str:
    """Return how a figure of merit is called within a sentence: ``average precision``."""
    called = merit_name(name)
    return called if called[:2].isupper() or name == "f1" else f"{called[0].lower()}{called[1:]}"


def figure_of(row: Mapping[str, Any], key: str) -> Figure:
    """Return the figure *key* of a row of ``comparison.parquet``."""
    value, low, high = (row[name] for name in (key, f"{key}_low", f"{key}_high"))
    floor = value in (0.0, 1.0) and low is not None
    return Figure(value=value, low=low, high=high, method=Method.WILSON if floor else Method.NONE)


def with_interval(figure: Shown | None) -> str:
    """Return a figure with its interval: ``0.951 (0.932–0.967)``, ``0.7 (−0.1 to 0.9)``."""
    value, low, high = ends_of(figure)
    if value is None or low is None or high is None:
        return score(value)
    between = " to " if low < 0 or score(high)[0] == ">" or score(low)[0] == "<" else "–"
    return f"{score(value)} ({score(low)}{between}{score(high)})"


def is_alike(difference: Shown) -> bool:
    """Return whether two models had the same figure, whichever patient is left out."""
    return ends_of(difference) == (0, 0, 0)


def reach(difference: Shown) -> str:
    """Return the interval of a difference: ``−0.003 to +0.030``."""
    if is_alike(difference):
        return "no difference"
    _, low, high = ends_of(difference)
    if low is None or high is None:
        return "no interval: too few patients"
    return f"{signed(low)} to {signed(high)}"


def with_reach(difference: Shown) -> str:
    """Return a difference with its interval: ``+0.012 (−0.003 to +0.030)``."""
    value, _, _ = ends_of(difference)
    if is_alike(difference) or value is None:
        return reach(difference)
    return f"{signed(value)} ({reach(difference)})"


FEW_GROUPS = 10
"""Groups (patients) of the rarer class below which a page warns of few cases."""


def counted_groups(count: int, unit: str) -> str:
    """Return how many groups of *unit* there are: ``2 patients``, ``31 groups of equal rows``."""
    return f"{plural(count, 'group')} of {unit}" if unit == "equal rows" else plural(count, unit)


def few_cases(rarer: int | None, unit: str, of: str = "the rarer class of candidates") -> str:
    """Return the warning of few cases; empty where there are enough.

    Parameters
    ----------
    rarer
        Groups of the test part that hold what the figures rest on: its rarer class.
    unit
        What the groups are: ``patient``, ``group``, ``equal rows``.
    of
        What they hold.
    """
    if rarer is None or rarer >= FEW_GROUPS:
        return ""
    held = counted_groups(rarer, unit)
    verb = "holds" if rarer == 1 else "hold"
    what = "there is no interval" if rarer < 2 else "figures and intervals are rough"
    return f"Few cases: {held} of the test part {verb} {of}, so that {what}."


def few_positive_cases(known: Iterable[Cases]) -> str:
    """Return the warning of few volumes or patients, by the rarer class of the rarest."""
    rarer = min((case.rarer_groups or 0 for case in known), default=None)
    return few_cases(rarer, "patient", "the rarer class of volumes or patients")


def interval_limits(part: Part, names: Iterable[str]) -> list[str]:
    """Return what limits the intervals of the figures *names* of a *part* of ``metrics.json``."""
    shown = [part.metrics[name] for name in names if name in part.metrics]
    said = few_cases(part.rarer_groups, part.unit), floor_rule(shown, part.unit)
    return [text for text in said if text]


def row_limits(rows: Iterable[Mapping[str, Any]], names: Iterable[str], source: str) -> list[str]:
    """Return what limits the intervals of the figures *names* in *rows* of the comparison."""
    unit = group_unit(source)
    rows, names = list(rows), list(names)
    shown = [figure_of(row, key) for row in rows for key in names]
    known = [row["rarer_groups"] for row in rows if row["rarer_groups"] is not None]
    fewest = min(known, default=FEW_GROUPS)
    return [text for text in (few_cases(fewest, unit), floor_rule(shown, unit)) if text]


def group_unit(source: str) -> str:
    """Return what is left out at a time: of a table groups may be patients or equal rows."""
    return "group" if source == "table" else "patient"


def alike_rule(differences: Iterable[Shown]) -> str:
    """Return the rule for models that do not differ whoever is left out; empty where none do."""
    if not any(is_alike(difference) for difference in differences):
        return ""
    return (
        "Where two models do equally well whichever patient is left out, as two perfect ones do, "
        "the data say nothing of how far they may differ on more patients."
    )


def paired_limits(figures: Iterable[Paired], groups: int, source: str) -> list[str]:
    """Return what limits the intervals of two models on the same rows.

    Parameters
    ----------
    figures
        Of two models.
    groups
        That hold the rarer class.
    source
        ``phantom``, ``volumes`` or ``table``.
    """
    figures, unit = list(figures), group_unit(source)
    alone = [value for figure in figures for value in (figure.one, figure.other)]
    said = (
        few_cases(groups, unit),
        floor_rule(alone, unit),
        alike_rule(figure.lead for figure in figures),
    )
    return [text for text in said if text]


METHODS = {
    Method.LEFT_OUT: "leaving out one {unit} at a time",
    Method.WILSON: "Wilson's, one trial per {unit} of the rarer class",
    Method.NONE: "none",
}
"""The words for where an interval comes from."""


def method_words(figure: Figure, unit: str) -> str:
    """Return where the interval of a figure comes from."""
    words = METHODS[figure.method]
    return words.format(unit="group of equal rows" if unit == "equal rows" else unit)


def floor_rule(figures: Iterable[Figure], unit: str) -> str:
    """Return the rule for figures of 0 or 1, which no patient moves; empty where there is none."""
    if all(figure.method != Method.WILSON for figure in figures):
        return ""
    groups = "groups of equal rows" if unit == "equal rows" else f"{unit}s"
    return (
        "Where a figure is 0 or 1, leaving out one of the cases moves nothing: its interval is "
        f"Wilson's of as many trials as there are {groups} that hold the rarer class."
    )
