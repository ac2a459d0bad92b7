"""Whether objects cover a finding, and where a finding could be by chance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tomocalc.image.outline import Outline

SMALL_MM = 1.5
"""Only objects whose circle of equal area is at most this wide count: a breast covers nothing."""


@dataclass(frozen=True)
class Finding:
    """A place that should be covered.

    Attributes
    ----------
    slice
        None for all slices.
    row, col
        Centre in pixels.
    half_height, half_width
        Half the extent in pixels.
    round
        An ellipse, otherwise a box.
    """

    slice: int | None
    row: float
    col: float
    half_height: float
    half_width: float
    round: bool

    @classmethod
    def from_annotation(cls, row: Mapping[str, Any]) -> Finding:
        """Take the place of a row of the annotation sheet."""
        if row["radius"] is not None:
            return cls(row["slice"], row["y"], row["x"], row["radius"], row["radius"], True)
        height, width = row["height"] / 2, row["width"] / 2
        return cls(row["slice"], row["y"] + height, row["x"] + width, height, width, False)

    def at(self, row: float, col: float) -> Finding:
        """Return a finding of this size elsewhere."""
        return Finding(self.slice, row, col, self.half_height, self.half_width, self.round)


@dataclass(frozen=True, eq=False)
class Found:
    """The small objects of one generator in one volume, and what decides whether they count.

    Attributes
    ----------
    objects
        Columns slice, row, col.
    spacing_mm
        (row, column).
    tolerance_mm
        How far outside a finding an object still covers it.
    slice_tolerance
        Slices above and below the finding's that count as it.
    """

    objects: pl.DataFrame
    spacing_mm: tuple[float, float]
    tolerance_mm: float
    slice_tolerance: int

    def cover(self, finding: Finding) -> bool:
        """Return whether the centre of an object lies in a finding."""
        objects = self.objects
        if finding.slice is not None:
            near = (pl.col("slice") - finding.slice).abs() <= self.slice_tolerance
            objects = objects.filter(near)
        down = (objects["row"].to_numpy() - finding.row) * self.spacing_mm[0]
        across = (objects["col"].to_numpy() - finding.col) * self.spacing_mm[1]
        reach_down = finding.half_height * self.spacing_mm[0] + self.tolerance_mm
        reach_across = finding.half_width * self.spacing_mm[1] + self.tolerance_mm
        if finding.round:
            return bool(np.any((down / reach_down) ** 2 + (across / reach_across) ** 2 <= 1))
        return bool(np.any((np.abs(down) <= reach_down) & (np.abs(across) <= reach_across)))


def small(objects: pl.DataFrame, spacing_mm: tuple[float, float]) -> pl.DataFrame:
    """Return the objects that could be a calcification by their size."""
    largest = math.pi / 4 * SMALL_MM**2 / (spacing_mm[0] * spacing_mm[1])
    return objects.filter(pl.col("area_px") <= largest)


def mirrored(finding: Finding, outline: Outline, others: Iterable[Finding]) -> list[Finding]:
    """Return the places that mirror a finding at the centre of the breast.

    Up-down, left-right and both; a place outside the breast, or that touches one of *others* (the
    finding itself is one of them), is left out.
    """
    centre_row, centre_col = outline.centre
    row, col = 2 * centre_row - finding.row, 2 * centre_col - finding.col
    places = [finding.at(row, finding.col), finding.at(finding.row, col), finding.at(row, col)]
    return [
        place
        for place in places
        if outline.holds(place.row, place.col) and not any(_touch(place, it) for it in others)
    ]


def _touch(one: Finding, two: Finding) -> bool:
    return (
        abs(one.row - two.row) <= one.half_height + two.half_height
        and abs(one.col - two.col) <= one.half_width + two.half_width
    )
