"""Candidate generators: which pixels of a slice are objects."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.settings import Settings
from tomocalc.image.breast import Breast
from tomocalc.image.grey import Scale, equalise_table, histogram_of, otsu_level
from tomocalc.image.runs import Runs, label_runs, mask_runs, per_object
from tomocalc.image.smoothing import BITS, UNIT, Ladder, tiles
from tomocalc.image.spots import find_spots

SKIN_MARGIN_MM = 1.6
"""Skin is about 1.5 mm thick, and its bright line breaks into spots."""

BORDER_MM = 0.5
"""Images end in dark or bright lines, whose edges break into rows of spots; the border of the image
is no skin, because the chest wall lies beyond it, so they need a margin of their own."""


@dataclass(frozen=True, eq=False)
class SliceObjects:
    """Objects of a slice by one generator.

    Attributes
    ----------
    runs
        The objects.
    strength
        How strongly each object stands out, in units of the generator.
    threshold
        Value that an object's pixels reach, in units of the generator.
    mask_share
        Share of the slice's pixels that reach it, 0..1.
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
    sigma
        Standard deviation of the blur that was reached, in pixels.
    """

    levels: NDArray[np.uint8]
    table: NDArray[np.float32]
    cut: int
    sigma: float

    @property
    def otsu(self) -> float:
        """Otsu's threshold on the equalised image."""
        return float(self.table[self.cut])


def equalise(raw: NDArray[np.unsignedinteger], scale: Scale, sigma: float) -> Equalised:
    """Normalise, blur and equalise a slice, and threshold the result, as the paper does.

    One histogram of the blurred slice in 256 levels gives the equalisation and Otsu's threshold.

    Parameters
    ----------
    raw
        Slice, shape (row, column).
    scale
        From raw to grey values.
    sigma
        Standard deviation of the Gaussian in pixels; nothing below 0.7 can be had.
    """
    levels = np.empty(raw.shape, np.uint8)
    ladder = Ladder((sigma**2,))
    for _, parts in tiles(slice(0, raw.shape[0]), slice(0, raw.shape[1])):
        for tile in parts:
            (smooth,) = ladder.smooth(ladder.load(raw, tile, scale))
            smooth += np.uint16(UNIT // 2)
            levels[tile.top : tile.bottom, tile.left : tile.right] = smooth >> np.uint16(BITS)
    histogram = histogram_of(levels)
    table = equalise_table(histogram)
    return Equalised(levels, table, otsu_level(histogram, table), ladder.variances[0] ** 0.5)


def paper_objects(equalised: Equalised, settings: Settings) -> SliceObjects:
    """Take every pixel whose equalised value is at or above Otsu's threshold."""
    runs, _ = label_runs(*mask_runs(equalised.levels >= equalised.cut))
    area = runs.area.astype(np.float32)
    share = float(area.sum()) / equalised.levels.size
    return capped(runs, area, equalised.otsu, share, settings)


def local_objects(
    raw: NDArray[np.unsignedinteger],
    breast: Breast,
    scale: Scale,
    settings: Settings,
    spacing_mm: tuple[float, float],
) -> SliceObjects:
    """Take the bright spots in the breast that have the size of a calcification.

    An object's area must be at least that of a circle of ``min_diameter_mm``, its bounding box at
    most ``max_diameter_mm`` (at least three pixels) in both directions, its centre at least
    `SKIN_MARGIN_MM` inside the breast, and all of it `BORDER_MM` inside the image.
    """
    pixel = max(spacing_mm)
    spots = find_spots(raw, breast, scale, threshold=settings.threshold_k, spacing_mm=pixel)
    runs, order = label_runs(spots.row, spots.start, spots.stop)
    strength = per_object(np.maximum, spots.strength[order], runs.first)
    top, left, bottom, right = runs.boxes()
    smallest = np.pi / 4 * settings.min_diameter_mm**2 / (spacing_mm[0] * spacing_mm[1])
    largest = max(settings.max_diameter_mm / pixel, 3)
    keep = (runs.area >= smallest) & (np.maximum(bottom - top, right - left) <= largest)
    row, col = (top + bottom) // 2, (left + right) // 2
    keep &= breast.at(breast.depth, row, col) * pixel >= SKIN_MARGIN_MM
    margin = math.ceil(BORDER_MM / pixel)
    keep &= (top >= margin) & (bottom <= raw.shape[0] - margin)
    keep &= (left >= margin) & (right <= raw.shape[1] - margin)
    chosen = np.flatnonzero(keep)
    return capped(runs.take(chosen), strength[chosen], settings.threshold_k, spots.share, settings)


def capped(
    runs: Runs, strength: NDArray[np.float32], threshold: float, share: float, settings: Settings
) -> SliceObjects:
    """Keep the strongest objects when there are too many, in their order."""
    if runs.count <= settings.max_per_slice:
        return SliceObjects(runs, strength, threshold, share, False)
    keep = np.sort(np.argsort(-strength, kind="stable")[: settings.max_per_slice])
    return SliceObjects(runs.take(keep), strength[keep], threshold, share, True)
