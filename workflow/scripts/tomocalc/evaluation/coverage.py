"""How many findings the search covers: by kind, by visibility, and by chance.

Chance is the same test at the places that mirror a finding in the same breast.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tomocalc.accounts.detection import GeneratorRecall, KindRecall, Recall, VisibilityRecall
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.dataset.labels import Objects
from tomocalc.dataset.masks import PlacedMask
from tomocalc.errors import TomocalcError, quoted
from tomocalc.evaluation.jackknife import share_by_patient
from tomocalc.files import file_sha256
from tomocalc.image.breast import Outline
from tomocalc.image.shards import remains
from tomocalc.parquet import read_metadata, read_parquet
from tomocalc.sections import Finding, Place

SMALL_MM = 1.5
"""Only objects whose circle of equal area is at most this wide count: a breast covers nothing."""

EDGES = (0.0, 3.0, 5.0, 8.0)
"""Lower ends of the bins of contrast to noise."""

STRONG = 5.0
"""Contrast to noise from which a calcification is clearly visible (Rose criterion)."""

KINDS = ("calcification", "cluster")
CONFIDENCE = 0.95
"""Of the intervals."""


@dataclass(frozen=True)
class Target:
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
        A mask, of which the rest is the bounding box.
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
    mask: PlacedMask | None = None
    shift: tuple[float, float] = (0.0, 0.0)
    parts: tuple[Target, ...] = ()

    @classmethod
    def from_annotation(cls, row: Place) -> Target:
        """Take the place of a finding, all lines of it."""
        parts = tuple(cls.from_annotation(part) for part in row.get("parts", ()))
        if row["radius"] is not None:
            size = row["radius"], row["radius"]
            return cls(row["slice"], row["y"], row["x"], *size, True, parts=parts)
        height, width = row["height"] / 2, row["width"] / 2
        centre = row["y"] + height, row["x"] + width
        return cls(row["slice"], *centre, height, width, False, mask=row.get("mask"), parts=parts)

    def at(self, row: float, col: float) -> Target:
        """Return a finding of this size elsewhere."""
        down, across = row - self.row, col - self.col
        moved = self.shift[0] + down, self.shift[1] + across
        parts = tuple(part.at(part.row + down, part.col + across) for part in self.parts)
        return replace(self, row=row, col=col, shift=moved, parts=parts)

    def annotation(self) -> Place:
        """Return the finding as a row of the annotation sheet."""
        up, left = (0.0, 0.0) if self.round else (self.half_height, self.half_width)
        return {
            "slice": self.slice,
            "x": self.col - left,
            "y": self.row - up,
            "radius": self.half_height if self.round else None,
            "width": 2 * self.half_width,
            "height": 2 * self.half_height,
            "mask": self.mask,
        }


@dataclass(frozen=True, eq=False)
class SmallObjects:
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

    def cover(self, finding: Target) -> bool:
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


def read_objects(path: Path, manifest: VolumeManifest) -> tuple[pl.DataFrame, Outline | None]:
    """Read the objects of a volume and the outline of its breast.

    Raises
    ------
    TomocalcError
        ``E301`` when the table is not the one its manifest announced.
    """
    if not path.is_file() or file_sha256(path) != manifest.objects.sha256:
        again = quoted(*remains(path.with_name("manifest.json")))
        raise TomocalcError(
            "E301",
            what="a table of objects cannot be used",
            where=str(path),
            why="it is missing or differs from the checksum in its manifest",
            fix=f"delete it and run the same command again: rm {again}",
        )
    text = read_metadata(path)["outline"]
    return read_parquet(path), Outline.from_text(text) if text else None


def small(objects: pl.DataFrame, spacing_mm: tuple[float, float]) -> pl.DataFrame:
    """Return the objects that could be a calcification by their size."""
    largest = math.pi / 4 * SMALL_MM**2 / (spacing_mm[0] * spacing_mm[1])
    return objects.filter(pl.col("area_px") <= largest)


def mirrored(finding: Target, outline: Outline, others: Iterable[Target]) -> list[Target]:
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


def _touch(one: Target, two: Target) -> bool:
    return (
        abs(one.row - two.row) <= one.half_height + two.half_height
        and abs(one.col - two.col) <= one.half_width + two.half_width
    )


class Coverage:
    """Counts over volumes for one generator."""

    def __init__(self) -> None:
        self._covered: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
        self._objects = self._small = self._slices = 0
        self._area_cm2 = 0.0

    def add_volume(self, objects: pl.DataFrame, facts: VolumeManifest) -> None:
        """Count the objects of a volume.

        Parameters
        ----------
        objects
            All of the generator's, whatever their size.
        facts
            The manifest.
        """
        row_mm, col_mm = facts.pixel_spacing_mm
        breast = sum(entry.breast_share for entry in facts.slice_facts)
        self._objects += objects.height
        self._small += small(objects, (row_mm, col_mm)).height
        self._slices += len(facts.slice_facts)
        self._area_cm2 += breast * facts.rows * facts.columns * row_mm * col_mm / 100

    def add_findings(
        self,
        found: SmallObjects,
        findings: Sequence[Finding],
        outline: Outline | None,
        *,
        patient: str,
    ) -> None:
        """Count annotated findings of a volume of *patient*, and the places that mirror them."""
        places = [Target.from_annotation(row) for row in findings]
        for row, place in zip(findings, places, strict=True):
            self._covered[row["kind"]].append((patient, found.cover(place)))
            mirrors = mirrored(place, outline, places) if outline else []
            by_chance = [(patient, found.cover(mirror)) for mirror in mirrors]
            self._covered[f"{row['kind']} by chance"] += by_chance

    def add_truth(self, found: SmallObjects, truth: Sequence[Any], *, patient: str) -> None:
        """Count what was put into an in-silico volume: kind, place, contrast_to_noise."""
        for row in truth:
            covered = patient, found.cover(Target.from_annotation(row))
            if row["kind"] != "calcification":
                self._covered[f"other {row['kind']}"].append(covered)
                continue
            ratio = row["contrast_to_noise"]
            self._covered[f"bin {max(bisect_right(EDGES, ratio) - 1, 0)}"].append(covered)
            if ratio >= STRONG:
                self._covered["strong"].append(covered)

    def account(self) -> GeneratorRecall:
        """Return rates and densities."""
        slices = max(self._slices, 1)
        others = sorted(name for name in self._covered if name.startswith("other "))
        return GeneratorRecall(
            objects_per_slice=round(self._objects / slices, 2),
            small_objects_per_slice=round(self._small / slices, 2),
            small_objects_per_cm2_of_breast=round(self._small / max(self._area_cm2, 1e-9), 3),
            kinds={
                kind: KindRecall(found=self._rate(kind), by_chance=self._rate(f"{kind} by chance"))
                for kind in KINDS
                if kind in self._covered
            },
            strong=self._rate("strong") if "strong" in self._covered else None,
            by_visibility=tuple(
                VisibilityRecall(
                    above=above,
                    below=next(iter(EDGES[number + 1 :]), None),
                    found=self._rate(f"bin {number}"),
                )
                for number, above in enumerate(EDGES)
                if f"bin {number}" in self._covered
            ),
            other_objects={name.removeprefix("other "): self._rate(name) for name in others},
        )

    def _rate(self, name: str) -> Recall:
        return rate(self._covered[name])


def rate(hits: Sequence[tuple[str, bool]]) -> Recall:
    """Return counts and recall of (patient, covered), its interval by patient; None without any."""
    found = share_by_patient(hits, CONFIDENCE)
    recall, low, high = (
        None if end is None else round(end, 4) for end in (found.value, found.low, found.high)
    )
    covered = sum(covered for _, covered in hits)
    return Recall(findings=len(hits), covered=covered, recall=recall, lower=low, upper=high)
