"""Features that need the slice around an object: scale, skin, neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from tomocalc.image.breast import Breast
from tomocalc.image.statistics import Floats

NEIGHBOUR_MM = 5.0
"""Radius within which other candidates count as neighbours."""


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
