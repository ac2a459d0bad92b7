"""Tables of scored volumes: candidates, clusters, shift against the training, files."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from markupsafe import Markup

from tomocalc.accounts.prediction import Drift
from tomocalc.pages.parts import Cell, Column, block, note, table
from tomocalc.pages.words import plural, pretty

IN_SILICO = "in-silico phantom"
MOST_ROWS = 200
"""Rows of the table of candidates."""

DRIFT = (
    "The candidates of this volume beside those that the model was trained on. PSI: population "
    "stability index over tenths of the training; KS: largest distance of the two distribution "
    "functions. A volume without any finding differs from a mixed training a little."
)


def candidate_table(marks: pl.DataFrame) -> Markup:
    """Return the likeliest candidates, each with a button that shows it on its slice."""
    columns = [
        Column("Candidate", "text"),
        Column("Probability", "score"),
        Column("Flagged", "text"),
        Column("Cluster", "count"),
        Column("Slice", "count", help="counted from 0, as in the sheets"),
        Column("Column", "count", help="pixels from the left"),
        Column("Row", "count", help="pixels from the top"),
        Column("Width (mm)", "number", help="of the circle of equal area"),
    ]
    button = Markup('<button type="button" class="go" data-candidate="{0}">{0}</button>')
    rows = [
        [
            Cell(button.format(row["candidate_id"]), row["candidate_id"]),
            row["probability"],
            row["flagged"],
            row["cluster_id"],
            row["slice"],
            row["col"],
            row["row"],
            round(row["diameter_mm"], 3),
        ]
        for row in marks.head(MOST_ROWS).iter_rows(named=True)
    ]
    return table(
        columns=columns, rows=rows, caption="Candidates; the number shows one on its slice"
    )


def cluster_table(clusters: pl.DataFrame) -> Markup:
    """Return the clusters of flagged candidates."""
    columns = [
        Column("Cluster", "text"),
        Column("Candidates", "count"),
        Column("Largest probability", "score"),
        Column("Mean probability", "score"),
        Column("Extent (mm)"),
        Column("Per cm²"),
        Column("Nearest (mm)", help="mean distance to the nearest other candidate"),
        Column("Slices", "text"),
    ]
    rows = [
        [
            row["cluster_id"],
            row["count"],
            row["probability_max"],
            row["probability_mean"],
            row["extent_mm"],
            row["density_per_cm2"],
            row["nearest_mm"],
            f"{row['slice_first']} to {row['slice_last']}",
        ]
        for row in clusters.iter_rows(named=True)
    ]
    return table(columns=columns, rows=rows, caption="Clusters of flagged candidates")


def drift_block(drift: Sequence[Drift]) -> Markup:
    """Return how the features of new candidates differ from the training's, if that can be told."""
    if drift and all(row.shift == "unknown" for row in drift):
        return note(
            "Too few candidates to tell a shift from chance, for each of the "
            f"{plural(len(drift), 'feature')}."
        )
    return block([_drift_table(drift)], kind="panel")


def _drift_table(drift: Sequence[Drift]) -> Markup:
    tones = {"strong": "bad", "some": "warn", "none": "good", "unknown": ""}
    columns = [
        Column("Feature", "text"),
        Column("PSI"),
        Column("PSI by chance", help="mean of two samples of these sizes from one distribution"),
        Column("KS"),
        Column("KS by chance", help="95 % bound for such samples"),
        Column("Shift", "text"),
    ]
    rows = [
        [
            pretty(row.feature),
            row.psi,
            row.psi_chance,
            row.ks,
            row.ks_chance,
            Cell(
                "too few candidates" if row.shift == "unknown" else row.shift,
                row.shift,
                tones[row.shift],
            ),
        ]
        for row in drift
    ]
    return table(columns=columns, rows=rows, caption="Shift of every feature")


def file_table(files: Sequence[tuple[str, str]]) -> Markup:
    """Return links to the files beside the page, each with what it is."""
    link = Markup('<a href="{0}">{0}</a>')
    rows = [[Cell(link.format(address), address), meaning] for address, meaning in files]
    columns = [Column("File", "text"), Column("What it is", "text")]
    return table(columns=columns, rows=rows, caption="Files beside this page", sortable=False)
