"""Labels that interpolation has mixed: values between them that nobody gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label

APART = 0.1
"""Share of the largest value by which labels differ at least, and marks from the background."""
NEAR = 0.85
"""Share of the peak of an area that its inner values reach."""
ALIKE = 0.03
"""Share of the peak by which the pixels of a square may differ."""
FADES = 0.7
"""Least share of the inner border of an area that other values surround where it fades."""
MANY = 0.25
"""Least share of the areas that fade where labels are mixed."""
OTHERS = 0.1
"""Largest share of areas that lie where another finding is on the page before."""
COVERED = 0.8
"""Least share of an area that is another finding on the page before, where it goes on as that."""
FAINT = 32
"""Values below which the peaks of small areas are labels too."""


@dataclass(frozen=True)
class Area:
    """An area of a page: what surrounds its innermost pixels."""

    peak: float
    """How far they are from the background."""
    solid: bool
    """They hold a square of 3 × 3 pixels that are alike."""
    fades: bool
    """Other values surround them."""


def areas_of(values: NDArray[Any]) -> list[Area]:
    """Describe the areas of a page of stored *values*, (row, column)."""
    tones, counts = np.unique(values, return_counts=True)
    away = np.abs(values.astype(np.float32) - np.float32(tones[np.argmax(counts)]))
    return _areas(away) if tones.size > 1 and float(away.max()) > 1 else []


def is_mixed(areas: list[Area]) -> bool:
    """Return whether the innermost pixels of *areas* differ, and others surround them in many."""
    largest = max((area.peak for area in areas), default=0.0)
    told = [area for area in areas if area.solid or largest < FAINT]
    tops = [area.peak for area in told]
    fading = [area.fades for area in told if area.peak > 1]
    several = bool(tops) and max(tops) - min(tops) > APART * largest
    return several and sum(fading) >= MANY * len(fading)


def change_with_depth(findings: Mapping[int, NDArray[Any]]) -> bool:
    """Return whether areas go on as other findings from page to page.

    Parameters
    ----------
    findings
        Page to the finding of every pixel, (row, column), 0 for none.
    """
    areas, others = 0, 0
    for index, page in findings.items():
        before = findings.get(index - 1)
        if before is None:
            continue
        places = np.asarray(label(page, connectivity=2))
        sizes = np.bincount(places.ravel())
        covered = np.bincount(places[(before != page) & (before > 0)], minlength=sizes.size)
        areas += sizes.size - 1
        others += int((covered >= COVERED * sizes)[1:].sum())
    return others > OTHERS * areas


def _areas(away: NDArray[np.float32]) -> list[Area]:
    inside = away > APART * float(away.max())
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    box = slice(max(rows[0] - 1, 0), rows[-1] + 2), slice(max(columns[0] - 1, 0), columns[-1] + 2)
    away, inside = away[box], inside[box]
    areas = np.asarray(label(inside, connectivity=2))
    count = int(areas.max())
    peak = np.append(np.inf, ndimage.maximum(away, areas, np.arange(1, count + 1)))
    inner = away >= NEAR * peak[areas]
    differ = ndimage.maximum_filter(away, 3) - ndimage.minimum_filter(away, 3)
    square = inner & (differ <= ALIKE * peak[areas])
    rim = inner & ~np.asarray(ndimage.binary_erosion(inner, border_value=1), np.bool_)
    free = rim & np.asarray(ndimage.binary_dilation(~inside), np.bool_)
    squares, rims, frees = (
        np.bincount(areas[found], minlength=count + 1) for found in (square, rim, free)
    )
    return [
        Area(float(peak[area]), bool(squares[area]), bool(frees[area] < FADES * rims[area]))
        for area in range(1, count + 1)
    ]
