"""Sentences that stand in accounts of leakage."""

from __future__ import annotations

from collections.abc import Sequence

TOO_GOOD = 0.99
"""AUROC of a single feature above which it is said to tell too much alone."""


def patients_shared(count: int) -> str:
    """Return the sentence on patients in two parts."""
    verb = "stands" if count == 1 else "stand"
    return f"{count:,} patient{'' if count == 1 else 's'} {verb} on both sides of the split."


def too_good(features: Sequence[str], *, source: str, others: int) -> str:
    """Return the sentence on *features* that each separate the classes alone; empty for none.

    Parameters
    ----------
    source
        ``phantom``, ``volumes`` or ``table``; only a table's features can hold the label.
    others
        Candidates that are no calcification.
    """
    if not features:
        return ""
    listed = ", ".join(name.replace("_", " ") for name in features)
    one = len(features) == 1
    alone = "One feature separates" if one else f"{len(features)} features each separate"
    text = f"{alone} the classes alone with an AUROC above {TOO_GOOD:g}: {listed}."
    if source == "table":
        return f"{text} {'It' if one else 'They'} may have been made from the label."
    return (
        f"{text} The workflow measured {'it' if one else 'them'} without the label: the task may "
        f"be easy, or the other candidates few ({others:,}). Look at them."
    )
