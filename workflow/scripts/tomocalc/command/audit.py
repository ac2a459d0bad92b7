"""``tomocalc audit`` and ``audit-images``: what parts share; ``seal``: a frozen test part."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tomocalc.command.outputs import outputs
from tomocalc.errors import fault
from tomocalc.sections import PARTS

CHOSEN = ["label", "positive", "negative", "patient", "site", "features", "permutations", "seed"]
"""Options that are arguments of `audit_table`."""

if TYPE_CHECKING:
    from tomocalc.accounts.leakage import SplitAudit


def add_parser(commands: Any) -> None:
    """Add both commands to the sub-commands of a parser."""
    audit = commands.add_parser(
        "audit",
        help="say what the parts of a split share, and what gives its labels away",
        description="Audit a split of a table of features: what the parts share, and what names, "
        "sites and order tell. Without SPLIT the table itself has a column part.",
    )
    audit.set_defaults(run=_audit)
    audit.add_argument("table", nargs="?", help="CSV, TSV or Parquet file, a row per case")
    audit.add_argument("split", nargs="?", help="file with a column part, and row or ids")
    for part in PARTS:
        audit.add_argument(f"--{part}", metavar="FILE", help=f"table of the {part} part alone")
    audit.add_argument("--label", required=True, metavar="COLUMN")
    audit.add_argument("--positive", metavar="VALUE", help="the label that means positive")
    audit.add_argument(
        "--negative",
        metavar="VALUE",
        nargs="+",
        help="those that mean negative; rows of others are left out; default: the one other label",
    )
    audit.add_argument("--patient", metavar="COLUMN")
    audit.add_argument("--site", metavar="COLUMN")
    audit.add_argument("--features", metavar="COLUMN", nargs="+", help="default: all numbers")
    audit.add_argument("--permutations", type=int, default=999, metavar="N", help="default: 999")
    audit.add_argument("--seed", type=int, default=0)
    _add_results(audit)
    images = commands.add_parser(
        "audit-images",
        help="say what two folders of images share",
        description="Compare two folders of images, with all folders in them: equal pixels, "
        "copies, slices of one volume, examinations on both sides.",
    )
    images.set_defaults(run=_audit_images)
    images.add_argument("train", help="folder of the training images")
    images.add_argument("test", help="folder of the test images")
    _add_results(images)


def _add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="DIR", help="for audit.json and shared.tsv")
    parser.add_argument("--sarif", type=Path, metavar="FILE", help="the same for code hosting")
    parser.add_argument("--badge", type=Path, metavar="FILE.svg", help="a picture of the verdict")
    parser.add_argument("--fail-on", choices=("leaks", "caution"), help="exit with 1 from here on")


def _audit(given: argparse.Namespace) -> int:
    parts = {name: getattr(given, name) for name in PARTS if getattr(given, name)}
    if bool(parts) == bool(given.table):
        why = "the parts come from TABLE and SPLIT, or from --train and --test"
        raise fault("inputs_of_two_kinds" if parts else "nothing_to_audit", "command line", why)
    # here: --version and --help need not wait for what computes
    from tomocalc.audit.tables import audit_table

    with outputs(folders=[given.out], files=[given.sarif, given.badge]):
        found = audit_table(
            parts or given.table,
            given.split,
            **{name: getattr(given, name) for name in CHOSEN},
        )
        return _finish(found, given, list(parts.values()) or [given.split or given.table])


def _audit_images(given: argparse.Namespace) -> int:
    from tomocalc.audit.images import audit_images

    with outputs(folders=[given.out], files=[given.sarif, given.badge]):
        return _finish(audit_images(given.train, given.test), given, [given.test])


def _finish(found: SplitAudit, given: argparse.Namespace, files: list[str]) -> int:
    """Write and print what was found in *files*; return the exit code that was asked for."""
    from tomocalc.files import write_text
    from tomocalc.pages.audit_files import badge, fails, sarif, tell, write_audit

    if given.out:
        write_audit(given.out, found)
    if given.sarif:
        write_text(given.sarif, sarif(found, files))
    if given.badge:
        write_text(given.badge, badge(found))
    print(tell(found, given.out))  # noqa: T201
    return int(fails(found, given.fail_on))


def add_seal_parser(commands: Any) -> None:
    """Add the command to the sub-commands of a parser."""
    seal = commands.add_parser(
        "seal",
        help="freeze a test part, and count every look at it",
        description="Freeze the test part of a split in the file SEAL, or make sure that it is "
        "still the frozen one; with --open count a look at it. SEAL alone is checked and told.",
    )
    seal.set_defaults(run=_seal)
    seal.add_argument("seal", type=Path, help="file beside the study, kept for good")
    seal.add_argument("table", nargs="?", help="CSV, TSV or Parquet file, a row per case")
    seal.add_argument("split", nargs="?", help="file with a column part, and row or ids")
    seal.add_argument("--label", metavar="COLUMN")
    seal.add_argument("--positive", metavar="VALUE", default="1", help="default: 1")
    seal.add_argument("--patient", metavar="COLUMN")
    seal.add_argument(
        "--open", metavar="SCORES", help="file of the scores that are evaluated: one look each"
    )


def _seal(given: argparse.Namespace) -> int:
    from tomocalc.files import file_sha256
    from tomocalc.study.seal import freeze, open_seal, read_seal, seal_digest

    with outputs(folders=[], files=[given.seal] if given.table else []):
        if given.table:
            part = _test_part(given)
            looked_at = file_sha256(given.open) if given.open else None
            freeze(given.seal, part)
            if looked_at:
                open_seal(given.seal, part, by="evaluation", key=looked_at)
        elif given.open or given.label:
            raise fault("nothing_to_seal", "command line", "TABLE is missing")
        found = read_seal(given.seal)
    held = found.test_part
    looks = Counter(one.by for one in found.openings)
    told = ", ".join(f"{count} by {name}" for name, count in looks.items())
    print(  # noqa: T201
        f"{given.seal}: {held.cases:,} cases of {held.patients:,} patients, "
        f"{held.positives:,} positive; openings: {told or 'none'}.\n{seal_digest(found)}"
    )
    return 0


def _test_part(given: argparse.Namespace) -> Any:
    """Return the test part of the table and split that were given."""
    import polars as pl

    from tomocalc.audit.joining import PLACE, joined_table
    from tomocalc.audit.rows import unusable
    from tomocalc.audit.tables import labels_of
    from tomocalc.study.seal import part_of_rows

    rows, _ = joined_table(given.table, given.split, patient=given.patient)
    for column in filter(None, (given.label or "", given.patient)):
        if column not in rows.columns:
            why = "the table has no such column"
            raise unusable(f"column {column}", why, "name one that it has")
    if not given.label:
        raise unusable("--label", "it is not said which column is the label", "add --label COLUMN")
    test = rows.drop(PLACE).filter(pl.col("part") == "test")
    if test.is_empty():
        raise unusable("part test", "no row is in it", "name the parts train, validation and test")
    label, _ = labels_of(test[given.label], given.label, given.positive, None)
    return part_of_rows(
        test.with_columns(label.alias(given.label)), label=given.label, patient=given.patient
    )
