"""A zoo of planted leaks and of clean splits: what the audit catches, and its false alarms.

    python benchmarks/leaks.py [SEEDS] [--clean SEEDS]
    python benchmarks/leaks.py [SEEDS] --peers PYTHON

Every animal is a table of patients with rows of continuous features, split by patient, with one
fault put in on purpose. *caught*: share of seeds whose named check says what it should. *named*:
share of planted rows or patients that the list of twins names. Clean tables are those of
`benchmarks/leaks_kinds.py`, as many of each kind as there are seeds.

With ``--peers``, the interpreter of an environment with three public leak detectors
(`benchmarks/leaks_peers.py` says which), the same tables are given to them, as the parts that a
model learns from and the test part.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from leaks_kinds import KINDS, clean_table
from measuring import head, row

from support.leaks import table
from support.leaks_zoo import ANIMALS
from tomocalc.accounts.leakage import SplitAudit, Verdict
from tomocalc.audit.audit import audit_split
from tomocalc.audit.rows import SplitRows
from tomocalc.audit.tables import audit_table
from tomocalc.metrics import wilson

SAID = (Verdict.CAUTION, Verdict.LEAKS)
FIRST = 100
"""Seed of the first clean table of every kind: those before it were looked at to mend the audit."""
ORDERS = 99
"""Random orders of the labels of a clean table: of more, as few are called telling by chance."""


def caught(audit: SplitAudit, check: str) -> bool:
    """Return whether the check of this name says more than clean."""
    return any(one.name == check and one.verdict in SAID for one in audit.checks)


def main(seeds: int) -> None:
    """Print what is caught and named of the planted leaks."""
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


def clean(seeds: int) -> None:
    """Print how many clean tables of every family are not called clean, and for what."""
    print("\n" + head("clean tables", "tables", "not called clean", "95 % interval", "told for"))
    every: list[list[str]] = []
    for family, kinds in KINDS.items():
        fresh = range(FIRST, FIRST + seeds)
        told = [told_of(family, kind, seed) for kind in kinds for seed in fresh]
        print(line(family, told), flush=True)
        every += told
    print(line("all", every))


def told_of(family: str, kind: str, seed: int) -> list[str]:
    """Return the checks that say more than clean of a clean table."""
    table, split, options = clean_table(family, kind, seed)
    audit = audit_table(table, split, permutations=ORDERS, **options)
    found = dict.fromkeys(c.name for c in audit.checks if c.verdict in SAID)
    if found:
        print(f"{family}, {kind}, seed {seed}: {', '.join(found)}", file=sys.stderr)
    return list(found)


def line(family: str, told: list[list[str]]) -> str:
    """Return the line of a family: tables, alarms, interval, and what was told how often."""
    alarms = sum(map(bool, told))
    low, high = wilson(alarms, len(told))
    counts = Counter(name for names in told for name in names).most_common()
    words = ", ".join(f"{name} {count}" for name, count in counts)
    found = f"{alarms} ({alarms / len(told):.1%})", f"{low:.1%}–{high:.1%}"
    return row(family, len(told), *(text.replace("%", " %") for text in found), words)


PEERS = ("deepchecks", "cleanlab", "leakcheck")


def beside(seeds: int, python: str) -> None:
    """Print what the audit and three public detectors say of the same tables."""
    tables: list[tuple[str, SplitRows]] = []
    tables += [(what, make(seed)[0]) for what, _, make in ANIMALS for seed in range(seeds)]
    sizes = [(10, 2), (20, 6), (20, 20), (40, 60)]
    shapes = [(count, *size) for count in (32, 60, 120) for size in sizes]  # more take them minutes
    tables += [
        ("clean splits of 12 shapes", table(1000 * at + seed, patients=n, rows=m, features=k))
        for at, (n, m, k) in enumerate(shapes)
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
    parser.add_argument("--clean", type=int, metavar="SEEDS", help="clean tables of every kind")
    parser.add_argument("--peers", metavar="PYTHON")
    options = parser.parse_args()
    if options.peers:
        beside(options.seeds, options.peers)
    else:
        main(options.seeds)
        clean(options.clean or options.seeds)
