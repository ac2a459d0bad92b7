"""Grey levels: histograms, the scale from raw values to 0..255, equalisation, Otsu."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOW_PERCENTILE = 1.0
HIGH_PERCENTILE = 99.0
HIGH_LEVEL = 170.0
"""The breast's 1st percentile becomes 0 and its 99th 170.

The third of the range above is kept for calcifications, which are brighter than any tissue:
a scale that ended at a percentile of the tissue would cut off what sets them apart.
"""


def normalisation(values: NDArray[np.integer]) -> tuple[float, float] | None:
    """Return (zero, gain) such that grey = clip((raw - zero) × gain, 0, 255).

    Parameters
    ----------
    values
        Raw values inside the breast.

    Returns
    -------
    tuple of float or None
        None when the values have no contrast to normalise.
    """
    if values.size == 0:
        return None
    low, high = np.percentile(values, [LOW_PERCENTILE, HIGH_PERCENTILE])
    if high <= low:
        low, high = float(values.min()), float(values.max())
    if high <= low:
        return None
    return float(low), float(HIGH_LEVEL / (high - low))


def normalise_table(zero: float, gain: float, levels: int) -> NDArray[np.float32]:
    """Return the grey value of each of the raw values 0..levels-1."""
    return np.clip((np.arange(levels) - zero) * gain, 0, 255).astype(np.float32)


def equalise_table(histogram: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return the equalised grey value (0..255) of each level of *histogram*.

    The value of a level is 255 × the share of pixels at or below it, as in
    `skimage.exposure.equalize_hist` with one bin per level.
    """
    cumulative = np.cumsum(histogram)
    return (cumulative * (255.0 / cumulative[-1])).astype(np.float32)


def otsu_level(histogram: NDArray[np.integer], values: NDArray[np.floating]) -> int:
    """Return the first level of the upper class by Otsu's method.

    Parameters
    ----------
    histogram
        Pixels per level.
    values
        Grey value of each level, not decreasing.

    Returns
    -------
    int
        The level whose cut below maximises the variance between the classes; the lowest such
        level. With a single level present that level is returned.
    """
    used = np.flatnonzero(histogram)
    if used.size == 1:
        return int(used[0])
    weight = histogram[used].astype(np.float64)
    value = values[used].astype(np.float64)
    below = np.cumsum(weight)[:-1]
    above = weight.sum() - below
    total = np.cumsum(weight * value)
    difference = total[:-1] / below - (total[-1] - total[:-1]) / above
    return int(used[1 + np.argmax(below * above * difference**2)])
