"""How a volume was acquired and reconstructed: its grid, and the angles of its projections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Geometry:
    """Grid of the slices, and the motion of the tube.

    The patient lies still in these axes: *slices* (z) count away from the tube, *rows* (y) run
    along the chest wall, which is also the direction of the tube's motion, and *columns* (x) run
    from the chest wall towards the nipple. Positions in mm are measured from the centre of the
    first voxel.
    """

    rows: int
    columns: int
    slices: int
    pixel_spacing_mm: float
    slice_spacing_mm: float
    projections: int
    half_angle_deg: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels as (slices, rows, columns)."""
        return self.slices, self.rows, self.columns

    @property
    def thickness_mm(self) -> float:
        """Thickness of the compressed breast, which the slices fill."""
        return self.slices * self.slice_spacing_mm

    @property
    def middle_mm(self) -> float:
        """Depth of the mid-plane, from the centre of the first slice."""
        return (self.slices - 1) / 2 * self.slice_spacing_mm

    @property
    def tangents(self) -> np.ndarray:
        """Tangent of the angle of each projection, (projections,)."""
        half = np.deg2rad(self.half_angle_deg)
        return np.tan(np.linspace(-half, half, self.projections))

    @property
    def depths_mm(self) -> np.ndarray:
        """Depth of each slice's centre, relative to the mid-plane, (slices,)."""
        return np.arange(self.slices) * self.slice_spacing_mm - self.middle_mm
