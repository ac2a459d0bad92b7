"""The textbook's search for spots, a difference of Gaussians, as a peer of ours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tomocalc.image.slices import Prepared
from tomocalc.learned.patches import BLOCK, local_levels

DOG = (0.08, 0.12, 0.19, 0.31, 0.5)
"""Narrower Gaussians of the textbook's difference of Gaussians, in millimetres; the wider ones are
1.6 times as wide."""
Found = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Places (object, [row, column]) and how each is ranked."""


@dataclass(frozen=True)
class Textbook:
    """Ranks the peaks of a difference of Gaussians over some scales by their height.

    Attributes
    ----------
    first, last
        The range of `DOG` that is used.
    by_noise
        Whether heights are divided by the local noise.
    """

    first: int
    last: int
    by_noise: bool

    def __call__(self, prepared: Prepared, spacing_mm: float) -> Found:
        """Search a slice."""
        return self.peaks(self.responses(prepared, spacing_mm), prepared, spacing_mm)

    def responses(self, prepared: Prepared, spacing_mm: float) -> NDArray[np.float32]:
        """Return the difference of Gaussians of every scale, (scale, row, column)."""
        grey = prepared.grey.table[prepared.grey.levels]
        widths = [width / spacing_mm for width in DOG[self.first : self.last]]
        smooth = ndimage.gaussian_filter
        every = [smooth(grey, width) - smooth(grey, 1.6 * width) for width in widths]
        return np.stack(every).astype(np.float32)

    def peaks(self, responses: NDArray[np.float32], prepared: Prepared, spacing_mm: float) -> Found:
        """Return places and heights of the peaks of some scales' responses."""
        best = responses.max(axis=0)
        if self.by_noise:
            _, noise = local_levels(prepared.raw, prepared.grey.table)
            whole = np.repeat(np.repeat(noise, BLOCK, axis=0), BLOCK, axis=1)
            best = best / whole[: best.shape[0], : best.shape[1]]
        peak = (best == ndimage.maximum_filter(best, 5)) & (best > 0)
        blocks = prepared.breast.depth * spacing_mm >= 1.6
        block = prepared.breast.block
        inner = np.repeat(np.repeat(blocks, block, axis=0), block, axis=1)
        peak &= inner[: best.shape[0], : best.shape[1]]
        return np.argwhere(peak).astype(np.float64), best[peak].astype(np.float64)
