"""A zoo of planted leaks and of clean splits: what the audit catches, and its false alarms.

    python benchmarks/leaks.py [SEEDS]
    python benchmarks/leaks.py [SEEDS] --peers PYTHON

Every animal is a table of patients with rows of continuous features, split by patient, with one
fault put in on purpose. *caught*: share of seeds whose named check says what it should. *named*:
share of planted rows or patients that the list of twins names. Clean splits are tables of many
shapes; *false alarms* are those that are not called clean.

With ``--peers``, the interpreter of an environment with three public leak detectors
(`benchmarks/leaks_peers.py` says which), the same tables are given to them, as the parts that a
model learns from and the test part.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from measuring import head, row

from support.leaks import table
from support.leaks_zoo import ANIMALS, CLEAN
from tomocalc.accounts.leakage import SplitAudit, Verdict
from tomocalc.audit.audit import audit_split
from tomocalc.audit.rows import SplitRows


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


PEERS = ("deepchecks", "cleanlab", "leakcheck")


def beside(seeds: int, python: str) -> None:
    """Print what the audit and three public detectors say of the same tables."""
    tables: list[tuple[str, SplitRows]] = []
    tables += [(what, make(seed)[0]) for what, _, make in ANIMALS for seed in range(seeds)]
    clean = CLEAN[:36:3]  # of up to 120 patients; the largest take the peers minutes each
    tables += [
        ("clean splits of 12 shapes", table(1000 * place + seed, **shape))  # pyright: ignore[reportArgumentType]
        for place, shape in enumerate(clean)
        for seed in range(seeds)
    ]
    with tempfile.TemporaryDirectory() as folder:
        for number, (_, rows) in enumerate(tables):
            write(Path(folder), f"{number:04d}", rows)
        peers = Path(__file__).with_name("leaks_peers.py")
        run = subprocess.run([python, peers, folder], stdout=subprocess.PIPE, text=True, check=True)
    said = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    print("\n" + head("not called clean", "this audit", *PEERS))
    for what in dict.fromkeys(name for name, _ in tables):
        mine = [number for number, (name, _) in enumerate(tables) if name == what]
        audits = [audit_split(tables[number][1], seed=0).verdict for number in mine]
        shares = [np.mean([verdict is not Verdict.CLEAN for verdict in audits])]
        shares += [np.mean([said[number][peer] for number in mine]) for peer in PEERS]
        print(row(what, *(f"{share:.2f}" for share in shares)), flush=True)


def write(folder: Path, name: str, rows: SplitRows) -> None:
    """Write what a model learns from and the test part as two sheets."""
    known = rows.frame.select("row", "patient", "site", "label", *rows.features, "part")
    for part, test in (("train", False), ("test", True)):
        chosen = known.filter((known["part"] == "test") == test).drop("part")
        chosen.write_csv(folder / f"{name}.{part}.csv", null_value="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("seeds", type=int, nargs="?", default=20)
    parser.add_argument("--peers", metavar="PYTHON")
    options = parser.parse_args()
    if options.peers:
        beside(options.seeds, options.peers)
    else:
        main(options.seeds)
