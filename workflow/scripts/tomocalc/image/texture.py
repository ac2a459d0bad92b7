"""Texture of the tissue around an object: grey-level co-occurrence and wavelet energies.

Of square patches, all objects of a slice at once. The co-occurrence matrix counts the pairs of
neighbouring pixels, in four directions and both orders, by their two levels; the four directions
are merged into one matrix per patch ("2D, slice-merged" of the Image Biomarker Standardisation
Initiative, IBSI: Zwanenburg et al., Radiology 295 (2020), p. 328). A test holds the
formulas against the reference values of its digital phantom.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from tomocalc.image.statistics import Floats, Grey

SIDE_MM = 3.2
"""Side of the patch around an object."""
BIN = 8.0
"""Grey values of one level: IBSI's fixed bin size, from 0 on."""
LEVELS = 32
"""Of the grey values 0 to 255."""
SCALES = 3
"""Levels of the wavelet transform; a patch is a whole number of 2³ pixels wide."""
DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Of pairs: rows down, columns to the right."""
CHUNK = 256
"""Patches handled at once, which bounds the memory."""


def texture_contrast(share: Floats) -> Floats:
    """Weigh pairs by the squared difference of their levels.

    Formula: Σ (i - j)² p(i, j). Unit: none. Range: 0 (flat) .. 961.
    Source: IBSI ACUI; Haralick 1973.
    """
    _, low, high = _grid(share)
    return ((low - high) ** 2 * share).sum(axis=(1, 2))


def texture_correlation(share: Floats) -> Floats:
    """Correlate the levels of neighbouring pixels.

    Formula: (Σ i j p(i, j) - μ²) / σ² of the margin. Unit: none. Range: -1 .. 1; 1 of a flat patch.
    Source: IBSI NI2N; Haralick 1973.
    """
    level, low, high = _grid(share)
    margin = share.sum(axis=2)
    mean = margin @ level
    variance = margin @ level**2 - mean**2
    product = (low * high * share).sum(axis=(1, 2)) - mean**2
    varied = variance > 1e-12
    return np.where(varied, product / np.where(varied, variance, 1), 1.0)


def texture_entropy(share: Floats) -> Floats:
    """Form the entropy of the pairs of levels.

    Formula: -Σ p(i, j) log2 p(i, j). Unit: bit. Range: 0 (flat) .. 10. Source: IBSI TU9B.
    """
    logarithm = np.zeros_like(share)
    np.log2(share, out=logarithm, where=share > 0)
    return -(share * logarithm).sum(axis=(1, 2))


def texture_uniformity(share: Floats) -> Floats:
    """Form the angular second moment of the pairs of levels.

    Formula: Σ p(i, j)². Unit: none. Range: above 0 .. 1 (flat). Source: IBSI 8ZQL; Haralick 1973.
    """
    return (share**2).sum(axis=(1, 2))


def texture_homogeneity(share: Floats) -> Floats:
    """Form the inverse difference moment.

    Formula: Σ p(i, j) / (1 + (i - j)²). Unit: none. Range: above 0 .. 1 (flat).
    Source: IBSI WF0Z; Haralick 1973.
    """
    _, low, high = _grid(share)
    return (share / (1 + (low - high) ** 2)).sum(axis=(1, 2))


def texture_shade(share: Floats) -> Floats:
    """Form the cluster shade, the skewness of the sum of neighbouring levels.

    Formula: Σ (i + j - 2μ)³ p(i, j). Unit: none. Range: any; positive where few bright pixels
    lie on dark ground. Source: IBSI 7NFM.
    """
    level, low, high = _grid(share)
    mean = (share.sum(axis=2) @ level)[:, None, None]
    return ((low + high - 2 * mean) ** 3 * share).sum(axis=(1, 2))


def texture_wavelet_1(energy: Floats) -> Floats:
    """Take the strength of details of one pixel.

    Formula: √(Σ d² / N) over the three details of the first level of the orthonormal Haar transform
    of the patch of N pixels. Unit: grey. Range: 0..255. Source: Mallat 1989.
    """
    return np.sqrt(energy[:, 0])


def texture_wavelet_2(energy: Floats) -> Floats:
    """Take the strength of details of two pixels.

    Formula: as `texture_wavelet_1`, second level. Unit: grey. Range: 0..255. Source: Mallat 1989.
    """
    return np.sqrt(energy[:, 1])


def texture_wavelet_3(energy: Floats) -> Floats:
    """Take the strength of details of four pixels.

    Formula: as `texture_wavelet_1`, third level; the squares of all three add up to the variance
    within blocks of 8 × 8 pixels. Unit: grey. Range: 0..255. Source: Mallat 1989.
    """
    return np.sqrt(energy[:, 2])


OF_PAIRS: dict[str, Callable[[Floats], Floats]] = {
    function.__name__: function
    for function in (
        texture_contrast,
        texture_correlation,
        texture_entropy,
        texture_uniformity,
        texture_homogeneity,
        texture_shade,
    )
}
"""Features of the shares of pairs (patch, level, level)."""
OF_DETAILS: dict[str, Callable[[Floats], Floats]] = {
    function.__name__: function
    for function in (texture_wavelet_1, texture_wavelet_2, texture_wavelet_3)
}
"""Features of the energies (patch, scale)."""


def texture(grey: Grey, row: Floats, col: Floats, spacing_mm: float) -> dict[str, Floats]:
    """Measure the texture around every object.

    Parameters
    ----------
    grey
        The slice.
    row, col
        Centres in pixels, shape (object,).
    spacing_mm
        Pixel spacing.

    Returns
    -------
    dict
        Feature: value of every object. At the border of the image the patch lies as near as it can
        and still wholly inside.
    """
    step = 2**SCALES
    side = step * max(1, round(SIDE_MM / spacing_mm / step))
    side = min(side, *(size // step * step for size in grey.shape))
    found: dict[str, list[Floats]] = {name: [np.zeros(0)] for name in (*OF_PAIRS, *OF_DETAILS)}
    if side:
        for patches in _patches(grey, row, col, side):
            levels = np.minimum(patches / BIN, LEVELS - 1).astype(np.int64) + 1
            share, energy = pair_shares(levels, LEVELS), detail_energies(patches, SCALES)
            for name, feature in OF_PAIRS.items():
                found[name].append(feature(share))
            for name, feature in OF_DETAILS.items():
                found[name].append(feature(energy))
    else:  # an image of fewer pixels than the transform has steps
        found = {name: [np.full(row.size, np.nan)] for name in found}
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _patches(grey: Grey, row: Floats, col: Floats, side: int) -> Iterator[NDArray[np.float32]]:
    """Yield the grey values around objects, (object, row, column), `CHUNK` objects at a time."""
    first = [
        np.clip(np.rint(place).astype(np.int64) - side // 2, 0, size - side)
        for place, size in zip((row, col), grey.shape, strict=True)
    ]
    inside = np.arange(side)
    for begin in range(0, row.size, CHUNK):
        top, left = (place[begin : begin + CHUNK, None] for place in first)
        # flat index of pixel (r, c) of patch n: (top[n] + r) × columns of the slice + left[n] + c
        flat = ((top + inside) * grey.shape[1])[:, :, None] + (left + inside)[:, None, :]
        yield grey.at(flat)


def pair_shares(levels: NDArray[np.int64], count: int) -> Floats:
    """Return how often levels lie side by side, (patch, level, level), adding up to 1.

    Parameters
    ----------
    levels
        (patch, row, column), from 1 to *count*; 0 of a pixel that does not count.
    """
    wide = count + 1
    # each pair is one number: (patch × wide + first level) × wide + second level
    patch = (np.arange(len(levels)) * wide * wide)[:, None, None]
    total = np.zeros(len(levels) * wide * wide)
    for down, right in DIRECTIONS:
        height, width = levels.shape[1] - down, levels.shape[2] - abs(right)
        left, other = max(-right, 0), max(right, 0)
        one = levels[:, :height, left : left + width]
        two = levels[:, down:, other : other + width]
        total += np.bincount((patch + one * wide + two).ravel(), minlength=total.size)
    pairs = total.reshape(-1, wide, wide)[:, 1:, 1:]
    pairs = pairs + pairs.transpose(0, 2, 1)
    return pairs / np.maximum(pairs.sum(axis=(1, 2), keepdims=True), 1)


def detail_energies(patches: NDArray[np.floating], scales: int) -> Floats:
    """Return the mean squared details of the orthonormal Haar transform, (patch, scale).

    Parameters
    ----------
    patches
        (patch, row, column); rows and columns are multiples of 2 to the power of *scales*.
    """
    smooth = patches.astype(np.float64)
    size = smooth.shape[1] * smooth.shape[2]
    energies = []
    for _ in range(scales):
        a, b = smooth[:, ::2, ::2], smooth[:, ::2, 1::2]
        c, d = smooth[:, 1::2, ::2], smooth[:, 1::2, 1::2]
        details = ((a - b + c - d) / 2, (a + b - c - d) / 2, (a - b - c + d) / 2)
        energies.append(sum((part**2).sum(axis=(1, 2)) for part in details) / size)
        smooth = (a + b + c + d) / 2
    return np.stack(energies, axis=1)


def _grid(share: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the levels from 1 on, and those of the first and the second pixel of every pair."""
    level = np.arange(1.0, share.shape[1] + 1)
    return level, level[:, None], level[None, :]
