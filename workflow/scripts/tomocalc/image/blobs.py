"""The size at which an object stands out most: difference of Gaussians at its centre."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tomocalc.image.statistics import Floats

RATIO = 1.6
"""Of neighbouring scales; Marr and Hildreth 1980: closest to the Laplacian."""

SCALES_MM = tuple(0.06 * RATIO**step for step in range(6))
"""Standard deviations of the inner Gaussian: blobs of 0.17 to 1.8 mm across (2√2 σ)."""

REACH = 4
"""Samples to each side of the centre."""

CHUNK = 2048
"""Objects handled at once, which bounds the memory for their samples."""


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
