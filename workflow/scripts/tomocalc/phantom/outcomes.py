"""Benign and malignant clusters of the phantom, whose descriptions overlap.

What radiologists describe (BI-RADS atlas, 5th edition; Burnside et al., Radiology 242, 2007, p.
388) becomes five traits of a cluster: pleomorphism (sizes differ), fine-linear grains, a course
along a branching duct instead of a scatter in a round region, number, and differing density. Each
trait is a normal number of standard deviation 1; the means of both classes lie `separation` apart,
so that every trait alone tells little and all together tell more.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tomocalc.phantom.acquisition import Ellipsoid, Finding, Outcome
from tomocalc.phantom.findings import HYDROXYAPATITE, Inside, extent, irregular, place
from tomocalc.phantom.settings import Settings

MOST_APART = 2.4
"""Distance of the classes' means at difficulty 0, in standard deviations of one trait."""
FEWEST, MOST = 4, 24
"""Calcifications of a cluster."""
BRANCHES_DEG = 25.0
"""Angle at which a side duct leaves its duct."""


@dataclass(frozen=True)
class Traits:
    """How a cluster looks, in standard deviations from midway between benign and malignant."""

    pleomorphism: float
    linearity: float
    branching: float
    number: float
    density: float

    @classmethod
    def draw(cls, rng: np.random.Generator, *, malignant: bool, difficulty: float) -> Self:
        """Draw the traits of one cluster; at *difficulty* 1 both classes are alike."""
        middle = separation(difficulty) / 2 * (1 if malignant else -1)
        return cls(*map(float, rng.normal(middle, 1, 5)))


def separation(difficulty: float) -> float:
    """Return how far the means of the classes lie apart, in standard deviations of a trait."""
    return MOST_APART * (1 - difficulty)


def draw_outcome_cluster(
    rng: np.random.Generator, *, outcome: Outcome, settings: Settings, inside: Inside
) -> list[Finding]:
    """Draw one cluster: traits first, then its calcifications along a duct or scattered."""
    traits = Traits.draw(rng, malignant=outcome == "malignant", difficulty=settings.difficulty)
    _, *in_plane = extent(settings)
    across = min(rng.uniform(7, 10), 0.4 * min(in_plane))
    centre = place(rng, geometry=settings, inside=inside, margin=across / 3)
    if centre is None:
        centre = np.array(extent(settings)) / np.array([2, 2, 3])
    number = int(np.clip(round(10 * np.exp(0.25 * traits.number)), FEWEST, MOST))
    spread = 0.22 * np.exp(0.45 * traits.pleomorphism)
    shares = 0.25 * np.exp(0.4 * traits.density)
    scatter = min(across / 5 * np.exp(-0.8 * traits.branching), across / 3)
    level, towards = rng.normal(np.log(0.45), 0.15), rng.normal(0, 0.4)  # 0: towards the nipple
    found: list[Finding] = []
    for _ in range(number):
        position, course = _along(rng, centre, towards, across, scatter, inside)
        diameter = float(np.clip(np.exp(rng.normal(np.log(0.3), spread)), 0.15, 0.7))
        attenuation = HYDROXYAPATITE * float(np.clip(np.exp(rng.normal(level, shares)), 0.08, 1.0))
        longer = float(np.clip(np.exp(0.35 + 0.4 * traits.linearity + rng.normal(0, 0.2)), 1, 5))
        body = _grain(rng, position, diameter, attenuation, longer, course)
        found.append(Finding("calcification", 1, position, diameter, body, outcome=outcome))
    return found


def _along(
    rng: np.random.Generator,
    centre: np.ndarray,
    towards: float,
    across: float,
    scatter: float,
    inside: Inside,
) -> tuple[np.ndarray, float]:
    """Draw a place near a Y-shaped duct around *centre*, and the direction of the duct there.

    The duct comes from the nipple (x grows towards it) and parts in two at the centre; *scatter* is
    the standard deviation of the distance to it in mm.
    """
    for _ in range(60):
        at = rng.uniform(-across / 2, across / 2)
        fork = np.deg2rad(BRANCHES_DEG) * rng.choice([-1, 1]) if at < 0 else 0.0
        course = towards + fork
        offset = np.array([0, at * np.sin(course), at * np.cos(course)])
        offset += rng.normal(0, scatter, 3) * [0.5, 1, 1]  # compression flattens
        if inside(centre + offset, 0.6):
            return centre + offset, course
    return centre, towards


def _grain(
    rng: np.random.Generator,
    centre: np.ndarray,
    diameter: float,
    attenuation: float,
    longer: float,
    course: float,
) -> tuple[Ellipsoid, ...]:
    """Make a grain of a sphere's volume, *longer* than wide along about *course* in the plane."""
    if longer < 1.3:
        return irregular(rng, centre, diameter, attenuation)
    angle = course + rng.normal(0, 0.3)
    axis, beside = [0, np.sin(angle), np.cos(angle)], [0, np.cos(angle), -np.sin(angle)]
    turn = np.stack([axis, beside, [1, 0, 0]], axis=1)
    width = diameter / longer ** (1 / 3)
    radii = np.array([width * longer, width, width]) / 2
    return (Ellipsoid(centre, radii, turn, attenuation),)
