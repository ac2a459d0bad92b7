"""Whether annotations lie on candidates if their places are read otherwise: mirrored, in mm.

A sheet that counts y from the bottom fits its images as well as any, and labels nothing but
chance. Few of its findings then have a candidate, and nearly all have one in the right reading.
Slices counted from 1 lie within the tolerance, and nearly all on the same side of best focus.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, cast

import numpy as np
import polars as pl

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.quality import DatasetDoubt
from tomocalc.dataset.labels import Objects
from tomocalc.errors import fault
from tomocalc.sections import Finding, LabelsSection, Place

FEWEST = 3
"""Findings that must have a candidate in another reading before it is believed."""
SHARE = 2 / 3
"""The same, as a share of all findings."""
BESIDE, ON_ONE_SIDE = 10, 0.8
"""Calcifications, and the share of them on one side of best focus, for slices to be doubtful."""
READINGS = {
    "x and y exchanged": "exchange the columns: x is the column, counted from the left",
    "y counted from the bottom": "count y from the top: rows - 1 - y",
    "x counted from the right": "count x from the left: columns - 1 - x",
    "x and y counted from the lower right corner": "count both from the upper left corner",
    "slices counted from the last": "count slices from the first: slices - 1 - slice",
    "slices counted from 1": "count slices from 0: slice - 1",
    "places in mm": "divide places and sizes by the pixel spacing: they are in pixels",
}
"""What a sheet may mean, and what mends it."""


class Readings:
    """Counts the findings of all volumes that have a candidate in each reading; masks have one."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()
        self._matched = self._findings = 0
        self._steps: list[int] = []

    def add(
        self,
        rows: pl.DataFrame,
        findings: Iterable[Finding],
        volume: VolumeManifest,
        labels: LabelsSection,
    ) -> None:
        """Count the *findings* of one volume, whose shards hold *rows*."""
        own = Objects.of(rows, volume.pixel_spacing_mm)
        sharpest = Objects.of(rows.filter("focus"), volume.pixel_spacing_mm)
        reach = labels["tolerance_mm"], labels["slice_tolerance"]
        for finding in findings:
            if "mask_shape" in finding:
                continue
            self._findings += 1
            self._matched += bool(own.within(finding, *reach).any())
            for name, place in _readings(finding, volume):
                self._found[name] += bool(own.within(place, *reach).any())
            at = finding["slice"]
            if at is not None and finding["kind"] == "calcification" and not finding.get("parts"):
                # one slice more than a match may be off: else a step of 1 would seem cut off
                near = np.flatnonzero(sharpest.within(finding, reach[0], reach[1] + 1))
                if near.size:
                    nearest = near[np.argmin(sharpest.from_centre(finding)[near])]
                    self._steps.append(int(at - sharpest.slice[nearest]))

    def doubts(self) -> Iterator[DatasetDoubt]:
        """Say that nearly all calcifications lie on one side of the slice of best focus."""
        for side in (1, -1):
            beside = sum(step * side > 0 for step in self._steps)
            if beside >= max(BESIDE, ON_ONE_SIDE * len(self._steps)):
                told = {"beside": beside, "findings": len(self._steps), "side": side}
                yield DatasetDoubt(code="slices_beside", values={**told})

    def check(self, sheet: str) -> None:
        """Check that no other reading explains what few matches there are.

        Raises
        ------
        TomocalcError
            ``E303``.
        """
        for name, found in self._found.most_common(1):
            if found >= max(FEWEST, SHARE * self._findings) and self._matched < found / 2:
                told = f"{self._matched} of {self._findings} findings with x and y"
                why = f"{told} have a candidate, and {found} with {name}"
                raise fault("annotations_misread", sheet, why, READINGS[name])


def _readings(row: Finding, volume: VolumeManifest) -> Iterator[tuple[str, Place]]:
    """Yield the other readings of a row that lie in the volume."""
    x, y, at = row["x"], row["y"], row["slice"]
    wide, high = row["width"], row["height"]
    # of a circle the last column is columns - 1, of a box x is its left edge
    right, lower = (
        size - 1 - place if extent is None else size - place - extent
        for size, place, extent in ((volume.columns, x, wide), (volume.rows, y, high))
    )
    down, across = volume.pixel_spacing_mm
    sizes = {
        name: None if row[name] is None else row[name] / step
        for name, step in (("radius", across), ("width", across), ("height", down))
    }
    places: Iterable[dict[str, Any]] = (
        {"x": y, "y": x, "width": high, "height": wide},
        {"y": lower},
        {"x": right},
        {"x": right, "y": lower},
        {"slice": None if at is None else volume.slices - 1 - at},
        {"slice": None if at is None else at - 1},
        {"x": x / across, "y": y / down, **sizes},
    )
    for name, place in zip(READINGS, places, strict=True):
        yield name, cast("Place", {**row, **place, "parts": []})
