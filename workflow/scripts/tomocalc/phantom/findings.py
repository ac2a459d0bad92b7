"""What is put into the breast: calcifications, and things a naive detector takes for them.

Every object is a set of ellipsoids at sub-voxel positions, or a failing detector pixel.
"""

from collections.abc import Callable

import numpy as np

from tomocalc.phantom.acquisition import Ellipsoid, Finding, Spike
from tomocalc.phantom.settings import Geometry, Settings

HYDROXYAPATITE = 2.0
"""Attenuation of dense calcification (3.16 g/cm³) at 20 keV over that of tissue, 1/mm (XCOM)."""
TITANIUM = 7.0
"""Attenuation of a marker clip at 20 keV, 1/mm (XCOM)."""
BLOOD = 0.035
"""Attenuation of a vessel and its blood, close to that of gland, over that of fat, 1/mm."""

Inside = Callable[[np.ndarray, float], bool]
"""Whether a position (z, y, x) in mm lies in the breast with a margin in mm to spare."""


def draw_findings(
    rng: np.random.Generator, *, calcified: bool, settings: Settings, inside: Inside
) -> list[Finding]:
    """Draw the findings of one volume: one or two clusters where *calcified*, and distractors.

    An object that finds no place (a very small phantom) is left out, except calcifications.
    """
    findings: list[Finding] = []
    clusters = int(rng.integers(1, 3)) if calcified else 0
    for number in range(1, clusters + 1):
        findings += draw_cluster(rng, number, geometry=settings, inside=inside)
    makers = [draw_round] * int(rng.binomial(2, 0.25))
    makers += [draw_vascular] * int(rng.binomial(1, 0.25))
    makers += [draw_clip] * int(rng.binomial(1, 0.06))
    for make in makers:
        findings += make(rng, geometry=settings, inside=inside)
    for _ in range(int(rng.integers(3, 8))):
        findings += draw_spike(rng, geometry=settings, inside=inside)
    for _ in range(int(rng.poisson(settings.end_on_vessels))):
        findings += draw_end_on(rng, geometry=settings, inside=inside)
    return findings


def draw_cluster(
    rng: np.random.Generator, number: int, *, geometry: Geometry, inside: Inside
) -> list[Finding]:
    """Draw 3 to 15 calcifications of 0.15 to 0.5 mm within 5 to 10 mm (less in a small phantom).

    Sizes are log-normal about 0.28 mm. Attenuation is that of hydroxyapatite times a mineral
    share, log-normal with a level for each cluster: calcifications in tissue are porous and
    mixed (Warren et al., Phys. Med. Biol. 58, 2013, p. N103). Together that spreads their
    contrast over a decade.
    """
    thickness, *in_plane = extent(geometry)
    across = min(rng.uniform(5, 10), 0.4 * min(in_plane))
    size = across * rng.uniform([0.4, 0.6, 0.8], [0.7, 1, 1])  # compression flattens
    size[0] = min(size[0], thickness / 2)
    middle = place(rng, geometry=geometry, inside=inside, margin=float(size.max()) / 3)
    if middle is None:
        middle = np.array(extent(geometry)) / np.array([2, 2, 3])
    level = rng.normal(np.log(0.38), 0.2)
    found: list[Finding] = []
    for _ in range(int(rng.integers(3, 16))):
        centre = beside(rng, middle, size, found, inside)
        diameter = float(np.clip(np.exp(rng.normal(np.log(0.28), 0.25)), 0.15, 0.5))
        share = float(np.clip(np.exp(rng.normal(level, 0.3)), 0.05, 1.0))
        body = irregular(rng, centre, diameter, HYDROXYAPATITE * share)
        found.append(Finding("calcification", number, centre, diameter, body))
    return found


def beside(
    rng: np.random.Generator,
    middle: np.ndarray,
    size: np.ndarray,
    others: list[Finding],
    inside: Inside,
) -> np.ndarray:
    """Draw a position in the ellipsoid of a cluster, if possible clear of the *others*' shadows."""
    apart = min(0.8, float(size[1]) / 6)  # mm, seen from above
    chosen = middle
    for _ in range(60):
        offset = rng.normal(size=3)
        offset *= rng.uniform() ** (1 / 3) / np.linalg.norm(offset) * size / 2
        if not inside(middle + offset, 0.6):
            continue
        chosen = middle + offset
        if all(np.hypot(*(chosen - other.centre_mm)[1:]) > apart for other in others):
            break
        apart *= 0.97
    return chosen


def irregular(
    rng: np.random.Generator, centre: np.ndarray, diameter: float, attenuation: float
) -> tuple[Ellipsoid, ...]:
    """Make a grain of two overlapping ellipsoids with about the volume of a sphere."""
    turn, other_turn = np.linalg.qr(rng.normal(size=(2, 3, 3)))[0]
    radii = diameter / 2 * np.exp(rng.normal(0, 0.2, 3))
    offset = turn[:, 0] * radii[0] * 0.4
    share = rng.uniform(0.3, 0.7)
    return (
        Ellipsoid(centre + offset * (1 - share), radii * 0.85, turn, attenuation * share),
        Ellipsoid(centre - offset * share, radii, other_turn, attenuation * (1 - share)),
    )


def draw_round(rng: np.random.Generator, *, geometry: Geometry, inside: Inside) -> list[Finding]:
    """Draw a smooth benign calcification of 1 to 2 mm."""
    diameter = float(min(rng.uniform(1, 2), 0.2 * min(extent(geometry))))
    centre = place(rng, geometry=geometry, inside=inside, margin=diameter)
    if centre is None:
        return []
    radii = diameter / 2 * rng.uniform(0.85, 1, 3)
    attenuation = HYDROXYAPATITE * float(rng.uniform(0.06, 0.25))
    body = Ellipsoid(centre, radii, np.eye(3), attenuation)
    return [Finding("round_benign", None, centre, diameter, (body,))]


def draw_vascular(rng: np.random.Generator, *, geometry: Geometry, inside: Inside) -> list[Finding]:
    """Draw the two calcified walls of a vessel: beaded parallel lines on a gentle arc."""
    length = float(min(rng.uniform(5, 10), 0.4 * min(extent(geometry)[1:])))
    centre = place(rng, geometry=geometry, inside=inside, margin=length / 2)
    if centre is None:
        return []
    course, bend = rng.uniform(0, np.pi), rng.normal(0, 0.12)
    along = np.arange(-length / 2, length / 2, 0.3)
    heading = course + bend * along
    radius = float(rng.uniform(0.3, 0.6))
    line = np.stack([0.1 * along, 0.3 * np.sin(heading), 0.3 * np.cos(heading)], axis=1)
    line[:, 1:] = np.cumsum(line[:, 1:], axis=0)
    line -= line.mean(axis=0)
    across = np.stack([0 * along, np.cos(heading), -np.sin(heading)], axis=1) * radius
    bodies: list[Ellipsoid] = []
    for wall in (-1, 1):
        for point in centre + line + wall * across:
            if rng.uniform() < 0.75:  # the deposit is patchy
                radii = np.full(3, rng.uniform(0.12, 0.22))
                share = rng.uniform(0.05, 0.25)
                place_mm = point + rng.normal(0, 0.04, 3)
                bodies.append(Ellipsoid(place_mm, radii, np.eye(3), HYDROXYAPATITE * share))
    return [Finding("vascular", None, centre, length, tuple(bodies))]


def draw_end_on(rng: np.random.Generator, *, geometry: Geometry, inside: Inside) -> list[Finding]:
    """Draw a small vessel that runs along the beam: a bright dot on one slice after another.

    On any single slice it is about as small and as bright as a calcification, and only the slices
    above and below tell them apart. Diameter 0.3 to 0.7 mm, 5 to 12 mm long, up to 12 degrees
    off the depth axis.
    """
    length = float(min(rng.uniform(5, 12), 0.6 * geometry.thickness_mm))
    centre = place(rng, geometry=geometry, inside=inside, margin=1.0)
    if centre is None:
        return []
    course = rng.uniform(0, 2 * np.pi)
    slope = np.tan(np.deg2rad(rng.uniform(0, 12)))
    axis = np.array([1, slope * np.sin(course), slope * np.cos(course)])
    radius = float(rng.uniform(0.15, 0.35))
    # Spheres a radius apart are a rod; their volume per length is 4/3 of the rod's.
    beads = centre + np.arange(-length / 2, length / 2, radius)[:, None] * axis
    beads = beads[np.abs(beads[:, 0] - geometry.middle_mm) < geometry.thickness_mm / 2]
    bodies = tuple(Ellipsoid(bead, np.full(3, radius), np.eye(3), 0.75 * BLOOD) for bead in beads)
    return [Finding("end_on_vessel", None, centre, 2 * radius, bodies)]


def draw_clip(rng: np.random.Generator, *, geometry: Geometry, inside: Inside) -> list[Finding]:
    """Draw a biopsy marker: a bent titanium wire, 2 to 3 mm long."""
    length = float(min(rng.uniform(2, 3), 0.3 * min(extent(geometry)[1:])))
    centre = place(rng, geometry=geometry, inside=inside, margin=length)
    if centre is None:
        return []
    bodies: list[Ellipsoid] = []
    course = rng.uniform(0, np.pi)
    for side, angle in ((-1, course), (1, course + rng.uniform(0.3, 1.2))):
        axis = np.array([0, np.sin(angle), np.cos(angle)])
        turn = np.stack([axis, [1, 0, 0], [0, np.cos(angle), -np.sin(angle)]], axis=1)
        radii = np.array([length / 3.4, 0.18, 0.18])
        bodies.append(Ellipsoid(centre + side * axis * length / 4, radii, turn, TITANIUM))
    return [Finding("clip", None, centre, length, tuple(bodies))]


def draw_spike(rng: np.random.Generator, *, geometry: Geometry, inside: Inside) -> list[Finding]:
    """Draw a detector pixel that fails in one to three projections: bright, without a focus."""
    centre = place(rng, geometry=geometry, inside=inside, margin=0.3)
    if centre is None:
        return []
    count = int(min(rng.integers(1, 4), geometry.projections))
    first = int(rng.integers(0, geometry.projections - count + 1))
    spike = Spike(first, count, float(rng.uniform(0.4, 1.2)))
    return [Finding("noise_spike", None, centre, geometry.pixel_spacing_mm, spike=spike)]


def extent(geometry: Geometry) -> tuple[float, float, float]:
    """Size of the volume in mm, (z, y, x)."""
    pixel = geometry.pixel_spacing_mm
    return geometry.thickness_mm, geometry.rows * pixel, geometry.columns * pixel


def place(
    rng: np.random.Generator, *, geometry: Geometry, inside: Inside, margin: float
) -> np.ndarray | None:
    """Draw a position in the breast with *margin* mm around it, or None after 300 trials."""
    size = np.array(extent(geometry))
    for _ in range(300):
        centre = rng.uniform(0, 1, 3) * size
        if inside(centre, margin):
            return centre
    return None
