"""What a phantom is made of: its grid, how it was acquired, and the random streams."""

from dataclasses import dataclass
from typing import Self, get_type_hints

import numpy as np

from tomocalc.files import stable_number
from tomocalc.sections import PhantomSection


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

    def slice_at(self, depth_mm: float) -> int:
        """Return the slice whose centre is nearest to a depth."""
        return int(np.clip(round(depth_mm / self.slice_spacing_mm), 0, self.slices - 1))


@dataclass(frozen=True)
class Settings(Geometry):
    """The keys of the configuration's ``phantom`` section that shape one volume."""

    photons: float
    end_on_vessels: float
    difficulty: float

    @classmethod
    def from_config(cls, section: PhantomSection) -> Self:
        """Pick this class's keys out of the ``phantom`` section."""
        values = {**section}
        return cls(**{name: kind(values[name]) for name, kind in get_type_hints(cls).items()})


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the random stream of one purpose, such as (volume id, "noise").

    Streams are independent of each other and of every other volume, so that a new patient or
    another number of calcifications leaves the rest as it was.
    """
    return np.random.default_rng(np.random.SeedSequence(stable_number(seed, *names)))
