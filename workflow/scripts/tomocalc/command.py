"""The command ``tomocalc``: what can be had without a run of the workflow."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tomocalc.accounts.leakage import Shared, SplitAudit, Verdict
from tomocalc.audit.audit import PERMUTATIONS
from tomocalc.audit.tables import audit_table
from tomocalc.errors import TomocalcError
from tomocalc.files import sheet_text, write_json, write_text
from tomocalc.pages.words import reasons_of, say_check
from tomocalc.version import VERSION

FAULT = 2
"""Exit code of bad input; 1 is that of ``--fail-on``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        return given.run(given)
    except TomocalcError as error:
        print(error, file=sys.stderr)  # noqa: T201
    except OSError as error:
        print(f"ERROR [E501] {error}", file=sys.stderr)  # noqa: T201
    return FAULT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tomocalc", description=__doc__)
    parser.add_argument("--version", action="version", version=f"tomocalc {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    audit = commands.add_parser(
        "audit",
        help="say what the parts of a split share, and what gives its labels away",
        description="Audit a split of a table of features: what the parts share, and what names, "
        "sites and order tell. Without SPLIT the table itself has a column part.",
    )
    audit.set_defaults(run=_audit)
    audit.add_argument("table", nargs="?", help="CSV, TSV or Parquet file, a row per case")
    audit.add_argument("split", nargs="?", help="file with a column part, and row or ids")
    for part in ("train", "validation", "test"):
        audit.add_argument(f"--{part}", metavar="FILE", help=f"table of the {part} part alone")
    audit.add_argument("--label", required=True, metavar="COLUMN")
    audit.add_argument("--positive", metavar="VALUE", help="the label that means positive")
    audit.add_argument("--patient", metavar="COLUMN")
    audit.add_argument("--site", metavar="COLUMN")
    audit.add_argument("--features", metavar="COLUMN", nargs="+", help="default: all numbers")
    audit.add_argument("--permutations", type=int, default=PERMUTATIONS, metavar="N")
    audit.add_argument("--seed", type=int, default=0)
    audit.add_argument("--out", type=Path, metavar="DIR", help="for audit.json and shared.tsv")
    audit.add_argument("--fail-on", choices=("leaks", "caution"), help="exit with 1 from here on")
    return parser


def _audit(given: argparse.Namespace) -> int:
    parts = {name: getattr(given, name) for name in ("train", "validation", "test")}
    parts = {name: path for name, path in parts.items() if path}
    if bool(parts) == bool(given.table):
        raise TomocalcError(
            "E302",
            what="there is nothing to audit" if not parts else "two kinds of input are given",
            where="command line",
            why="the parts come from TABLE and SPLIT, or from --train and --test",
            fix="give one of them: tomocalc audit TABLE SPLIT --label COLUMN",
        )
    found = audit_table(
        parts or given.table,
        given.split,
        label=given.label,
        positive=given.positive,
        patient=given.patient,
        site=given.site,
        features=given.features,
        permutations=given.permutations,
        seed=given.seed,
    )
    if given.out:
        write_audit(given.out, found)
    print(f"{found.verdict.value}: " + (" ".join(reasons_of(found)) or "nothing was found."))  # noqa: T201
    for check in found.checks:
        print(f"  {check.verdict.value:8} {say_check(check, 'title')}")  # noqa: T201
    if given.out:
        print(f"Written: {given.out / 'audit.json'}, {given.out / 'shared.tsv'}")  # noqa: T201
    failing = {"leaks": [Verdict.LEAKS], "caution": [Verdict.LEAKS, Verdict.CAUTION]}
    return int(found.verdict in failing.get(given.fail_on, []))


def write_audit(folder: Path, found: SplitAudit) -> None:
    """Write ``audit.json`` and ``shared.tsv`` into *folder*.

    The first holds the ``verdict`` and, of every check, name, verdict, count, share and what; the
    second the rows that have a twin.
    """
    checks = [
        {
            "name": check.name,
            "subject": check.subject,
            "verdict": check.verdict.value,
            "count": check.count,
            "share": check.share,
            "auroc": check.value,
            "p": check.p,
            "what": say_check(check, "found")
            if check.verdict in (Verdict.LEAKS, Verdict.CAUTION)
            else say_check(check, "title"),
            "sees": say_check(check, "sees"),
            "does_not_see": say_check(check, "blind"),
        }
        for check in found.checks
    ]
    write_json(folder / "audit.json", {"verdict": found.verdict.value, "checks": checks})
    columns = list(Shared.__struct_fields__)
    rows = [{name: getattr(one, name) for name in columns} for one in found.shared]
    write_text(folder / "shared.tsv", sheet_text(columns, rows))


if __name__ == "__main__":
    sys.exit(main())
