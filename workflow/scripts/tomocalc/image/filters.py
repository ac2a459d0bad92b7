"""Filters over whole slices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def blur(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Blur with a Gaussian of *sigma* pixels; the border pixel is repeated outside."""
    return np.asarray(ndimage.gaussian_filter(image, sigma, mode="nearest"), np.float32)


def white_tophat(image: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Subtract the opening by a square of *size* pixels: what is bright and smaller remains."""
    return image - np.asarray(ndimage.grey_opening(image, size, mode="nearest"), np.float32)
