"""What there was to find: annotated calcifications, and the clusters that they form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tomocalc.accounts.manifest import VolumeFacts
from tomocalc.evaluation.clusters import Rule, cluster_numbers
from tomocalc.sections import Finding, Place


@dataclass(frozen=True)
class Box:
    """A box in the plane of the slices, in pixels; ``slice`` is None when it is on every one."""

    top: float
    left: float
    bottom: float
    right: float
    slice: float | None

    @property
    def centre(self) -> tuple[float, float]:
        """Row and column."""
        return (self.top + self.bottom) / 2, (self.left + self.right) / 2

    def moved(self, down: float, across: float) -> Box:
        """Return the box so many rows and columns further."""
        top, left = self.top + down, self.left + across
        return Box(top, left, self.bottom + down, self.right + across, self.slice)

    def touches(self, other: Box) -> bool:
        """Return whether the boxes have a point in common, on whatever slice."""
        rows = self.top <= other.bottom and other.top <= self.bottom
        return rows and self.left <= other.right and other.left <= self.right


@dataclass(frozen=True)
class Calcification:
    """One annotated calcification."""

    volume_id: str
    finding_id: int


@dataclass(frozen=True)
class Cluster:
    """One annotated cluster, or one formed by annotated calcifications.

    Parameters
    ----------
    findings
        The ``finding_id`` of everything on it: the annotation itself and the calcifications in
        it.
    pathology
        Whether one of them has a known outcome, that is, was biopsied.
    formed
        Whether annotated calcifications form it by the rule, rather than the sheet naming it.
    """

    volume_id: str
    box: Box
    findings: frozenset[int]
    pathology: bool
    formed: bool = False


@dataclass
class Findings:
    """Annotated findings of all volumes, in the order of the volumes and of the sheet."""

    calcifications: list[Calcification] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)


def box_of(annotation: Place) -> Box:
    """Return the bounding box of an annotation; a shape without a size is a point."""
    x, y, on_slice = annotation["x"], annotation["y"], annotation["slice"]
    radius = annotation.get("radius")
    if radius is not None:
        return Box(y - radius, x - radius, y + radius, x + radius, on_slice)
    height, width = annotation.get("height") or 0.0, annotation.get("width") or 0.0
    return Box(y, x, y + height, x + width, on_slice)


def gather_findings(
    annotations: Iterable[Finding], volumes: Mapping[str, VolumeFacts], rule: Rule
) -> Findings:
    """Sort the sheet of annotations into calcifications and clusters.

    A row of kind ``cluster`` is one cluster, and so is each group that *rule* forms of the
    annotated calcifications outside such rows. Calcifications alone are no cluster.

    Parameters
    ----------
    annotations
        Findings in the order of the sheet: the place of one is its ``finding_id``.
    volumes
        Manifest by volume: pixel_spacing_mm, slice_spacing_mm.
    """
    by_volume: defaultdict[str, list[tuple[int, Finding]]] = defaultdict(list)
    for finding_id, row in enumerate(annotations):
        by_volume[row["volume_id"]].append((finding_id, row))
    found = Findings()
    for volume_id in sorted(by_volume):
        rows = by_volume[volume_id]
        spots = [(number, row) for number, row in rows if row["kind"] == "calcification"]
        areas = [(number, row) for number, row in rows if row["kind"] == "cluster"]
        found.calcifications += [Calcification(volume_id, number) for number, _ in spots]
        inside: defaultdict[int, list[int]] = defaultdict(list)
        for number, row in spots:
            for area, drawn in areas:
                if contains(drawn, box_of(row).centre):
                    inside[area].append(number)
        found.clusters += [
            _cluster(volume_id, [(number, row)], inside[number]) for number, row in areas
        ]
        taken = {number for numbers in inside.values() for number in numbers}
        alone = [(number, row) for number, row in spots if number not in taken]
        found.clusters += [
            _cluster(volume_id, group, formed=True)
            for group in _groups(alone, volumes[volume_id], rule)
        ]
    return found


def contains(annotation: Finding, place: tuple[float, float]) -> bool:
    """Return whether a place (row, column) lies inside an annotation, seen in the plane."""
    row, column = place
    radius = annotation.get("radius")
    if radius is not None:
        return bool(np.hypot(row - annotation["y"], column - annotation["x"]) <= radius)
    box = box_of(annotation)
    return box.top <= row <= box.bottom and box.left <= column <= box.right


def _groups(
    spots: Sequence[tuple[int, Finding]], volume: VolumeFacts, rule: Rule
) -> list[list[tuple[int, Finding]]]:
    if not spots:
        return []
    row_mm, col_mm = volume.pixel_spacing_mm
    boxes = [box_of(row) for _, row in spots]
    flat = any(box.slice is None for box in boxes)  # depth unknown: as seen from above
    points = np.array(
        [
            (
                box.centre[0] * row_mm,
                box.centre[1] * col_mm,
                0 if flat or box.slice is None else box.slice * volume.slice_spacing_mm,
            )
            for box in boxes
        ]
    )
    number = cluster_numbers(points, rule)
    return [
        [spot for spot, of in zip(spots, number, strict=True) if of == group]
        for group in range(number.max() + 1)
    ]


def _cluster(
    volume_id: str,
    rows: Sequence[tuple[int, Finding]],
    inside: Sequence[int] = (),
    *,
    formed: bool = False,
) -> Cluster:
    boxes = [box_of(row) for _, row in rows]
    slices = [box.slice for box in boxes]
    known = [index for index in slices if index is not None]
    box = Box(
        min(box.top for box in boxes),
        min(box.left for box in boxes),
        max(box.bottom for box in boxes),
        max(box.right for box in boxes),
        float(np.mean(known)) if len(known) == len(slices) else None,
    )
    pathology = any(row.get("pathology") is not None for _, row in rows)
    findings = frozenset([*(number for number, _ in rows), *inside])
    return Cluster(volume_id, box, findings, pathology, formed)
