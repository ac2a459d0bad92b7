"""What a phantom is made of: the grid, the acquisition, and the random streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from tomocalc.files import stable_number
from tomocalc.phantom.geometry import Geometry
from tomocalc.sections import PhantomSection


@dataclass(frozen=True)
class Settings(Geometry):
    """The keys of the configuration's ``phantom`` section that shape one volume."""

    photons: float
    end_on_vessels: float
    difficulty: float

    @classmethod
    def from_config(cls, section: PhantomSection) -> Self:
        """Pick this class's keys out of the ``phantom`` section."""
        return cls(
            rows=int(section["rows"]),
            columns=int(section["columns"]),
            slices=int(section["slices"]),
            pixel_spacing_mm=float(section["pixel_spacing_mm"]),
            slice_spacing_mm=float(section["slice_spacing_mm"]),
            projections=int(section["projections"]),
            half_angle_deg=float(section["half_angle_deg"]),
            photons=float(section["photons"]),
            end_on_vessels=float(section["end_on_vessels"]),
            difficulty=float(section["difficulty"]),
        )


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the random stream of one purpose, such as (volume id, "noise").

    Streams are independent of each other and of every other volume, so that a new patient or
    another number of calcifications leaves the rest as it was.
    """
    return np.random.default_rng(np.random.SeedSequence(stable_number(seed, *names)))
