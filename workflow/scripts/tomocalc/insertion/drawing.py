"""What is put into volumes: clusters of calcifications of four shapes, and distractors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import msgspec
import numpy as np

from tomocalc.insertion.room import Room
from tomocalc.phantom.acquisition import Ellipsoid, Finding
from tomocalc.phantom.findings import (
    HYDROXYAPATITE,
    beside,
    draw_end_on,
    draw_round,
    draw_vascular,
    irregular,
)

TYPICAL_MM = 0.3
"""Median diameter over all clusters."""
SPREAD = (0.35, 0.3)
"""Standard deviation of the logarithm of diameters: of clusters' medians, and within a cluster."""
MEMBERS = (3, 15)
"""Calcifications of a cluster, at least and at most: three make one by the density rule."""
EXTENT_MM = (5.0, 10.0)
SHAPES = ("round", "irregular", "rod", "branching")
SHARES = (0.3, 0.45, 0.15, 0.1)
"""How often a cluster is mainly of each shape; a third of its members are of another."""
ARMS = 3


@dataclass(frozen=True)
class InsertionSettings:
    """The keys of the configuration's ``insertion`` section that shape what is put in."""

    clusters: tuple[int, int]
    diameter_mm: tuple[float, float]
    contrast: tuple[float, float]
    gain: float | None
    distractors: float
    half_angle_deg: float | None
    projections: int

    @classmethod
    def from_config(cls, section: Mapping[str, object]) -> Self:
        """Pick this class's keys out of the ``insertion`` section."""
        return msgspec.convert(section, cls, strict=False)


@dataclass(frozen=True)
class Drawn:
    """One object, its shape, and the peak that it should have over the tissue around it.

    *contrast* is relative to the grey value there; it is not used where a gain is known.
    """

    finding: Finding
    shape: str
    contrast: float


def draw_members(
    rng: np.random.Generator,
    number: int,
    middle: np.ndarray,
    settings: InsertionSettings,
    room: Room,
) -> list[Drawn]:
    """Draw the calcifications of cluster *number* about a point, (z, y, x) in mm.

    They lie in a flattened ellipsoid of `EXTENT_MM`, their diameters are log-normal. Attenuation is
    that of hydroxyapatite times a mineral share, contrast log-uniform: both have a level for the
    cluster and scatter within it.
    """
    size = rng.uniform(*EXTENT_MM) * rng.uniform([0.4, 0.6, 0.8], [0.7, 1, 1])
    size[0] = min(size[0], room.geometry.thickness_mm / 2)
    main = int(rng.choice(len(SHAPES), p=SHARES))
    typical = rng.normal(np.log(TYPICAL_MM), SPREAD[0])
    level = rng.uniform(*np.log(settings.contrast))
    mineral = rng.normal(np.log(0.38), 0.2)
    drawn: list[Drawn] = []
    for _ in range(int(rng.integers(MEMBERS[0], MEMBERS[1] + 1))):
        others = [one.finding for one in drawn]
        centre = beside(rng, middle, size, others, room.inside)
        diameter = float(np.clip(np.exp(rng.normal(typical, SPREAD[1])), *settings.diameter_mm))
        shape = main if rng.uniform() < 2 / 3 else int(rng.choice(len(SHAPES), p=SHARES))
        share = float(np.clip(np.exp(rng.normal(mineral, 0.3)), 0.05, 1.0))
        contrast = float(np.clip(np.exp(rng.normal(level, 0.25)), *settings.contrast))
        bodies = MAKERS[SHAPES[shape]](rng, centre, diameter, HYDROXYAPATITE * share)
        finding = Finding("calcification", number, centre, diameter, bodies)
        drawn.append(Drawn(finding, SHAPES[shape], contrast))
    return drawn


def draw_distractor(
    rng: np.random.Generator, settings: InsertionSettings, room: Room
) -> Drawn | None:
    """Draw what is mistaken for a calcification; None where it finds no place.

    A small vessel along the beam three times of four; else a smooth benign calcification of 1 to
    2 mm, or the calcified walls of a vessel.
    """
    kind = rng.uniform()
    make = draw_end_on if kind < 0.75 else draw_round if kind < 0.9 else draw_vascular
    found = make(rng, geometry=room.geometry, inside=room.inside)
    contrast = float(np.exp(rng.uniform(*np.log(settings.contrast))))
    return Drawn(found[0], found[0].kind, contrast) if found and found[0].bodies else None


def _round(
    rng: np.random.Generator, centre: np.ndarray, diameter: float, attenuation: float
) -> tuple[Ellipsoid, ...]:
    return (Ellipsoid(centre, diameter / 2 * rng.uniform(0.85, 1, 3), np.eye(3), attenuation),)


def _rod(
    rng: np.random.Generator, centre: np.ndarray, diameter: float, attenuation: float
) -> tuple[Ellipsoid, ...]:
    """Make a rod of a third of its length in width, mostly in the plane of the slices."""
    axis = _direction(rng)
    return (_arm(centre, axis, length=diameter, width=diameter / 3, attenuation=attenuation),)


def _branching(
    rng: np.random.Generator, centre: np.ndarray, diameter: float, attenuation: float
) -> tuple[Ellipsoid, ...]:
    """Make rods that meet in a point, as a cast of ducts."""
    first = rng.uniform(0, 2 * np.pi)
    turns = first + np.arange(ARMS) * (2 * np.pi / ARMS) + rng.normal(0, 0.3, ARMS)
    length = diameter / 2
    axes = [_direction(rng, turn) for turn in turns]
    return tuple(
        _arm(
            centre + axis * length / 2,
            axis,
            length=length,
            width=diameter / 4,
            attenuation=attenuation,
        )
        for axis in axes
    )


def _direction(rng: np.random.Generator, turn: float | None = None) -> np.ndarray:
    """Draw a direction (z, y, x) within about 20 degrees of the plane of the slices."""
    turn = rng.uniform(0, np.pi) if turn is None else turn
    tilt = rng.normal(0, 0.2)
    return np.array([np.sin(tilt), np.cos(tilt) * np.sin(turn), np.cos(tilt) * np.cos(turn)])


def _arm(
    centre: np.ndarray, axis: np.ndarray, *, length: float, width: float, attenuation: float
) -> Ellipsoid:
    """Return an ellipsoid along *axis*."""
    # Any two directions across the axis complete it.
    turn = np.linalg.qr(np.column_stack([axis, np.eye(3)[:, np.argsort(np.abs(axis))[:2]]]))[0]
    return Ellipsoid(centre, np.array([length, width, width]) / 2, turn, attenuation)


Maker = Callable[[np.random.Generator, np.ndarray, float, float], tuple[Ellipsoid, ...]]
MAKERS: dict[str, Maker] = {
    "round": _round,
    "irregular": irregular,
    "rod": _rod,
    "branching": _branching,
}
