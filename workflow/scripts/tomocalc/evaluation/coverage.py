"""How many findings the search covers: by kind, by visibility, and by chance.

Chance is the same test at the places that mirror a finding in the same breast.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tomocalc.accounts.detection import GeneratorRecall, KindRecall, Recall, VisibilityRecall
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.dataset.labels import Objects
from tomocalc.evaluation.findings import box_of
from tomocalc.evaluation.jackknife import share_by_patient
from tomocalc.files import file_sha256
from tomocalc.image.breast import Outline
from tomocalc.image.objects import stored_objects
from tomocalc.image.shards import unusable
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

Shift = tuple[float, float]
"""Rows and columns from a finding to another place."""


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

    def cover(self, finding: Place, shift: Shift = (0.0, 0.0)) -> bool:
        """Return whether the centre of an object lies in a finding, by the rule of the labels.

        With a *shift*: in the place of the same shape so far from it.
        """
        row, col = (self.objects[name].to_numpy().astype(np.float64) for name in ("row", "col"))
        slices = self.objects["slice"].to_numpy().astype(np.int64)
        row, col = row - shift[0], col - shift[1]
        objects = Objects(row, col, slices, np.arange(row.size), spacing_mm=self.spacing_mm)
        return bool(objects.within(finding, self.tolerance_mm, self.slice_tolerance).any())


def read_objects(folder: Path, manifest: VolumeManifest) -> tuple[pl.DataFrame, Outline | None]:
    """Read the objects of a volume and the outline of its breast from its *folder*.

    Raises
    ------
    TomocalcError
        ``E301`` when the table is not the one its manifest announced.
    """
    path = folder / manifest.objects.path
    if not path.is_file() or file_sha256(path) != manifest.objects.sha256:
        raise unusable(path, "it is missing or differs from the checksum in its manifest")
    return stored_objects(path)


def small(objects: pl.DataFrame, spacing_mm: tuple[float, float]) -> pl.DataFrame:
    """Return the objects that could be a calcification by their size."""
    largest = math.pi / 4 * SMALL_MM**2 / (spacing_mm[0] * spacing_mm[1])
    return objects.filter(pl.col("area_px") <= largest)


def mirrored(finding: Place, outline: Outline, others: Iterable[Place]) -> list[Shift]:
    """Return how far away the places are that mirror a finding at the centre of the breast.

    Up-down, left-right and both; a place outside the breast, or that touches one of *others* (the
    finding itself is one of them), is left out.
    """
    box, taken = box_of(finding), [box_of(other) for other in others]
    row, col = box.centre
    down, across = 2 * (outline.centre[0] - row), 2 * (outline.centre[1] - col)
    return [
        shift
        for shift in ((down, 0.0), (0.0, across), (down, across))
        if outline.holds(row + shift[0], col + shift[1])
        and not any(box.moved(*shift).touches(other) for other in taken)
    ]


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
        for row in findings:
            self._covered[row["kind"]].append((patient, found.cover(row)))
            mirrors = mirrored(row, outline, findings) if outline else []
            by_chance = [(patient, found.cover(row, shift)) for shift in mirrors]
            self._covered[f"{row['kind']} by chance"] += by_chance

    def add_truth(self, found: SmallObjects, truth: Sequence[Any], *, patient: str) -> None:
        """Count what was put into an in-silico volume: kind, place, contrast_to_noise."""
        for row in truth:
            covered = patient, found.cover(row)
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
