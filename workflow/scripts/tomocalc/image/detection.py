"""Whether objects cover a finding, and where a finding could be by chance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from tomocalc.dataset.labels import Objects
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
        A circle, otherwise a box.
    mask
        File of a mask, of which the rest is the bounding box.
    shift
        Rows and columns from where the mask was drawn to here.
    parts
        The same finding on other slices.
    """

    slice: int | None
    row: float
    col: float
    half_height: float
    half_width: float
    round: bool
    mask: str | None = None
    shift: tuple[float, float] = (0.0, 0.0)
    parts: tuple[Finding, ...] = ()

    @classmethod
    def from_annotation(cls, row: Mapping[str, Any]) -> Finding:
        """Take the place of a finding, all lines of it."""
        parts = tuple(cls.from_annotation(part) for part in row.get("parts", ()))
        if row["radius"] is not None:
            size = row["radius"], row["radius"]
            return cls(row["slice"], row["y"], row["x"], *size, True, parts=parts)
        height, width = row["height"] / 2, row["width"] / 2
        centre = row["y"] + height, row["x"] + width
        return cls(row["slice"], *centre, height, width, False, mask=row.get("mask"), parts=parts)

    def at(self, row: float, col: float) -> Finding:
        """Return a finding of this size elsewhere."""
        down, across = row - self.row, col - self.col
        moved = self.shift[0] + down, self.shift[1] + across
        parts = tuple(part.at(part.row + down, part.col + across) for part in self.parts)
        return replace(self, row=row, col=col, shift=moved, parts=parts)

    def annotation(self) -> dict[str, Any]:
        """Return the finding as a row of the annotation sheet."""
        up, left = (0.0, 0.0) if self.round else (self.half_height, self.half_width)
        return {
            "slice": self.slice,
            "x": self.col - left,
            "y": self.row - up,
            "radius": self.half_height if self.round else None,
            "width": None if self.round else 2 * self.half_width,
            "height": None if self.round else 2 * self.half_height,
            "mask": self.mask,
        }


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
        """Return whether the centre of an object lies in a finding, by the rule of the labels."""
        if any(self.cover(part) for part in finding.parts):
            return True
        row, col = (self.objects[name].to_numpy().astype(np.float64) for name in ("row", "col"))
        slices = self.objects["slice"].to_numpy().astype(np.int64)
        if finding.mask:
            row, col = row - finding.shift[0], col - finding.shift[1]
        objects = Objects(row, col, slices, np.arange(row.size), spacing_mm=self.spacing_mm)
        inside = objects.within(finding.annotation(), self.tolerance_mm, self.slice_tolerance)
        return bool(inside.any())


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
