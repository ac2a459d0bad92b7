"""Every system that the reference paper's literature names: its figure here, or why it has none.

    snakemake --cores all results/comparison/image_models.html --config comparison='{networks: [...]}'
    python benchmarks/systems.py results/comparison/image_models.parquet

The list is ``benchmarks/systems.tsv``; what has been run decides which
systems have figures.
"""  # noqa: E501

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from measuring import head

COLUMNS = (
    "system",
    "named by",
    "its accuracy",
    "accuracy here",
    "AUROC here",
    "AP here",
    "budget or reason",
)


@dataclass(frozen=True)
class System:
    """One system that the reference paper's literature names, a row of ``systems.tsv``.

    Attributes
    ----------
    publication
        With its number in the paper.
    cited
        Accuracy that the paper cites for it, as printed; empty where it cites none.
    model
        Row of the comparison that stands for it; empty where none does.
    reason
        Why none does, or in what it differs.
    """

    system: str
    publication: str
    cited: str
    model: str
    reason: str


def read_systems() -> list[System]:
    """Return every system, by publication."""
    text = Path(__file__).with_name("systems.tsv").read_text(encoding="utf-8")
    return [System(**row) for row in csv.DictReader(text.splitlines(), dialect="excel-tab")]


def main() -> None:
    """Print one row per system, with the figures of one data set under one protocol."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("comparison", type=Path, help="comparison or image_models .parquet")
    parser.add_argument("--protocol", default="honest")
    given = parser.parse_args()
    table = pl.read_parquet(given.comparison).filter(protocol=given.protocol)
    measured = {row["model"]: row for row in table.filter("measured").to_dicts()}
    print(head(*COLUMNS))
    for system in read_systems():
        cells = line(system, measured.get(system.model))
        print("| " + " | ".join(cells) + " |")
    print(f"\n{table['n'].drop_nulls()[0]:,} test candidates, {given.protocol} split.")


def line(system: System, row: dict[str, Any] | None) -> list[str]:
    """Return the cells of one system; *row* is what has been measured of it, if anything."""
    first = [system.system, system.publication, system.cited or "–"]
    if row is None:
        return [*first, "–", "–", "–", system.reason or "not run"]
    figures = [
        f"{row['accuracy']:.3f}",
        *(f"{row[n]:.3f} ({row[f'{n}_low']:.3f}–{row[f'{n}_high']:.3f})" for n in CURVES),
    ]
    return [*first, *figures, "; ".join(filter(None, [budget(row), system.reason]))]


CURVES = ("auroc", "average_precision")
"""Figures that do not hang on a threshold."""


def budget(row: dict[str, Any]) -> str:
    """Say what a model has cost: trials, or what a network has seen."""
    known = json.loads(row["parameters"] or "{}")
    if "epochs" not in known:
        return f"{row['trials']} trials" if (row["trials"] or 0) > 1 else "no search"
    seen = next(f"{known[kind]:,} {kind}" for kind in ("patches", "sequences") if kind in known)
    start = ", pretrained" if "pretrained" in known else ""
    passes = f"{known['epochs']} epoch{'s' * (known['epochs'] != 1)}"
    return f"{seen}, {passes}, {known['weights']:,} weights{start}"


if __name__ == "__main__":
    main()
