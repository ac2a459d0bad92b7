"""What the checks of the leakage audit are called, found and can see, in words."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from tomocalc.accounts.leakage import Check, SplitAudit, Verdict
from tomocalc.pages.words import count, pretty, share

CHECKS = Path(__file__).with_name("checks.tsv")


@functools.cache
def check_words() -> dict[str, dict[str, str]]:
    """Return what each check of the leakage audit is called, finds, sees and does not see."""
    header, *lines = CHECKS.read_text(encoding="utf-8").splitlines()
    rows = [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]
    return {row["check"]: row for row in rows}


def say_check(check: Check, what: str) -> str:
    """Return one of the texts of *check*: ``title``, ``found``, ``sees`` or ``blind``."""
    subject = pretty(check.subject)
    text = check_words()[check.name][what]  # with [is|are]: of one row, of several
    text = re.sub(r"\[(.*?)\|(.*?)\]", r"\1" if check.count == 1 else r"\2", text).format(
        count=count(check.count),
        of=count(check.of),
        share=share(check.share),
        positives=count(check.positives or 0),
        of_positives=count(check.of_positives or 0),
        subject=subject,
        value="" if check.value is None else f"{check.value:.2f}",
        detectable="" if check.detectable is None else f"{check.detectable:.2g}",
    )
    return text[:1].upper() + text[1:] if what in ("title", "found") else text


def reasons_of(audit: SplitAudit) -> list[str]:
    """Return what is to be said of a split, what leaks first."""
    order = (Verdict.LEAKS, Verdict.CAUTION)
    alike: dict[str, list[Check]] = {}
    for check in [check for level in order for check in audit.checks if check.verdict is level]:
        text = say_check(check, "found")
        alike.setdefault(check.name if check.subject else text, []).append(check)
    reasons = []
    for first, *others in alike.values():
        more = ", ".join(pretty(one.subject) for one in others if one.subject)
        reasons.append(say_check(first, "found") + f" The same holds of {more}." * bool(more))
    return reasons


def grounds_of(audit: SplitAudit) -> list[str]:
    """Return the reasons of a verdict; of a clean one what is not shared."""
    equal = "No test row equals one that the model learns from"
    for one in audit.checks:
        if one.name == "copies" and one.count:
            verb = "equals" if one.count == 1 else "equal"
            equal = f"{count(one.count)} of {count(one.of)} test rows {verb} one of another "
            equal += "patient, no more than chance gives in features so coarse"
    return reasons_of(audit) or [f"{equal}, and no patient stands on both sides."]
