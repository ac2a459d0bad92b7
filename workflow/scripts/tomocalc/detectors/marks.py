"""What a detector marks: places on slices, joined through depth to places in the volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.image.linking import Places, link
from tomocalc.tables import Column, schema

Floats = NDArray[np.float64]

MARKS = (
    Column("volume_id", pl.String(), "", "volume, as in the sheet"),
    Column("candidate_id", pl.Int32(), "", "mark, numbered within its volume"),
    Column("slice", pl.Int32(), "", "slice, from 0"),
    Column("centroid_row", pl.Float64(), "px", "centre, row"),
    Column("centroid_col", pl.Float64(), "px", "centre, column"),
    Column("probability", pl.Float64(), "", "score of the whole mark: its highest on any slice"),
    Column("focus", pl.Boolean(), "", "whether this is the slice of that score"),
)
"""Columns of a detector's marks: one row per mark and slice, as of candidates."""


MOST = 100
"""Marks of a volume, the highest scores first: nobody looks at more."""


@dataclass(frozen=True, eq=False)
class SliceMarks:
    """Marks on one slice: centres in pixels and scores, shape (mark,) each."""

    row: Floats
    col: Floats
    score: Floats

    @classmethod
    def joined(cls, parts: Sequence[SliceMarks]) -> SliceMarks:
        """Return all marks of some parts of a slice."""
        columns = [(part.row, part.col, part.score) for part in parts] or [(np.empty(0),) * 3]
        return cls(*(np.concatenate(column) for column in zip(*columns, strict=True)))

    def within(self, mask: NDArray[np.bool_]) -> SliceMarks:
        """Return those whose centre lies in *mask*, (row, column)."""
        row, col = (
            np.clip(np.rint(at).astype(np.int64), 0, size - 1)
            for at, size in zip((self.row, self.col), mask.shape, strict=True)
        )
        keep = mask[row, col]
        return SliceMarks(self.row[keep], self.col[keep], self.score[keep])


def volume_marks(
    slices: Mapping[int, SliceMarks],
    *,
    volume_id: str,
    spacing_mm: tuple[float, float],
    radius_mm: float,
) -> pl.DataFrame:
    """Join the marks of a volume's slices through depth, as candidates are; the `MOST` best stay.

    Parameters
    ----------
    slices
        Marks by slice.
    spacing_mm
        Of rows and columns.
    radius_mm
        Largest distance, in the plane, of marks of neighbouring slices that are one.

    Returns
    -------
    polars.DataFrame
        Columns `MARKS`.
    """
    places = [
        Places(index, marks.row * spacing_mm[0], marks.col * spacing_mm[1], marks.score)
        for index, marks in sorted(slices.items())
    ]
    linked = link(places, radius_mm)
    tables = []
    for index, marks in sorted(slices.items()):
        tables.append(
            pl.DataFrame(
                {
                    "candidate_id": linked.of_object[index],
                    "slice": np.full(marks.row.size, index),
                    "centroid_row": marks.row,
                    "centroid_col": marks.col,
                    "probability": marks.score,
                    "focus": linked.in_focus(index),
                }
            )
        )
    empty = pl.DataFrame(schema=schema(MARKS))
    if not tables:
        return empty
    whole = pl.concat(tables).with_columns(
        pl.col("probability").max().over("candidate_id"), volume_id=pl.lit(volume_id)
    )
    ranked = whole.filter("focus").sort("probability", "candidate_id", descending=[True, False])
    best = whole.filter(pl.col("candidate_id").is_in(ranked["candidate_id"].head(MOST).implode()))
    return best.select(pl.col(name).cast(kind) for name, kind in empty.schema.items()).sort(
        "candidate_id", "slice"
    )
