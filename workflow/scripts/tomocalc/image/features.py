"""Features of an object on one slice: one small function each, from its `Statistics`.

Grey values are those of the measured image, 0..255. Every function takes and returns arrays of
shape (object,), and no value is ever NaN: an object exists, so its area is at least 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tomocalc.image.statistics import Floats, Statistics

QUANTISATION_VARIANCE = 1 / 12
"""Variance of rounding to whole grey levels: no noise estimate can be smaller."""


def area(objects: Statistics) -> Floats:
    """Count the pixels of the object.

    Formula: N. Unit: px. Range: ≥ 1. Source: Woods et al. 1993, "average area".
    """
    return objects.area


def gray_level(objects: Statistics) -> Floats:
    """Average the grey values of the object.

    Formula: (1/N) Σ g. Unit: grey. Range: 0..255. Source: Woods et al. 1993.
    """
    return objects.mean


def gradient_strength(objects: Statistics) -> Floats:
    """Average the Sobel magnitude over the perimeter pixels.

    Formula: (1/P) Σ √((g_row² + g_col²)/2) over the P pixels that have a 4-neighbour outside the
    object. Unit: grey/px. Range: 0..255. Source: Woods et al. 1993, "gradient strength of the
    perimeter pixels"; magnitude as in `skimage.filters.sobel`.
    """
    return objects.perimeter_sobel / objects.perimeter


def gradient_region(objects: Statistics) -> Floats:
    """Average the Sobel magnitude over the whole object.

    Formula: (1/N) Σ √((g_row² + g_col²)/2). Unit: grey/px. Range: 0..255.
    Source: the other reading of Woods et al. 1993.
    """
    return objects.sobel / objects.area


def noise_fluctuation(objects: Statistics) -> Floats:
    """Take the standard deviation of the grey values inside the object.

    Formula: √((1/N) Σ (g - mean)²). Unit: grey. Range: 0..127.5. Source: Woods et al. 1993, "root
    mean square noise fluctuation".
    """
    return np.sqrt(objects.deviations / objects.area)


def contrast(objects: Statistics) -> Floats:
    """Subtract the mean of the two-pixel border from the mean of the object.

    Formula: mean(object) - mean(border), where the border is every pixel at most two rows and two
    columns from the object that belongs to no object; 0 without such a pixel. Unit: grey.
    Range: -255..255. Source: Woods et al. 1993.
    """
    return np.where(objects.border > 0, objects.mean - objects.border_mean, 0)


def contrast_range(objects: Statistics) -> Floats:
    """Subtract the smallest grey value of the object from its largest.

    Formula: max g - min g. Unit: grey. Range: 0..255. Source: the other reading of contrast.
    """
    return objects.maximum - objects.minimum


def variance_row(objects: Statistics) -> Floats:
    """Take the variance of the pixel positions along rows.

    Formula: (1/N) Σ (r - mean r)². Unit: px². Range: ≥ 0. Source: central moment μ20 / μ00.
    """
    return objects.rows / objects.area


def variance_col(objects: Statistics) -> Floats:
    """Take the variance of the pixel positions along columns.

    Formula: (1/N) Σ (c - mean c)². Unit: px². Range: ≥ 0. Source: central moment μ02 / μ00.
    """
    return objects.cols / objects.area


def shape_descriptor(objects: Statistics) -> Floats:
    """Form Hu's first invariant of the binary object.

    Formula: η20 + η02 = (variance_row + variance_col) / N. Unit: none. Range: 0 for one pixel,
    1/(2π) for a large disc, more for elongated or branched objects. Source: Hu 1962.
    """
    return (variance_row(objects) + variance_col(objects)) / objects.area


def eccentricity(objects: Statistics) -> Floats:
    """Form the eccentricity of the ellipse with the object's second moments.

    Formula: √(1 - λ2/λ1) of the eigenvalues λ1 ≥ λ2 of the covariance of the pixel positions;
    0 for one pixel. Unit: none. Range: 0 (circle) .. 1 (line).
    Source: as in `skimage.measure.regionprops`.
    """
    row, col, cross = (part / objects.area for part in (objects.rows, objects.cols, objects.cross))
    half_sum, root = (row + col) / 2, np.sqrt(((row - col) / 2) ** 2 + cross**2)
    large, small = half_sum + root, np.maximum(half_sum - root, 0)
    return np.sqrt(1 - small / np.where(large > 0, large, 1)) * (large > 0)


def contrast_to_noise(objects: Statistics) -> Floats:
    """Divide the contrast by the noise of the border.

    Formula: contrast / √(variance(border) + 1/12); the second term is the noise of rounding to
    whole grey levels, so a flat border gives a finite number. Unit: none. Range: any; 0 without a
    border. Source: Rose criterion, with the border as the background.
    """
    variance = objects.border_deviations / np.maximum(objects.border, 1)
    return contrast(objects) / np.sqrt(variance + QUANTISATION_VARIANCE)


OBJECT_FEATURES: dict[str, Callable[[Statistics], Floats]] = {
    function.__name__: function
    for function in (
        area,
        gray_level,
        gradient_strength,
        gradient_region,
        noise_fluctuation,
        contrast,
        contrast_range,
        shape_descriptor,
        variance_row,
        variance_col,
        eccentricity,
        contrast_to_noise,
    )
}
"""Features that the object's own statistics give; the others are in `tomocalc.image.context`."""
