"""A zoo of planted leaks and of clean splits: what the audit catches, and its false alarms.

    python benchmarks/leaks.py [SEEDS]

Every animal is a table of patients with rows of continuous features, split by patient, with one
fault put in on purpose. *caught*: share of seeds whose named check says what it should. *named*:
share of planted rows or patients that the list of twins names. Clean splits are tables of many
shapes; *false alarms* are those that are not called clean.
"""

from __future__ import annotations

import sys

import numpy as np
from measuring import head

from support.leaks import ANIMALS, CLEAN, table
from tomocalc.accounts.leakage import SplitAudit, Verdict
from tomocalc.audit.audit import audit_split


def caught(audit: SplitAudit, check: str) -> bool:
    """Return whether the check of this name says more than clean."""
    return any(
        one.name == check and one.verdict in (Verdict.CAUTION, Verdict.LEAKS)
        for one in audit.checks
    )


def main(seeds: int) -> None:
    """Print both tables."""
    print(head("planted", "check", "caught", "named", "verdicts"))
    for what, check, make in ANIMALS:
        audits = [
            (audit_split(rows, seed=seed), names)
            for seed in range(seeds)
            for rows, names in [make(seed)]
        ]
        share = np.mean([caught(audit, check) for audit, _ in audits])
        named = [
            len(names & ({one.row for one in audit.shared} | {one.patient for one in audit.shared}))
            / len(names)
            for audit, names in audits
            if names
        ]
        verdicts = sorted({audit.verdict.value for audit, _ in audits})
        print(
            f"| {what} | {check} | {share:.2f} | {np.mean(named):.2f} |"
            if named
            else f"| {what} | {check} | {share:.2f} | |",
            ", ".join(verdicts),
            "|",
            flush=True,
        )
    alarms = []
    for place, shape in enumerate(CLEAN):
        for seed in range(seeds):
            audit = audit_split(table(1000 * place + seed, **shape), seed=seed)  # pyright: ignore[reportArgumentType]
            if audit.verdict is not Verdict.CLEAN:
                alarms.append(
                    ", ".join(
                        f"{c.name} {c.subject}"
                        for c in audit.checks
                        if c.verdict in (Verdict.CAUTION, Verdict.LEAKS)
                    )
                    + f" {shape}"
                )
    total = len(CLEAN) * seeds
    print(f"\n{len(alarms)} of {total} clean splits not called clean ({len(alarms) / total:.1%}).")
    print(*alarms, sep="\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
