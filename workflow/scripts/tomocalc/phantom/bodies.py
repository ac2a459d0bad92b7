"""Objects as the beam sees them: ellipsoids, and detector pixels that fail.

The path of a ray through an ellipsoid is exact, and averaged over each detector pixel, so that
partial volume is right however small a body is and wherever between pixels it lies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tomocalc.phantom.acquisition import Detector

Outcome = Literal["benign", "malignant"]

SUBPIXELS = 7
"""Rays per detector pixel and axis."""


@dataclass(frozen=True)
class Ellipsoid:
    """One homogeneous body."""

    centre_mm: np.ndarray
    """(z, y, x)."""
    radii_mm: np.ndarray
    """Half axes, (3,)."""
    turn: np.ndarray
    """Rotation whose columns are the directions of the axes, (3, 3)."""
    attenuation: float
    """Over that of the tissue it replaces, 1/mm."""


@dataclass(frozen=True)
class Spike:
    """A detector pixel that under-responds for some neighbouring projections."""

    first: int
    count: int
    strength: float
    """Line integral that it adds."""


@dataclass(frozen=True)
class Finding:
    """One inserted object."""

    kind: str
    """calcification | round_benign | vascular | clip | noise_spike | end_on_vessel."""
    cluster: int | None
    """Number of a calcification's cluster in its volume, from 1."""
    centre_mm: np.ndarray
    """(z, y, x), from the centre of the first voxel; chest wall at column 0."""
    diameter_mm: float
    """Largest extent."""
    bodies: tuple[Ellipsoid, ...] = field(default=())
    spike: Spike | None = None
    outcome: Outcome | None = None
    """Of a calcification whose cluster has one."""


def add_bodies(lines: np.ndarray, findings: list[Finding], detector: Detector) -> None:
    """Add the findings' line integrals to *lines* (projections, detector rows, columns)."""
    for finding in findings:
        for body in finding.bodies:
            _add_body(lines, body, detector)


def _add_body(lines: np.ndarray, body: Ellipsoid, detector: Detector) -> None:
    geometry = detector.geometry
    pixel = geometry.pixel_spacing_mm
    depth, row_mm, column_mm = body.centre_mm - np.array([geometry.middle_mm, 0, 0])
    shadow_mm = body.radii_mm.max() * np.hypot(1, np.abs(geometry.tangents).max())
    reach = int(np.ceil(shadow_mm / pixel)) + 1
    fine = ((np.arange((2 * reach + 1) * SUBPIXELS) + 0.5) / SUBPIXELS - reach - 0.5) * pixel
    inverse = body.turn @ np.diag(body.radii_mm**-2.0) @ body.turn.T
    column = round(column_mm / pixel)
    for number, tangent in enumerate(geometry.tangents):
        row = row_mm / pixel + detector.margin + tangent * depth / pixel
        top = round(row)
        away_y = fine - (row - top) * pixel
        away_x = fine - (column_mm - column * pixel)
        path = _chord(inverse, float(tangent), away_y, away_x)
        size = 2 * reach + 1
        mean = path.reshape(size, SUBPIXELS, size, SUBPIXELS).mean(axis=(1, 3))
        rows = slice(max(top - reach, 0), top + reach + 1)
        columns = slice(max(column - reach, 0), column + reach + 1)
        target = lines[number, rows, columns]
        skip_y, skip_x = max(reach - top, 0), max(reach - column, 0)
        inner = mean[skip_y : skip_y + target.shape[0], skip_x : skip_x + target.shape[1]]
        target += (inner * body.attenuation).astype(np.float32)


def _chord(inverse: np.ndarray, tangent: float, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Length of rays inside the ellipsoid p'·inverse·p < 1, for offsets y × x in mm."""
    ray = np.array([1.0, -tangent, 0.0])
    a = ray @ inverse @ ray
    along = inverse @ ray
    b = np.add.outer(along[1] * y, along[2] * x)
    c = np.add.outer(inverse[1, 1] * y**2, inverse[2, 2] * x**2 - 1.0)
    c += 2 * inverse[1, 2] * np.multiply.outer(y, x)
    return 2 * np.sqrt(np.maximum(b**2 - a * c, 0)) / a * np.hypot(1.0, tangent)


def add_spikes(lines: np.ndarray, findings: list[Finding], detector: Detector) -> None:
    """Add the failing pixels to measured *lines* (projections, detector rows, columns)."""
    geometry = detector.geometry
    pixel = geometry.pixel_spacing_mm
    for finding in findings:
        if finding.spike is None:
            continue
        depth, row_mm, column_mm = finding.centre_mm - np.array([geometry.middle_mm, 0, 0])
        for number in range(finding.spike.first, finding.spike.first + finding.spike.count):
            row = round((row_mm + geometry.tangents[number] * depth) / pixel) + detector.margin
            lines[number, row, round(column_mm / pixel)] += finding.spike.strength
