"""An audit for other programs, ``audit.json`` and ``shared.tsv``, and for a terminal."""

from __future__ import annotations

from pathlib import Path

from tomocalc.accounts.leakage import Check, Shared, SplitAudit, Verdict
from tomocalc.files import canonical_json, sheet_text, write_together
from tomocalc.pages.words import reasons_of, say_check

FAILING = {
    None: (),
    "leaks": (Verdict.LEAKS,),
    "caution": (Verdict.LEAKS, Verdict.CAUTION),
}
"""Verdicts that fail, by what ``--fail-on`` says."""


def write_audit(folder: str | Path, found: SplitAudit) -> None:
    """Write ``audit.json`` and ``shared.tsv`` into *folder*, both or neither.

    The first holds the ``verdict`` and, of every check, name, verdict, count, share and what; the
    second the rows that have a twin.
    """
    columns = list(Shared.__struct_fields__)
    rows = [{name: _in_a_cell(getattr(one, name)) for name in columns} for one in found.shared]
    content = {"verdict": found.verdict.value, "checks": [*map(_told, found.checks)]}
    write_together(
        folder,
        {
            "audit.json": canonical_json(content).encode(),
            "shared.tsv": sheet_text(columns, rows).encode(),
        },
    )


def tell(found: SplitAudit, folder: Path | None = None) -> str:
    """Return what a terminal shows: the verdict, its reasons, every check, what was written."""
    lines = [f"{found.verdict.value}: " + (" ".join(reasons_of(found)) or "nothing was found.")]
    lines += [f"  {check.verdict.value:8} {say_check(check, 'title')}" for check in found.checks]
    if folder is not None:
        lines.append(f"Written: {folder / 'audit.json'}, {folder / 'shared.tsv'}")
    return "\n".join(lines)


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
