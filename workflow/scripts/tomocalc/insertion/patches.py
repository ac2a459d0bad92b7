"""What a group of objects adds to the slices, as a patch around it.

The objects alone are projected, seen by the detector and reconstructed, and the result is added to
the volume: ``reconstruct(-log(blur(exp(-objects))))`` is within 1 % of a simulation of tissue and
objects together. A patch reaches as far as the tube's motion throws shadows of its objects on
each slice, and a little further for the undershoot of the filter; beyond it nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.insertion import Body, Group, InsertionPlan
from tomocalc.phantom.acquisition import (
    DETECTOR_BLUR_MM,
    Detector,
    Ellipsoid,
    Finding,
    add_bodies,
    blur,
    reconstruct,
)
from tomocalc.phantom.settings import Geometry

TAIL_MM = 3.0
"""Reach of the filter's undershoot along rows that is kept."""
TAPER_MM = 1.0
"""The outermost part of it, in which the patch fades to nothing."""
SIDE_MM = 5 * DETECTOR_BLUR_MM
"""Reach of the detector's blur across rows."""


@dataclass(frozen=True)
class Footprint:
    """Where a group of objects changes the volume.

    Attributes
    ----------
    low_mm, high_mm
        Corners of the box around the objects, (z, y, x).
    slope
        Tangent of half the tube's angle.
    """

    low_mm: NDArray[np.float64]
    high_mm: NDArray[np.float64]
    slope: float

    @classmethod
    def of(cls, bodies: Sequence[Ellipsoid], geometry: Geometry) -> Footprint:
        """Return the footprint of *bodies*."""
        low = np.min([body.centre_mm - body.radii_mm.max() for body in bodies], axis=0)
        high = np.max([body.centre_mm + body.radii_mm.max() for body in bodies], axis=0)
        return cls(low, high, float(np.abs(geometry.tangents).max()))

    def along(self, axis: int) -> tuple[float, float]:
        """Return from where to where the box reaches."""
        return self.low_mm[axis], self.high_mm[axis]

    def rows_mm(self, depth_mm: float) -> tuple[float, float]:
        """Return the first and last row, in mm, that change on the slice at a depth."""
        away = max(abs(depth_mm - self.low_mm[0]), abs(depth_mm - self.high_mm[0]))
        reach = away * self.slope + TAIL_MM
        return self.low_mm[1] - reach, self.high_mm[1] + reach

    @property
    def columns_mm(self) -> tuple[float, float]:
        """The first and last column that change, in mm."""
        return self.low_mm[2] - SIDE_MM, self.high_mm[2] + SIDE_MM


@dataclass(frozen=True, eq=False)
class Patch:
    """What is added, in units of mean attenuation (1/mm) or of stored values.

    Attributes
    ----------
    top, left
        Row and column of its first pixel in the volume; can lie outside.
    values
        Shape (slice, row, column), float32.
    """

    top: int
    left: int
    values: NDArray[np.float32]

    def add_to(self, image: NDArray[np.float32], index: int) -> None:
        """Add its part of one slice to *image*, (row, column)."""
        rows, columns = image.shape
        height, width = self.values.shape[1:]
        # The part of the patch that lies on the image.
        first_row, first_column = max(self.top, 0), max(self.left, 0)
        last_row, last_column = min(self.top + height, rows), min(self.left + width, columns)
        if last_row > first_row and last_column > first_column:
            image[first_row:last_row, first_column:last_column] += self.values[
                index,
                first_row - self.top : last_row - self.top,
                first_column - self.left : last_column - self.left,
            ]


def make_patch(
    bodies: Sequence[Ellipsoid], geometry: Geometry, slices: Sequence[int] | None = None
) -> Patch:
    """Project and reconstruct *bodies* alone.

    Parameters
    ----------
    geometry
        Of the whole volume.
    slices
        Those that are wanted; None: all.
    """
    chosen = list(range(geometry.slices)) if slices is None else list(slices)
    footprint, pixel = Footprint.of(bodies, geometry), geometry.pixel_spacing_mm
    depths = [index * geometry.slice_spacing_mm for index in chosen]
    spans = np.array([footprint.rows_mm(depth) for depth in depths]) / pixel
    top, bottom = int(np.floor(spans.min())), int(np.ceil(spans.max()))
    left, right = (round(edge / pixel) for edge in footprint.columns_mm)
    part = replace(geometry, rows=bottom - top + 1, columns=right - left + 1)
    offset = np.array([0.0, top * pixel, left * pixel])
    detector = Detector.around(part)
    lines = np.zeros(detector.shape, np.float32)
    moved = tuple(replace(body, centre_mm=body.centre_mm - offset) for body in bodies)
    add_bodies(lines, [Finding("", None, offset, 0.0, moved)], detector)
    seen = -np.log(blur(np.exp(-lines), part))
    values = reconstruct(seen, detector, geometry.depths_mm[chosen])
    row = np.arange(part.rows) + top
    for plane, (low, high) in zip(values, spans, strict=True):
        inside = np.minimum(row - low, high - row) * (pixel / TAPER_MM)
        plane *= np.clip(inside, 0, 1).astype(np.float32)[:, None]
    return Patch(top, left, values)


def geometry_of(plan: InsertionPlan) -> Geometry:
    """Return the geometry that a plan was made for."""
    return Geometry(
        rows=plan.rows,
        columns=plan.columns,
        slices=plan.slices,
        pixel_spacing_mm=plan.pixel_spacing_mm,
        slice_spacing_mm=plan.slice_spacing_mm,
        projections=plan.motion.projections,
        half_angle_deg=plan.motion.half_angle_deg,
    )


def ellipsoids(bodies: Sequence[Body]) -> list[Ellipsoid]:
    """Return bodies of an account as the projector takes them."""
    return [
        Ellipsoid(
            np.array(body.centre_mm),
            np.array(body.radii_mm),
            np.array(body.turn).reshape(3, 3),
            body.attenuation,
        )
        for body in bodies
    ]


def stored_patch(group: Group, geometry: Geometry) -> Patch:
    """Return what a group adds to every slice, in stored values."""
    bodies = [body for one in group.objects for body in ellipsoids(one.bodies)]
    patch = make_patch(bodies, geometry)
    return replace(patch, values=patch.values * np.float32(group.gain))
