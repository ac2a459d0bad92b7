"""Spots that are put into slices, so that a search can learn where nobody has annotated anything.

A spot is one to three Gaussians close together: small calcifications are seen as little more than
the blur of the system. Its level is relative to the tissue around it, because windowed and 8-bit
images have no linear scale on which an attenuation could be added.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tomocalc.image.slices import Prepared

SIZES_MM = (0.13, 1.5)
"""Full width at half maximum of a spot, log-uniform: the sizes of microcalcifications."""
LEVELS = (0.15, 1.2)
"""Peak over the grey value of the tissue, log-uniform, before the blur."""
BLURS_MM = (0.0, 0.12)
"""Standard deviation of the blur that a slice gives to all its spots, uniform: sharp to soft."""
MARGIN_MM = 2.0
"""From skin and image border: the classical search looks no nearer to them than 1.6 mm."""
PIXEL = 0.4
"""Standard deviation of what one pixel averages, in pixels."""
WIDTH_PER_SIGMA = 2.3548
"""Full width at half maximum of a Gaussian over its standard deviation, 2√(2 ln 2)."""


@dataclass(frozen=True, eq=False)
class Planted:
    """A slice with spots in it.

    Attributes
    ----------
    raw
        The slice, shape (row, column), in the data type of the original.
    row, col
        Centres of the spots in pixels, shape (spot,).
    size_mm
        Their full width at half maximum, shape (spot,).
    """

    raw: NDArray[np.unsignedinteger]
    row: NDArray[np.float64]
    col: NDArray[np.float64]
    size_mm: NDArray[np.float64]


def plant(
    prepared: Prepared, *, spots: int, spacing_mm: float, rng: np.random.Generator
) -> Planted:
    """Put *spots* spots into a slice, at places drawn from the breast.

    Parameters
    ----------
    prepared
        The slice; it is not changed.
    spots
        How many; fewer where the breast has fewer places `MARGIN_MM` from skin and border.
    spacing_mm
        Pixel spacing.
    rng
        Source of every choice: the same state gives the same spots.
    """
    raw = prepared.raw
    air = float(raw.min())
    image = raw.astype(np.float32)
    place_row, place_col = _places(prepared, spots, spacing_mm, rng)
    blur = rng.uniform(*BLURS_MM) / spacing_mm
    size = _log_uniform(rng, SIZES_MM, len(place_row))
    level = _log_uniform(rng, LEVELS, len(place_row))
    row, col = place_row.astype(np.float64), place_col.astype(np.float64)
    for index, width in enumerate(size / spacing_mm):
        spot = _spot(width, blur, rng)
        reach = spot.shape[0] // 2
        # The part of the spot's square that lies on the image.
        top, left = place_row[index] - reach, place_col[index] - reach
        bottom, right = top + spot.shape[0], left + spot.shape[1]
        down = slice(max(top, 0), min(bottom, raw.shape[0]))
        across = slice(max(left, 0), min(right, raw.shape[1]))
        part = spot[down.start - top : down.stop - top, across.start - left : across.stop - left]
        around = image[down, across].mean() - air
        image[down, across] += level[index] * around * part
        centre = ndimage.center_of_mass(part)
        row[index], col[index] = down.start + centre[0], across.start + centre[1]
    # Nothing brighter than the image's own range ends: a windowed image has cut it off, too.
    highest = np.iinfo(raw.dtype).max
    return Planted(np.clip(np.rint(image), 0, highest).astype(raw.dtype), row, col, size)


def _places(
    prepared: Prepared, spots: int, spacing_mm: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw pixels of the breast that are `MARGIN_MM` from its skin and from the border."""
    rows, columns = prepared.raw.shape
    margin = int(np.ceil(MARGIN_MM / spacing_mm))
    block = prepared.breast.block
    inner = np.argwhere(prepared.breast.depth >= margin)
    if not len(inner):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    chosen = inner[rng.integers(len(inner), size=spots)] * block
    chosen += rng.integers(block, size=(spots, 2))
    row, col = chosen.T
    keep = (row >= margin) & (row < rows - margin) & (col >= margin) & (col < columns - margin)
    return row[keep], col[keep]


def _spot(width: float, blur: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return one to three Gaussians on a square of odd side, peak 1 before they are blurred."""
    parts = int(rng.integers(1, 4))
    sigma = width / WIDTH_PER_SIGMA
    spread = 0.0 if parts == 1 else 0.9 * sigma
    soft = float(np.hypot(blur, PIXEL))
    reach = int(np.ceil(3 * np.hypot(sigma, soft) + 2 * spread))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    total = np.zeros(x.shape)
    for _ in range(parts):
        at_y, at_x = rng.normal(0, spread, 2).clip(-2 * spread, 2 * spread)
        flat = rng.uniform(0.4, 1.0)
        angle = rng.uniform(0, np.pi)
        along = (x - at_x) * np.cos(angle) + (y - at_y) * np.sin(angle)
        across = (y - at_y) * np.cos(angle) - (x - at_x) * np.sin(angle)
        # Variances add; a blur spreads the same sum over a larger area.
        long, short = np.hypot(sigma, soft), np.hypot(sigma * flat, soft)
        peak = sigma**2 * flat / (long * short)
        total += peak * np.exp(-((along / long) ** 2 + (across / short) ** 2) / 2)
    return (total / parts**0.5).astype(np.float32)


def _log_uniform(
    rng: np.random.Generator, limits: tuple[float, float], count: int
) -> NDArray[np.float64]:
    low, high = np.log(limits)
    return np.exp(rng.uniform(low, high, count))
