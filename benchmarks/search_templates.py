"""Real calcifications cut out of mammograms and put into slices of other patients.

Spots of the kind that a search has learned say little of what it makes of shapes that it has not:
here those shapes are the real ones. A template is what a calcification stands above the plane that
is fitted to the tissue around it, over that tissue's grey value; put into a slice it stands by the
same share above the tissue there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from search_peers import inner
from search_scores import Places

from tomocalc.image.slices import prepare

FLAT_MM, REACH_MM = 0.5, 0.9
"""From the centre on: as far as a template is taken whole, and where it has come down to nothing;
the plane is fitted beyond the first."""
WANDER_PX = 3
"""Pixels that the brightest may lie away from the annotated point."""
CLEAR = 3.0
"""Deviations of the tissue around it that a template's peak must reach: the others are noise."""
APART_MM = 4.0
"""Between places that get a template."""


@dataclass(frozen=True, eq=False)
class Template:
    """A calcification without its tissue.

    Attributes
    ----------
    relative
        Grey level above the tissue over the tissue's, (row, column), its peak in the middle.
    spacing_mm
        Of its pixels.
    """

    relative: NDArray[np.float64]
    spacing_mm: float


def cut(
    raw: NDArray[np.unsignedinteger], spacing_mm: float, row: float, col: float
) -> Template | None:
    """Return the calcification at a place of a mammogram, None where none stands out or fits."""
    image, reach = raw.astype(np.float64), round(REACH_MM / spacing_mm)
    place = _brightest(image, round(row), round(col))
    if min(place) < reach or place[0] + reach >= raw.shape[0] or place[1] + reach >= raw.shape[1]:
        return None
    part = image[place[0] - reach : place[0] + reach + 1, place[1] - reach : place[1] + reach + 1]
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1] * spacing_mm
    away = np.hypot(y, x)
    around = (away > FLAT_MM) & (away <= REACH_MM)
    # grey = a + b · y + c · x outside, the tissue's plane
    terms = np.stack([np.ones_like(y), y, x], axis=-1)
    plane = terms @ np.linalg.lstsq(terms[around], part[around], rcond=None)[0]
    above = part - plane
    level = plane[reach, reach] - image.min()
    if above[reach, reach] < CLEAR * above[around].std() or level <= 0:
        return None
    # 1 as far as FLAT_MM, from there down to 0 at REACH_MM by half a period of the cosine
    share = np.clip((away - FLAT_MM) / (REACH_MM - FLAT_MM), 0, 1)
    return Template(above / level * (1 + np.cos(np.pi * share)) / 2, spacing_mm)


def _brightest(image: NDArray[np.float64], row: int, col: int) -> tuple[int, int]:
    top, left = max(row - WANDER_PX, 0), max(col - WANDER_PX, 0)
    near = image[top : row + WANDER_PX + 1, left : col + WANDER_PX + 1]
    down, across = np.unravel_index(np.argmax(near), near.shape)
    return top + int(down), left + int(across)


def put_in(
    raw: NDArray[np.unsignedinteger],
    templates: Sequence[Template],
    *,
    count: int,
    spacing_mm: float,
    blur_mm: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.unsignedinteger], Places]:
    """Put *count* templates into a slice, each in one of eight ways; return it and their places.

    *blur_mm* is the standard deviation of the Gaussian that softens them first.
    """
    prepared = prepare(raw, (spacing_mm, spacing_mm))
    assert prepared is not None
    image = raw.astype(np.float64)
    air = image.min()
    places: list[tuple[int, int]] = []
    reach = int(np.ceil(2 * REACH_MM / spacing_mm))
    inside = np.argwhere(ndimage.binary_erosion(inner(prepared, spacing_mm), iterations=reach))
    for row, col in inside[rng.permutation(len(inside))]:
        if len(places) == count:
            break
        if all(np.hypot(row - r, col - c) * spacing_mm >= APART_MM for r, c in places):
            places.append((int(row), int(col)))
    for row, col in places:
        part = _drawn(templates[int(rng.integers(len(templates)))], spacing_mm, blur_mm, rng)
        half = part.shape[0] // 2
        square = (slice(row - half, row + half + 1), slice(col - half, col + half + 1))
        image[square] += part * (image[square].mean() - air)
    planted = np.clip(np.rint(image), 0, np.iinfo(raw.dtype).max).astype(raw.dtype)
    at = np.array([(row, col, 0.0, 0.0) for row, col in places]).reshape(-1, 4)
    return planted, at


def _drawn(
    template: Template, spacing_mm: float, blur_mm: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return a template on an odd number of pixels of *spacing_mm*, its peak in the middle."""
    turned = np.rot90(template.relative, int(rng.integers(4)))
    if rng.integers(2):
        turned = turned[:, ::-1]
    soft = ndimage.gaussian_filter(turned, blur_mm / template.spacing_mm)
    middle = template.relative.shape[0] // 2
    half = int(middle * template.spacing_mm / spacing_mm)
    # pixels of the slice, from the middle on, in those of the template
    at = middle + np.arange(-half, half + 1) * spacing_mm / template.spacing_mm
    grid = np.meshgrid(at, at, indexing="ij")
    return ndimage.map_coordinates(soft, grid, order=3, mode="nearest")
