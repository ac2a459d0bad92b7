"""``tomocalc seal``: freeze a test part, and count every look at it."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from tomocalc.command.outputs import outputs
from tomocalc.errors import TomocalcError


def add_parser(commands: Any) -> None:
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
    with outputs(folders=[], files=[given.seal] if given.table else []):
        return _told(given)


def _told(given: argparse.Namespace) -> int:
    from tomocalc.files import file_sha256
    from tomocalc.study.seal import freeze, open_seal, read_seal, seal_digest

    if given.table is None:
        if given.open or given.label:
            raise TomocalcError(
                "E105",
                what="nothing can be sealed or opened",
                where="command line",
                why="TABLE is missing",
                fix="give it: tomocalc seal SEAL TABLE [SPLIT] --label COLUMN",
            )
        found = read_seal(given.seal)
    else:
        part = _test_part(given)
        looked_at = file_sha256(given.open) if given.open else None
        found = freeze(given.seal, part)
        if looked_at:
            open_seal(given.seal, part, by="evaluation", key=looked_at)
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

    from tomocalc.audit.joining import joined_table
    from tomocalc.audit.rows import fault
    from tomocalc.audit.tables import labels_of
    from tomocalc.study.seal import part_of_rows

    rows, _ = joined_table(given.table, given.split, patient=given.patient)
    for column in filter(None, (given.label or "", given.patient)):
        if column not in rows.columns:
            raise fault(f"column {column}", "the table has no such column", "name one that it has")
    if not given.label:
        raise fault("--label", "it is not said which column is the label", "add --label COLUMN")
    test = rows.filter(pl.col("part") == "test")
    if test.is_empty():
        raise fault("part test", "no row is in it", "name the parts train, validation and test")
    label, _ = labels_of(test[given.label], given.label, given.positive, None)
    return part_of_rows(
        test.with_columns(label.alias(given.label)), label=given.label, patient=given.patient
    )
