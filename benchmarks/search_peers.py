"""Searches for spots without learning, as peers of ours: what textbooks have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from tomocalc.image.generators import SKIN_MARGIN_MM
from tomocalc.image.slices import Prepared

DOG = (0.08, 0.12, 0.19, 0.31, 0.5)
"""Narrower Gaussians of the textbook's difference of Gaussians, in millimetres; the wider ones are
1.6 times as wide."""
NEAR_PX = 28
"""Pixels of the side of the square whose deviation is the local noise, half a level at least."""
SQUARE = 64
"""Pixels of the side of a square of tissue whose noise is measured."""
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
            grey = prepared.grey.table[prepared.grey.levels]
            mean = ndimage.uniform_filter(grey, NEAR_PX)
            square = ndimage.uniform_filter(np.square(grey), NEAR_PX) - mean**2
            best = best / np.sqrt(np.maximum(square, 0.25))
        return peaks(best, prepared, spacing_mm)


@dataclass(frozen=True)
class Prewhitened:
    """Ranks the peaks of matched filters that know the noise of the slice, one for every size.

    This is Hotelling's observer for Gaussian spots in stationary noise: the spectrum of the noise
    is that of the slice's own tissue, and a response is divided by the deviation of such responses
    in the neighbourhood, because tissue is not stationary.
    """

    widths_mm: tuple[float, ...] = (0.15, 0.25, 0.4, 0.7)

    def __call__(self, prepared: Prepared, spacing_mm: float) -> Found:
        """Search a slice."""
        grey = prepared.grey.table[prepared.grey.levels]
        noise = _noise_power(grey, inner(prepared, spacing_mm))
        away = np.minimum(np.arange(SQUARE), SQUARE - np.arange(SQUARE))  # from pixel 0, around
        radius = np.add.outer(away**2, away**2)  # squared
        best = np.full(grey.shape, -np.inf, np.float32)
        for width in self.widths_mm:
            sigma = np.hypot(width / 2.3548 / spacing_mm, 0.4)
            spot = np.fft.fft2(np.exp(-radius / (2 * sigma**2)))
            kernel = np.fft.fftshift(np.fft.ifft2(spot / noise).real)
            kernel -= kernel.mean()
            response = signal.oaconvolve(grey, kernel.astype(np.float32), mode="same")
            window = round(3.0 / spacing_mm)
            # a running sum can end a little below zero where nothing varies
            square = np.maximum(ndimage.uniform_filter(np.square(response), window), 1e-12)
            np.maximum(best, response / np.sqrt(square), out=best)
        return peaks(best, prepared, spacing_mm)


def _noise_power(grey: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean power spectrum of the squares of an image that lie inside the breast."""
    window = np.outer(np.hanning(SQUARE), np.hanning(SQUARE))
    total, count = np.zeros((SQUARE, SQUARE)), 0
    step = SQUARE // 2
    for top in range(0, grey.shape[0] - SQUARE + 1, step):
        for left in range(0, grey.shape[1] - SQUARE + 1, step):
            part = slice(top, top + SQUARE), slice(left, left + SQUARE)
            if inside[part].all():
                tile = grey[part] - grey[part].mean()
                total += np.abs(np.fft.fft2(tile * window)) ** 2
                count += 1
    power = total / max(count, 1) if count else np.ones_like(total)
    return power + 1e-6 * power.max()  # rounded values leave no noise at some frequencies


def inner(prepared: Prepared, spacing_mm: float) -> NDArray[np.bool_]:
    """Say which pixels lie as far inside the breast as the search looks."""
    block = prepared.breast.block
    blocks = prepared.breast.depth * spacing_mm >= SKIN_MARGIN_MM
    rows, columns = prepared.raw.shape
    return np.repeat(np.repeat(blocks, block, axis=0), block, axis=1)[:rows, :columns]


def peaks(response: NDArray[np.float32], prepared: Prepared, spacing_mm: float) -> Found:
    """Return places and heights of the peaks of a response inside the breast."""
    peak = (response == ndimage.maximum_filter(response, 5)) & (response > 0)
    peak &= inner(prepared, spacing_mm)
    return np.argwhere(peak).astype(np.float64), response[peak].astype(np.float64)
