"""Features of an object on one slice: one small function each.

Those of `OBJECT_FEATURES` come from its `Statistics`, the others from the slice around it: scale,
skin, neighbours. Grey values are those of the measured image, 0..255. Every function returns
arrays of shape (object,), and no value is ever NaN: an object exists, so its area is at least 1.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from tomocalc.image.breast import Breast
from tomocalc.image.statistics import Floats, Statistics

QUANTISATION_VARIANCE = 1 / 12
"""Variance of rounding to whole grey levels: no noise estimate can be smaller."""

NEIGHBOUR_MM = 5.0
"""Radius within which other candidates count as neighbours."""

RATIO = 1.6
"""Of neighbouring scales; Marr and Hildreth 1980: closest to the Laplacian."""

SCALES_MM = tuple(0.06 * RATIO**step for step in range(6))
"""Standard deviations of the inner Gaussian: blobs of 0.17 to 1.8 mm across (2√2 σ)."""

REACH = 4
"""Samples to each side of the centre."""

CHUNK = 2048
"""Objects handled at once, which bounds the memory for their samples."""


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
"""Features that the object's own statistics give; those that follow need the slice around it."""


def area_mm2(area: Floats, spacing_mm: tuple[float, float]) -> Floats:
    """Convert the area of objects.

    Formula: N × row spacing × column spacing. Unit: mm². Range: > 0. Source: geometry.
    """
    return area * (spacing_mm[0] * spacing_mm[1])


def skin_distance(breast: Breast, row: Floats, col: Floats, spacing_mm: float) -> Floats:
    """Measure how far points are from the edge of the breast.

    Formula: Euclidean distance of the point's block to the nearest block outside the breast, half
    a block less. The border of the image is no edge, because the chest wall lies beyond it.
    Unit: mm. Range: ≥ 0 (0 outside the breast), in steps of about half a block (0.5 mm).
    Source: distance transform of the breast mask.
    """
    return breast.at(breast.depth, row, col).astype(np.float64) * spacing_mm


def neighbours(row_mm: Floats, col_mm: Floats) -> Floats:
    """Count the other candidates of the slice within 5 mm.

    Formula: number of other centres at most 5 mm away in the plane. Unit: none. Range: ≥ 0.
    Source: clusters are defined by several calcifications within a centimetre.
    """
    if row_mm.size == 0:
        return np.zeros(0)
    tree = KDTree(np.column_stack([row_mm, col_mm]))
    found = tree.query_ball_point(tree.data, NEIGHBOUR_MM, return_length=True)
    return np.asarray(found, np.float64) - 1


def slices_spanned(first: NDArray[np.integer], last: NDArray[np.integer]) -> Floats:
    """Count the slices on which a candidate has an own object.

    Formula: last - first + 1. Unit: none. Range: ≥ 1. Source: calcifications blur over depth.
    """
    return (last - first + 1).astype(np.float64)


def focus_offset(index: int, focus: NDArray[np.int64], slice_spacing_mm: float) -> Floats:
    """Measure how deep a slice is relative to the best focus of candidates.

    Formula: (slice - slice of best focus) × slice spacing. Unit: mm. Range: any sign, at most half
    a sequence. Source: order of the sequence.
    """
    return (index - focus).astype(np.float64) * slice_spacing_mm


def blob_scale(
    levels: NDArray[np.unsignedinteger], row: Floats, col: Floats, spacing_mm: float
) -> Floats:
    """Find the scale of the strongest difference-of-Gaussians response at a point.

    Formula: the σ of `SCALES_MM` with the largest G(σ) - G(1.6 σ) at the pixel that holds the
    point, each Gaussian a weighted mean of 9 × 9 samples whose step is σ in whole pixels, at
    least 1; of equal responses the smallest σ. Unit: mm. Range: 0.06..0.63. Source: Lindeberg
    1998, scale selection.

    Parameters
    ----------
    levels
        The slice, raw: the answer does not depend on the grey scale. Shape (row, column).
    row, col
        Centres in pixels, shape (object,).
    spacing_mm
        Pixel spacing.
    """
    kernels = [dog_kernel(scale / spacing_mm) for scale in SCALES_MM]
    best = np.zeros(row.size, np.intp)
    for begin in range(0, row.size, CHUNK):
        part = slice(begin, begin + CHUNK)
        at_row, at_col = (np.rint(place[part]).astype(np.int64) for place in (row, col))
        responses = [_response(levels, at_row, at_col, *kernel) for kernel in kernels]
        best[part] = np.argmax(responses, axis=0)
    return np.asarray(SCALES_MM)[best]


def dog_kernel(sigma: float) -> tuple[int, NDArray[np.float32]]:
    """Return the sample step in pixels and the 9 × 9 weights of a scale of *sigma* pixels."""
    step = max(1, round(sigma))
    offset = step * np.arange(-REACH, REACH + 1)
    inner, outer = (np.exp(-0.5 * (offset / width) ** 2) for width in (sigma, RATIO * sigma))
    inner, outer = inner / inner.sum(), outer / outer.sum()
    return step, (np.outer(inner, inner) - np.outer(outer, outer)).astype(np.float32)


def _response(
    levels: NDArray[np.unsignedinteger],
    row: NDArray[np.int64],
    col: NDArray[np.int64],
    step: int,
    kernel: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Weigh the samples around each point; outside the slice its border pixel is repeated."""
    offset = step * np.arange(-REACH, REACH + 1)
    rows = np.clip(row[:, None] + offset, 0, levels.shape[0] - 1) * levels.shape[1]
    cols = np.clip(col[:, None] + offset, 0, levels.shape[1] - 1)
    flat = (rows[:, :, None] + cols[:, None, :]).reshape(row.size, -1)  # (object, sample)
    return levels.ravel()[flat].astype(np.float32) @ kernel.ravel()
