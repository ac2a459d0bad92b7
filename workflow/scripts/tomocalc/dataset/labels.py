"""Join annotations to the candidates of one volume.

One rule for every shape (circle, point, box, mask): a candidate lies in an annotation when the
centre of one of its own objects is at most a tolerance away from it, on a slice at most so many
slices from the annotated one. Whether shapes overlap by area does not matter: a calcification has
a few pixels, and how many of them an annotator outlined is chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from tomocalc.sections import Finding, LabelsSection, Place

Spacing = tuple[float, float]
Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


def label_candidates(
    rows: pl.DataFrame,
    annotations: Sequence[Finding],
    labels: LabelsSection,
    pixel_spacing_mm: Spacing,
) -> tuple[pl.DataFrame, set[int]]:
    """Label every candidate of a volume by the annotation it lies in.

    A candidate is positive when the centre of one of its own objects lies inside an annotation
    widened by ``tolerance_mm``, on a slice at most ``slice_tolerance`` away from the annotated one.
    Of several annotations it gets the one whose centre is closest.

    Parameters
    ----------
    rows
        Shard rows of the volume.
    annotations
        Rows of the annotation sheet for this volume, each with its ``finding_id``.
    labels
        Section of the configuration.
    pixel_spacing_mm
        (row, column).

    Returns
    -------
    rows, found
        *rows* with ``label`` and ``finding_id``, and the ``finding_id`` of every annotation
        that at least one candidate lies in.

    Raises
    ------
    TomocalcError
        ``E104`` or ``E303`` for a mask.
    """
    own = Objects.of(rows, pixel_spacing_mm)
    nearest: dict[int, tuple[float, int]] = {}
    found: set[int] = set()
    for annotation in annotations:
        inside = own.within(annotation, labels["tolerance_mm"], labels["slice_tolerance"])
        if not inside.any():
            continue
        found.add(annotation["finding_id"])
        distance = own.from_centre(annotation)
        for index in np.flatnonzero(inside):
            match = (float(distance[index]), annotation["finding_id"])
            key = int(own.candidate[index])
            nearest[key] = min(nearest.get(key, match), match)
    belongs = pl.DataFrame(
        [(candidate, finding) for candidate, (_, finding) in nearest.items()],
        schema={"candidate_id": pl.Int32, "finding_id": pl.Int32},
        orient="row",
    )
    labelled = rows.join(belongs, on="candidate_id", how="left", maintain_order="left")
    return labelled.with_columns(label=pl.col("finding_id").is_not_null().cast(pl.Int8)), found


def drop_ambiguous(
    rows: pl.DataFrame,
    annotations: Sequence[Finding],
    others: Sequence[Finding],
    labels: LabelsSection,
    pixel_spacing_mm: Spacing,
) -> tuple[pl.DataFrame, int]:
    """Remove candidates of which neither class is known to be true.

    Those that lie in no annotation but less than ``ignore_mm`` outside one's widened border, and
    those in a finding of another kind (mass, distortion, area), which may hold calcifications that
    nobody was asked to outline.

    Parameters
    ----------
    rows
        As `label_candidates` returns them.
    annotations, others
        Rows of the sheet for this volume: calcifications and clusters, and findings of other
        kinds.

    Returns
    -------
    rows, dropped
        What is left, and how many candidates are gone.
    """
    own = Objects.of(rows, pixel_spacing_mm)
    doubtful: set[int] = set()
    margin = labels["tolerance_mm"] + labels["ignore_mm"]
    for finding in [*(annotations if labels["ignore_mm"] > 0 else ()), *others]:
        near = own.within(finding, margin, labels["slice_tolerance"])
        doubtful.update(own.candidate[near].tolist())
    positive = set(rows.filter(pl.col("label") == 1)["candidate_id"].to_list())
    dropped = sorted(doubtful - positive)
    if not dropped:
        return rows, 0
    return rows.filter(~pl.col("candidate_id").is_in(dropped)), len(dropped)


class Objects:
    """Centres of a volume's own objects.

    Attributes
    ----------
    row, col
        Pixels.
    slice, candidate
        Of each object.
    spacing_mm
        (row, column).
    """

    def __init__(
        self,
        row: Values,
        col: Values,
        slices: NDArray[np.int64],
        candidate: NDArray[np.int64],
        *,
        spacing_mm: Spacing,
    ) -> None:
        self.row, self.col, self.slice, self.candidate = row, col, slices, candidate
        self.spacing_mm = spacing_mm

    @classmethod
    def of(cls, rows: pl.DataFrame, spacing_mm: Spacing) -> Objects:
        """Take the own objects of shard rows."""
        own = rows.filter("detected")
        row, col = (
            own[name].to_numpy().astype(np.float64) for name in ("centroid_row", "centroid_col")
        )
        slices, candidate = (
            own[name].to_numpy().astype(np.int64) for name in ("slice", "candidate_id")
        )
        return cls(row, col, slices, candidate, spacing_mm=spacing_mm)

    def within(self, annotation: Place, margin_mm: float, slices: int) -> Flags:
        """Return which objects lie in *annotation*, on any line of it, widened by *margin_mm*."""
        inside = self._within_line(annotation, margin_mm, slices)
        for part in annotation.get("parts", ()):
            inside |= self._within_line(part, margin_mm, slices)
        return inside

    def _within_line(self, annotation: Place, margin_mm: float, slices: int) -> Flags:
        if annotation.get("mask"):
            return self._within_mask(annotation, margin_mm, slices)
        if annotation["radius"] is not None:
            reach = annotation["radius"] * max(self.spacing_mm) + margin_mm
            inside = self.from_centre(annotation) <= reach
        else:
            down, across = self._from_centre_of_box(annotation)
            half_height, half_width = annotation["height"] / 2, annotation["width"] / 2
            inside = (down <= half_height * self.spacing_mm[0] + margin_mm) & (
                across <= half_width * self.spacing_mm[1] + margin_mm
            )
        return inside & self._near(annotation["slice"], slices)

    def from_centre(self, annotation: Place) -> Values:
        """Return every object's distance to the centre of *annotation* in the plane, in mm."""
        if annotation["radius"] is not None:
            down = (self.row - annotation["y"]) * self.spacing_mm[0]
            return np.hypot(down, (self.col - annotation["x"]) * self.spacing_mm[1])
        return np.hypot(*self._from_centre_of_box(annotation))

    def _from_centre_of_box(self, box: Place) -> tuple[Values, Values]:
        down = np.abs(self.row - (box["y"] + box["height"] / 2)) * self.spacing_mm[0]
        return down, np.abs(self.col - (box["x"] + box["width"] / 2)) * self.spacing_mm[1]

    def _near(self, index: int | None, slices: int) -> Flags:
        if index is None:
            return np.ones(self.slice.size, np.bool_)
        return np.abs(self.slice - index) <= slices

    def _within_mask(self, annotation: Place, margin_mm: float, slices: int) -> Flags:
        inside = np.zeros(self.row.size, np.bool_)
        for index, image in annotation["mask"].slices().items():
            near = self._near(annotation["slice"] if index is None else index, slices)
            chosen = np.flatnonzero(near & ~inside)
            if chosen.size:
                inside[chosen] = _reaches(
                    image, self.row[chosen], self.col[chosen], self.spacing_mm, margin_mm
                )
        return inside


def _reaches(
    mask: NDArray[np.bool_], row: Values, col: Values, spacing_mm: Spacing, margin_mm: float
) -> Flags:
    """Return which points are at most *margin_mm* from a pixel of *mask*."""
    pad = [int(margin_mm / spacing) + 2 for spacing in spacing_mm]
    bounds = [np.flatnonzero(mask.any(axis=1 - axis)) for axis in (0, 1)]
    low = [int(bound[0]) - by for bound, by in zip(bounds, pad, strict=True)]
    high = [int(bound[-1]) + 1 + by for bound, by in zip(bounds, pad, strict=True)]
    clipped = [slice(max(a, 0), b) for a, b in zip(low, high, strict=True)]
    cut = mask[clipped[0], clipped[1]]
    # a margin all around, also where the mask touches the border of the image
    before = [max(-a, 0) for a in low]
    after = [b - max(a, 0) - n for a, b, n in zip(low, high, cut.shape, strict=True)]
    cut = np.pad(cut, list(zip(before, after, strict=True)))
    distance = np.asarray(distance_transform_edt(~cut, sampling=spacing_mm))
    y, x = (np.rint(at).astype(int) - start for at, start in zip((row, col), low, strict=True))
    held = (y >= 0) & (x >= 0) & (y < cut.shape[0]) & (x < cut.shape[1])
    result = np.zeros(row.size, np.bool_)
    # distances are sums of whole steps, which binary numbers only nearly hold
    result[held] = distance[y[held], x[held]] <= margin_mm + 1e-9
    return result
