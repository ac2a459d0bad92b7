"""Candidate generators: which pixels of a slice are objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomocalc.image.breast import Breast
from tomocalc.image.filters import blur, white_tophat
from tomocalc.image.grey import equalise_table, otsu_level
from tomocalc.image.runs import Runs, label_runs
from tomocalc.image.settings import Settings

LEVELS = 256
"""Grey levels of the images that are equalised and thresholded."""


@dataclass(frozen=True, eq=False)
class Found:
    """Objects of a slice by one generator.

    Attributes
    ----------
    runs
        The objects.
    strength
        How strongly each object stands out, in units of the generator.
    threshold
        Smallest value of an object's pixel, in units of the generator.
    mask_share
        Share of the slice's pixels above the threshold, 0..1.
    capped
        True when there were more objects than allowed.
    """

    runs: Runs
    strength: NDArray[np.float32]
    threshold: float
    mask_share: float
    capped: bool


@dataclass(frozen=True, eq=False)
class Equalised:
    """A blurred slice in whole grey levels and its equalisation.

    Attributes
    ----------
    levels
        Blurred grey values in whole levels, shape (row, column).
    table
        Equalised grey value of each level.
    cut
        First level of Otsu's upper class.
    """

    levels: NDArray[np.uint8]
    table: NDArray[np.float32]
    cut: int

    @property
    def otsu(self) -> float:
        """Otsu's threshold on the equalised image."""
        return float(self.table[self.cut])


def equalise(image: NDArray[np.float32], sigma: float) -> Equalised:
    """Blur, equalise and threshold as the paper does: one histogram gives the last two."""
    levels = np.rint(blur(image, sigma)).astype(np.uint8)
    histogram = np.bincount(levels.ravel(), minlength=LEVELS)
    table = equalise_table(histogram)
    return Equalised(levels, table, otsu_level(histogram, table))


def paper_objects(equalised: Equalised, settings: Settings) -> Found:
    """Take every pixel whose equalised value is at or above Otsu's threshold."""
    mask = equalised.levels >= equalised.cut
    runs = label_runs(mask)
    return _capped(runs, runs.area.astype(np.float32), equalised.otsu, mask, settings)


def local_objects(
    image: NDArray[np.float32],
    breast: Breast,
    settings: Settings,
    spacing_mm: tuple[float, float],
) -> Found:
    """Take what is bright against its surroundings and of the size of a calcification."""
    size = 2 * round(settings.max_diameter_mm / max(spacing_mm) / 2) + 1
    response = white_tophat(blur(image, 0.1 / max(spacing_mm)), size)
    inside = breast.pixels((image.shape[0], image.shape[1]))
    values = response[inside]
    median = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - median)))
    threshold = median + settings.threshold_k * max(spread, 0.1)
    mask = inside & (response > threshold)
    runs = label_runs(mask)
    diameter = np.sqrt(4 / np.pi * runs.area * spacing_mm[0] * spacing_mm[1])
    fits = (diameter >= settings.min_diameter_mm) & (diameter <= settings.max_diameter_mm)
    runs = runs.take(np.flatnonzero(fits))
    pixels, first = runs.pixels(image.shape[1])
    strength = np.maximum.reduceat(response.ravel()[pixels], first[:-1]) if runs.count else []
    return _capped(runs, np.asarray(strength, np.float32), threshold, mask, settings)


def _capped(
    runs: Runs,
    strength: NDArray[np.float32],
    threshold: float,
    mask: NDArray[np.bool_],
    settings: Settings,
) -> Found:
    """Keep the strongest objects when there are too many, in their order."""
    share = float(np.count_nonzero(mask)) / mask.size
    if runs.count <= settings.max_per_slice:
        return Found(runs, strength, threshold, share, False)
    keep = np.sort(np.argsort(-strength, kind="stable")[: settings.max_per_slice])
    return Found(runs.take(keep), strength[keep], threshold, share, True)
