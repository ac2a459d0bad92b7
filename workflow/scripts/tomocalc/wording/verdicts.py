"""The one vocabulary of verdicts on leakage: clean, take care, leaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tomocalc.wording.words import plural, pretty

TOO_GOOD = 0.99
"""AUROC of a single feature above which it is said to tell too much alone."""


@dataclass(frozen=True)
class Ruling:
    """How one level of the verdict is said, and the tone that colours it.

    Attributes
    ----------
    good
        As `tomocalc.pages.parts.verdict` takes it.
    """

    word: str
    grounds: str
    good: bool | None
    tone: str

    @property
    def title(self) -> str:
        """The verdict in one line."""
        return f"{self.word.capitalize()}: {self.grounds}"


RULINGS = {
    "clean": Ruling("clean", "nothing of the test part is learnt from", True, "good"),
    "caution": Ruling("take care", "nothing is known to leak, but read why", None, "unknown"),
    "leaks": Ruling(
        "leaks",
        "the test part is partly known from the training, so that its figures do not hold for new "
        "patients",
        False,
        "bad",
    ),
}
"""By the level that ``leakage.json`` names."""


def ruling_of(split: Mapping[str, Any], audit: Mapping[str, Any] | None) -> tuple[str, list[str]]:
    """Return the level and the reasons for a run's protocol: the audit's where there is one."""
    found = (audit or {}).get("protocols", {}).get(split["protocol"])
    if found is None:
        found = split["leakage"]
        return sharing_level(found), list(found["reasons"])
    return found["verdict"], list(found["reasons"])


def sharing_level(leakage: Mapping[str, Any]) -> str:
    """Return the level of what the parts share; anything to be said of it calls for care."""
    if leakage["verdict"] == "clean" and leakage["reasons"]:
        return "caution"
    return leakage["verdict"]


def patients_shared(count: int) -> str:
    """Return the sentence on patients in two parts."""
    verb = "stands" if count == 1 else "stand"
    return f"{plural(count, 'patient')} {verb} on both sides of the split."


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
    listed = ", ".join(pretty(name) for name in features)
    one = len(features) == 1
    alone = "One feature separates" if one else f"{len(features)} features each separate"
    text = f"{alone} the classes alone with an AUROC above {TOO_GOOD:g}: {listed}."
    if source == "table":
        return f"{text} {'It' if one else 'They'} may have been made from the label."
    return (
        f"{text} The workflow measured {'it' if one else 'them'} without the label: the task may "
        f"be easy, or the other candidates few ({others:,}). Look at them."
    )
