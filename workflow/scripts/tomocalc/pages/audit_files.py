"""An audit in words, and for other programs: ``audit.json``, ``shared.tsv``, SARIF, a badge."""

import functools
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tomocalc.accounts.leakage import Check, Shared, SplitAudit, Verdict
from tomocalc.files import canonical_json, sheet_rows, sheet_text, write_together
from tomocalc.pages.words import count, pretty, share
from tomocalc.version import VERSION

FAILING = {None: (), "leaks": (Verdict.LEAKS,), "caution": (Verdict.LEAKS, Verdict.CAUTION)}
"""Verdicts that fail, by what ``--fail-on`` says."""
COPIES = ("copies", "copies_validation", "part_copies", "near_copies", "repeats")
"""Checks of rows that resemble another."""
SARIF_LEVELS = {Verdict.LEAKS: "error", Verdict.CAUTION: "warning"}
COLOURS = {Verdict.CLEAN: "#2f7d4f", Verdict.CAUTION: "#9a6700", Verdict.LEAKS: "#b42318"}
"""Of the badge: white letters on each have a contrast of 4.5 or more."""
LETTER = 6.6
"""Mean width of a letter of 11 px, in px."""


@functools.cache
def check_words() -> dict[str, dict[str, str]]:
    """Return what each check of the leakage audit is called, finds, sees and does not see."""
    return {row["check"]: row for row in sheet_rows(Path(__file__).with_name("checks.tsv"))}


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


def write_audit(folder: str | Path, found: SplitAudit) -> None:
    """Write ``audit.json`` and ``shared.tsv`` into *folder*, both or neither.

    The first holds the ``verdict``, every feature with its AUROC alone and, of every check, name,
    verdict, count, share and what; the second the rows that have a twin.
    """
    columns = list(Shared.__struct_fields__)
    rows = [{name: _in_a_cell(getattr(one, name)) for name in columns} for one in found.shared]
    content = {
        "verdict": found.verdict.value,
        "positive": found.positive,
        "features": {one.feature: one.auroc for one in found.features},
        "checks": [*map(_told, found.checks)],
    }
    write_together(
        folder,
        {
            "audit.json": canonical_json(content).encode(),
            "shared.tsv": sheet_text(columns, rows).encode(),
        },
    )


def sarif(found: SplitAudit, files: Sequence[str]) -> str:
    """Return the audit as SARIF 2.1.0, which code-hosting sites show beside a change.

    Every check that found something is a result, at the start of each of *files*.
    """
    bad = [check for check in found.checks if check.verdict in SARIF_LEVELS]
    names = list(dict.fromkeys(check.name for check in bad))
    rules = [
        {
            "id": name,
            "fullDescription": {"text": f"Sees {check_words()[name]['sees']}."},
            "help": {"text": f"Does not see {check_words()[name]['blind']}."},
        }
        for name in names
    ]
    places = [
        {"physicalLocation": {"artifactLocation": {"uri": file}, "region": {"startLine": 1}}}
        for file in files
    ]
    results = [
        {
            "ruleId": check.name,
            "level": SARIF_LEVELS[check.verdict],
            "message": {"text": say_check(check, "found")},
            "locations": places,
            "properties": {"count": check.count, "share": check.share},
        }
        for check in bad
    ]
    driver = {"name": "tomocalc", "version": VERSION, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "results": results,
        "properties": {"verdict": found.verdict.value},
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return canonical_json({"$schema": schema, "version": "2.1.0", "runs": [run]})


def badge(found: SplitAudit) -> str:
    """Return the verdict as a badge, SVG that loads nothing."""
    left, right = "split audit", found.verdict.value
    first, second = (round(LETTER * len(text)) + 12 for text in (left, right))
    texts = "".join(
        f'<text x="{middle}" y="14" text-anchor="middle">{text}</text>'
        for middle, text in ((first / 2, left), (first + second / 2, right))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{first + second}" height="20" '
        f'role="img" aria-label="{left}: {right}"><title>{left}: {right}</title>'
        f'<rect width="{first}" height="20" fill="#444"/>'
        f'<rect x="{first}" width="{second}" height="20" fill="{COLOURS[found.verdict]}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{texts}</g>'
        "</svg>\n"
    )


def tell(found: SplitAudit, folder: Path | None = None) -> str:
    """Return what a terminal shows: the verdict, its reasons, every check, what was written."""
    lines = [f"{found.verdict.value}: " + (" ".join(reasons_of(found)) or "nothing was found.")]
    if found.positive:
        held = {name: part for name, part in found.parts.items() if part.rows}
        counts = [f"{part.positives:,} of {part.rows:,} in {name}" for name, part in held.items()]
        lines.append(f"  positive is `{found.positive}`: {', '.join(counts)}")
    if found.features:
        best = found.features[0]
        told = f"  features: {len(found.features):,}, of which {best.feature} tells most alone"
        lines.append(f"{told} (AUROC {best.auroc:.2f})")
    for check in found.checks:
        line = f"  {check.verdict.value:8} {say_check(check, 'title')}"
        if check.verdict in FAILING["caution"] and check.count:
            line += f": {check.count:,} of {check.of:,}{_whose(found, check.name)}"
        lines.append(line)
    if folder is not None:
        lines.append(f"Written: {folder / 'audit.json'}, {folder / 'shared.tsv'}")
    return "\n".join(lines)


def _whose(found: SplitAudit, check: str) -> str:
    """Say whose twins the rows of a check have, where patients are named."""
    twins = [one for one in found.shared if one.check == check]
    if check not in COPIES or not found.patients_named:
        return ""
    counts = Counter(
        "the row itself"
        if one.row == one.twin_row
        else f"a row of {'the same' if one.patient == one.twin_patient else 'another'} patient"
        for one in twins
    )
    return f" ({', '.join(f'{count:,} of {whose}' for whose, count in counts.items())})"


def fails(found: SplitAudit, threshold: str | None) -> bool:
    """Return whether a verdict is at or above *threshold*: ``leaks``, ``caution`` or None."""
    return found.verdict in FAILING[threshold]


def _told(check: Check) -> dict[str, object]:
    bad = check.verdict in FAILING["caution"]
    return {
        "name": check.name,
        "subject": check.subject,
        "verdict": check.verdict.value,
        "count": check.count,
        "share": check.share,
        "auroc": check.value,
        "p": check.p,
        "what": say_check(check, "found" if bad else "title"),
        "sees": say_check(check, "sees"),
        "does_not_see": say_check(check, "blind"),
    }


def _in_a_cell(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value
