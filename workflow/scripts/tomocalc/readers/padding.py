"""Pixels where nothing was imaged: found by the values that the header names, shown as air.

Padding may be darker than air or brighter than any tissue, in either photometric interpretation.
Whatever it is, it must not look like breast, and must not be a second, darker kind of air either.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.measure import label

Flags = NDArray[np.bool_]

TWO_CLASSES = 0.8
"""Share of the variance between the two sides of Otsu's threshold above which both exist.

One class alone reaches 0.64 (normal) to 0.75 (uniform).
"""
TONE = 0.02
"""Share by which lossy compression may change an outside of one tone."""
GAP = 0.1
"""Share by which the breast is darker than an outside that is brighter than it."""
MOST_ABOVE = 0.05
"""Largest share of an image that is brighter than a bright outside."""
WIDEST_FRAME = 16
"""Pixels; a margin that is wider is an outside."""
LEAST_OUTSIDE = 0.02
"""Least share of an image that its outside takes."""
BELOW = 3.0
"""Padding of an image without air lies this many ranges of tissue below tissue."""


def padding_of(
    stored: NDArray[Any], ends: tuple[float, float], *, slack: float = 0
) -> Flags | None:
    """Return which pixels of *stored*, (row, column), are padding, or None if none is.

    Where something is darker than padding, only what is joined to the border of the image counts:
    inside the breast, the brightest value is a calcification, and another one is tissue.

    Parameters
    ----------
    stored
        Values as the file holds them.
    ends
        Smallest and largest padding value.
    slack
        By how much lossy compression may have changed them.
    """
    found = (stored >= ends[0] - slack) & (stored <= ends[1] + slack)
    if not found.any():
        return None
    if float(stored.min()) < ends[0] - slack:
        found = _joined_to_border(found)
    return found if found.any() else None


def bright_outside(image: NDArray[Any]) -> tuple[float, float] | None:
    """Return value and share of an outside of one tone that is brighter than the breast, if any.

    It holds both ends of a side of the image, or one corner with an edge: tissue that is cut off
    at the brightest value holds one corner at most, and fades. Brighter is more attenuating in
    *image*, (row, column).
    """
    sample = image[::4, ::4]
    corners = [float(image[row, col]) for row, col in ((0, 0), (0, -1), (-1, -1), (-1, 0))]
    pairs = [*zip(corners, corners[1:] + corners[:1], strict=True)]
    pairs += [(corner, corner) for corner in corners]
    for number, (one, two) in enumerate(pairs):
        value = min(one, two)
        if max(one, two) > value * (1 + TONE) or sample.min() >= value * (1 - GAP):
            continue
        if (sample > value * (1 + TONE)).mean() > MOST_ABOVE:  # what follows would find the same
            continue
        found = outside(image, value)
        rest = sample[~found[::4, ::4]]
        share = float(found.mean())
        if rest.size == 0 or share < LEAST_OUTSIDE:
            continue
        one_tone = float(image[found].max()) <= value * (1 + TONE)
        if not one_tone or not rest.min() < np.percentile(rest, 95) < value * (1 - GAP):
            continue
        if number < len(corners) or _ends_at_once(image, found, value):
            return value, share
    return _noisy_outside(image)


def _noisy_outside(image: NDArray[Any]) -> tuple[float, float] | None:
    """Return level and share of an outside that is noisy and brighter than the breast, if any.

    Of a picture of two tones all four corners then have the brighter one: the breast never reaches
    them all.
    """
    side, sample = max(4, min(image.shape) // 32), image[::4, ::4]
    ends = (slice(None, side), slice(-side, None))
    level = min(float(np.percentile(image[rows, cols], 2)) for rows in ends for cols in ends)
    if not _has_air(sample) or level <= threshold_otsu(sample):
        return None
    found = outside(image, level)
    share = float(found.mean())
    return (level, share) if share < 1 and float(image[~found].mean()) < level else None


def frame_width(image: NDArray[Any]) -> int:
    """Return how many pixels wide a frame is that is drawn around *image*, or 0.

    Tissue reaches the border on the side of the chest wall, and air on others, so what has one
    tone all around was drawn. Air all around is darker than what it holds, and is no frame.
    """
    most = min(WIDEST_FRAME, min(image.shape) // 8)
    low, high = (float(end) for end in np.percentile(image[most:-most, most:-most], (1, 99)))
    edge, last = low + GAP * (high - low), 0.0
    for width in range(most + 1):
        rows, columns = [width, -1 - width], slice(width, image.shape[0] - width)
        ring = np.append(image[rows, width : -width or None], image[columns, rows])
        if np.abs(ring - float(ring[0])).max() > TONE * max(float(ring[0]), high):
            # Around a bright outside a frame may be dark: then all within is brighter.
            return width if width and (last > edge or ring.min() > edge) else 0
        last = float(ring[0])
    return 0


def without_frame(image: NDArray[Any], width: int) -> NDArray[Any]:
    """Return *image* with the values beside a frame in place of it."""
    return np.pad(image[width:-width, width:-width], width, mode="edge")


def _ends_at_once(image: NDArray[Any], found: Flags, value: float) -> bool:
    """Return whether what lies around *found*, which holds its blur, is clearly darker."""
    wide = np.asarray(ndimage.binary_dilation(found, np.ones((3, 3)), iterations=2), np.bool_)
    return bool(np.percentile(image[wide & ~found], 90) < value * (1 - 2 * GAP))


def outside(image: NDArray[Any], value: float) -> Flags:
    """Return what is joined to the border and as bright as *value*, with the blur around it."""
    found = _joined_to_border(image >= value * (1 - TONE))
    return np.asarray(ndimage.binary_dilation(found, np.ones((3, 3)), iterations=2), np.bool_)


def _joined_to_border(found: Flags) -> Flags:
    regions = np.asarray(label(found, connectivity=1))
    edges = np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])
    keep = np.zeros(int(regions.max()) + 1, np.bool_)
    keep[edges] = True
    keep[0] = False
    return keep[regions]


def fill_padding(image: NDArray[Any], padding: Flags) -> None:
    """Give padding the value of air, in place: brighter is more attenuating in *image*.

    Where the rest of the image holds air, that is its lower end. Where all air is padding, it is
    a value well below tissue.
    """
    rest = image[::4, ::4][~padding[::4, ::4]]
    if rest.size == 0:
        image[padding] = 0
        return
    low, high = (float(value) for value in np.percentile(rest, (1, 99)))
    level = low if _has_air(rest) else max(low - BELOW * (high - low), 0.0)
    image[padding] = image.dtype.type(level)


def _has_air(values: NDArray[Any]) -> bool:
    """Return whether *values* are of two kinds, air and tissue, by Otsu's measure."""
    total = float(values.var())
    if total == 0:
        return False
    bright = values > threshold_otsu(values)
    share = float(bright.mean())
    if share in (0.0, 1.0):
        return False
    step = float(values[bright].mean()) - float(values[~bright].mean())
    return share * (1 - share) * step**2 / total >= TWO_CLASSES
