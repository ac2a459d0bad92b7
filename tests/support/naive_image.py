"""The same image processing as most people would write it with scikit-image, object by object.

It is the oracle of the tests and the peer of the benchmarks: every feature by its definition,
with no thought for speed.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import exposure, filters, measure, morphology

from tomocalc.image.breast import Breast
from tomocalc.image.grey import HIGH_LEVEL, HIGH_PERCENTILE, LOW_PERCENTILE
from tomocalc.image.spots import RATIO, SCALES_MM, SIGMA_PER_MEAN, SKIN_BLOCKS, WINDOW

Image = NDArray[np.floating]


def normalise(raw: NDArray[np.integer], inside: NDArray[np.bool_]) -> Image:
    """Scale to 0..255 over the breast."""
    low, high = np.percentile(raw[inside], [LOW_PERCENTILE, HIGH_PERCENTILE])
    return np.clip((raw - low) * (HIGH_LEVEL / (high - low)), 0, 255)


def local_labels(
    grey: Image, breast: Breast, *, threshold: float, spacing_mm: float
) -> NDArray[np.integer]:
    """Label the pixels whose difference of Gaussians stands out from the local noise."""
    inside = breast.pixels((grey.shape[0], grey.shape[1]))
    core = np.asarray(ndimage.distance_transform_edt(inside)) > SKIN_BLOCKS * breast.block
    width = (2 * WINDOW + 1) * breast.block
    count = ndimage.uniform_filter(core.astype(float), width, mode="constant")
    mask = np.zeros(grey.shape, bool)
    for scale in SCALES_MM:
        response = filters.difference_of_gaussians(
            grey, scale / spacing_mm, RATIO * scale / spacing_mm
        )
        magnitude = ndimage.uniform_filter(np.abs(response) * core, width, mode="constant")
        noise = SIGMA_PER_MEAN * magnitude / np.maximum(count, 1e-6)
        mask |= inside & (count > 1e-6) & (response > threshold * np.maximum(noise, 0.1))
    return np.asarray(measure.label(mask, connectivity=2))


def paper_labels(grey: Image, sigma: float) -> NDArray[np.integer]:
    """Label the pixels at or above Otsu's threshold of the blurred and equalised slice."""
    equal = exposure.equalize_hist(filters.gaussian(grey, sigma))
    return np.asarray(measure.label(equal >= filters.threshold_otsu(equal), connectivity=2))


def features(grey: Image, labels: NDArray[np.integer]) -> list[dict[str, float]]:
    """Measure every object in a loop over `skimage.measure.regionprops`."""
    sobel = filters.sobel(grey)
    return [
        object_features(region, grey, labels, sobel)
        for region in measure.regionprops(labels, intensity_image=grey)
    ]


def object_features(
    region: Any, grey: Image, labels: NDArray[np.integer], sobel: Image
) -> dict[str, float]:
    """Measure one object on its bounding box and two pixels around it."""
    top, left, bottom, right = region.bbox
    rows = slice(max(top - 2, 0), bottom + 2)
    cols = slice(max(left - 2, 0), right + 2)
    mine = labels[rows, cols] == region.label
    values = grey[rows, cols][mine]
    ring = morphology.dilation(mine, np.ones((5, 5))) & (labels[rows, cols] == 0)
    around = grey[rows, cols][ring]
    edge = np.pad(mine, 1)
    edge = (edge & ~np.asarray(ndimage.binary_erosion(edge), np.bool_))[1:-1, 1:-1]
    central = region.moments_central / region.area
    contrast = values.mean() - around.mean() if around.size else 0.0
    noise = around.var() if around.size else 0.0
    return {
        "area": region.area,
        "gray_level": region.intensity_mean,
        "gradient_strength": sobel[rows, cols][edge].mean(),
        "gradient_region": sobel[rows, cols][mine].mean(),
        "noise_fluctuation": values.std(),
        "contrast": contrast,
        "contrast_range": region.intensity_max - region.intensity_min,
        "shape_descriptor": region.moments_hu[0],
        "variance_row": central[2, 0],
        "variance_col": central[0, 2],
        "eccentricity": region.eccentricity,
        "contrast_to_noise": contrast / np.sqrt(noise + 1 / 12),
    }
