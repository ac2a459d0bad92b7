"""What the values of a mask mean: labels or grey levels, what is background, what is mixed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label

from tomocalc.readers.plane import Plane, damaged, named, unsupported
from tomocalc.readers.segmentation import bad_mask

Flags = NDArray[np.bool_]

FAINT = 32
"""Least grey level that a mask must reach where its levels are smoothed."""
CLEAR = 0.6
"""Least share of the border of a mask that its background has."""
MOST = 0.5
"""Largest share of the image that a mask may cover."""
BYTE = 255.0
FULL = (1.0, BYTE, 65535.0)
"""What stands for a whole in masks of floats."""
ONE_VALUE = (
    "give every finding one value on all its pages; resample labels with nearest neighbour, from "
    "their source"
)
BLUR = 8
"""Pixels around a mark in which smoothing and JPEG leave grey levels."""
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
MOST_AREAS = 1000
"""Areas of a page that are looked at: more are noise."""
COVERED = 0.8
"""Least share of an area that is another finding on the page before, where it goes on as that."""


@dataclass(frozen=True, kw_only=True)
class Values:
    """What the values of a mask mean."""

    background: Any
    """Value, of labels, that most of the border has."""
    full: float | None
    """Grey level that is set beyond doubt; None for labels."""
    largest: float
    rest: Any = None
    """Grey level of the background, where no other may lie far from what is marked."""

    def labels(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the labels of stored *values*; each grey level becomes one of two."""
        if self.full is None:
            return values
        if values.dtype != np.uint64:
            return values >= self.full / 2
        bits = np.uint64(16 if self.full > BYTE else 8)  # three colours: each is set, or is not
        parts = (values >> bits * np.uint64(place) for place in range(3))
        low = np.uint64(self.full)
        return np.sum(
            [((part & low) >= self.full / 2) << n for n, part in enumerate(parts)], axis=0
        )

    def marked(self, values: NDArray[Any], where: str) -> tuple[Flags, NDArray[Any]]:
        """Return which pixels of stored *values*, (row, column), are marked, and their labels."""
        labels = self.labels(values)
        image = labels != self.background
        if image.mean() > MOST:
            raise bad_mask(
                where,
                f"{image.mean():.0%} of its pixels are set, so what is marked and what is "
                "background cannot be told apart",
            )
        if self.rest is not None:
            around = np.asarray(
                ndimage.binary_dilation(image, np.ones((3, 3)), iterations=BLUR), np.bool_
            )
            far = int(np.count_nonzero((values != self.rest) & ~around))
            if far:
                raise bad_mask(
                    where,
                    f"it is neither of labels nor black and white: {far} pixels of other values "
                    "lie apart from what is marked",
                )
        return image, labels[image]


def look_at(planes: list[Plane], path: str) -> Values:
    """Look at every page once: labels or grey levels, and what is the background.

    Raises
    ------
    TomocalcError
        ``E303`` where that cannot be told, and for labels that interpolation has mixed.
    """
    edges, largest, soft, floats = [], 0.0, False, False
    areas: list[Area] = []
    for plane in planes:
        values = stored_values(plane)
        areas += [] if values.dtype == np.uint64 else areas_of(values)
        largest = max(largest, float(values.max()))
        if values.dtype.kind == "f":
            floats |= bool((values != np.rint(values)).any())
        else:
            soft |= plane.lossy or _is_soft(values)
        edges.append(np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]]))
    if is_mixed(areas):
        why = "other values surround its labels, as interpolation or areas within areas leave them"
        raise bad_mask(path, why, fix=ONE_VALUE)
    border = np.concatenate(edges)
    full = None
    if floats:
        full = next((value for value in FULL if largest <= value), largest)
    elif soft and max(plane.channels for plane in planes) > 1:
        full = float(np.iinfo(planes[0].dtype).max)
    elif soft:
        full = largest
        if full < FAINT:
            raise bad_mask(path, f"its grey levels reach {full:g} only, too faint to tell labels")
    raw = Values(background=0, full=full, largest=largest)
    background = _most(raw.labels(border))
    if background is None:
        raise bad_mask(path, "no value is clearly its background: its border holds several")
    return replace(raw, background=background, rest=_most(border) if soft else None)


def _most(border: NDArray[Any]) -> Any:
    """Return the value that most of a border has, None where several share it."""
    values, counts = np.unique(border, return_counts=True)
    most = int(np.argmax(counts))
    return values[most] if counts[most] >= CLEAR * border.size else None


def stored_values(plane: Plane) -> NDArray[Any]:
    """Return the values of a page as they are stored, (row, column).

    Raises
    ------
    TomocalcError
        ``E202`` for damage, ``E203`` for values that are not numbers.
    """
    with named(plane.where, doing="a mask cannot be decoded"):
        values = plane.decode().image
    if values.shape != (plane.rows, plane.columns):
        raise damaged(plane.where, f"its header says {(plane.rows, plane.columns)}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise unsupported(plane.where, "it holds NaN or infinite values", "save it as labels")
    return values


def _is_soft(values: NDArray[Any]) -> bool:
    """Return whether a mask has grey levels: edges that drawing, scaling or JPEG has smoothed.

    Labels count from 1, or lie in areas of one value each. Values that lie in lines or dots, every
    one beside a value farther from the background, are an edge that was scaled.
    """
    tones, counts = _tones(values)
    background = tones[np.argmax(counts)]
    others = tones[tones != background]
    if others.size < 2 or (others[0] <= 1 and others[-1] - others[0] == others.size - 1):
        return False
    alike = np.zeros(values.shape, np.uint8)
    across, down = values[:, 1:] == values[:, :-1], values[1:] == values[:-1]
    alike[:, 1:] += across
    alike[:, :-1] += across
    alike[1:] += down
    alike[:-1] += down
    solid = alike >= 2  # two neighbours of the same value
    if values.dtype != np.uint64:
        away = np.abs(values.astype(np.int64) - int(background))
        tops = np.unique(values[ndimage.maximum_filter(away, 3) == away])
        inside = np.unique(values[alike == 4])
        solid &= np.isin(values, tops) | np.isin(values, inside)
    return bool(2 * np.isin(others, np.unique(values[solid])).sum() < others.size)


@dataclass(frozen=True)
class Area:
    """An area of a page: what surrounds its innermost pixels."""

    peak: float
    """How far they are from the background."""
    solid: bool
    """They hold a square of 3 × 3 pixels that are alike."""
    fades: bool
    """Other values surround them."""


def _tones(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the values of a page, sorted, and how often each occurs."""
    if values.dtype.kind != "u" or values.dtype.itemsize > 2:
        return np.unique(values, return_counts=True)
    counts = np.bincount(values.ravel())
    tones = np.flatnonzero(counts)
    return tones.astype(values.dtype), counts[tones]


def areas_of(values: NDArray[Any]) -> list[Area]:
    """Describe the areas of a page of stored *values*, (row, column)."""
    tones, counts = _tones(values)
    if tones.size < 2:
        return []
    away = np.abs(values.astype(np.float32) - np.float32(tones[np.argmax(counts)]))
    return _areas(away) if float(away.max()) > 1 else []


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
    areas, found = np.asarray(label(inside, connectivity=2)), []
    for number, box in enumerate(ndimage.find_objects(areas)[:MOST_AREAS], start=1):
        around = tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in box)
        here, own = away[around], areas[around] == number
        peak = float(here[own].max())
        inner = own & (here >= NEAR * peak)
        differ = ndimage.maximum_filter(here, 3) - ndimage.minimum_filter(here, 3)
        rim = inner & ~np.asarray(ndimage.binary_erosion(inner, border_value=1), np.bool_)
        free = rim & np.asarray(ndimage.binary_dilation(~inside[around]), np.bool_)
        solid = bool((inner & (differ <= ALIKE * peak)).any())
        found.append(Area(peak, solid, bool(free.sum() < FADES * rim.sum())))
    return found
