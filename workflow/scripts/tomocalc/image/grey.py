"""Grey levels: histograms, the scale from raw values to 0..255, equalisation, Otsu."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOW_PERCENTILE = 1.0
HIGH_PERCENTILE = 99.0
HIGH_LEVEL = 100.0
"""The breast's 1st percentile becomes 0 and its 99th 100: a grey level is 1 % of tissue's range.

The rest up to 255 is kept for calcifications, which are brighter than any tissue: a scale that
ended at a percentile of the tissue would cut off what sets them apart.
"""
END = 12
"""The ends of a range are a twelfth of it each, and hold that many values at least where values
run over."""
FEW_DARK, LEAST_DARK = 0.01, 3
"""Share of dark pixels below which only what ran over is dark, and how many values that has."""


@dataclass(frozen=True)
class Scale:
    """From raw to grey values: grey = clip((raw - zero) × gain, 0, 255)."""

    zero: float
    gain: float

    def apply(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn raw into grey values, in place."""
        raw -= np.float32(self.zero)
        raw *= np.float32(self.gain)
        return np.clip(raw, 0, 255, out=raw)

    def table(self, levels: int) -> NDArray[np.float32]:
        """Return the grey value of each of the raw values 0..levels-1."""
        return self.apply(np.arange(levels, dtype=np.float32))


def normalisation(values: NDArray[np.integer]) -> Scale | None:
    """Find the grey scale of a slice.

    Parameters
    ----------
    values
        Raw values inside the breast.

    Returns
    -------
    Scale or None
        None when the values have no contrast to normalise.
    """
    if values.size == 0:
        return None
    low, high = np.percentile(values, [LOW_PERCENTILE, HIGH_PERCENTILE])
    if high <= low:
        low, high = float(values.min()), float(values.max())
    return None if high <= low else Scale(float(low), float(HIGH_LEVEL / (high - low)))


def histogram_of(levels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the pixels of each of 256 levels.

    Pairs of neighbouring pixels are counted as one 16-bit number: half as many to count.
    """
    flat = levels.ravel()
    even = flat.size // 2 * 2
    pairs = np.zeros(1 << 16, np.int64)
    for part in np.array_split(flat[:even].view(np.uint16), 1 + even // (1 << 20)):
        pairs += np.bincount(part, minlength=1 << 16)
    square = pairs.reshape(256, 256)
    return square.sum(0) + square.sum(1) + np.bincount(flat[even:], minlength=256)


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


def wrapped(raw: NDArray[np.unsignedinteger]) -> int:
    """Return between how many neighbours along rows values run over the end of their range.

    Both ends then hold many values; a bright label beside air, or a clip, holds few. Of a few
    small spots only the tops run over: then hardly anything is dark but what lies beside them.
    """
    full = 1 << int(raw.max()).bit_length()
    dark = raw < full // 4
    if 0 < np.count_nonzero(dark) < FEW_DARK * raw.size:
        dark = np.flatnonzero(dark)
        beside = raw.ravel()[np.clip(dark[:, None] + (-1, 1), 0, raw.size - 1)]
        count = int(np.count_nonzero(beside >= full // 8 * 5))
        spots = 2 * count >= dark.size and np.unique(raw.ravel()[dark]).size >= LEAST_DARK
        return count if spots else 0
    rows = raw[::2]
    low, high = rows < full // END, rows >= full - full // END
    if not (low.any() and high.any()):
        return 0
    count, darkest, brightest = 0, set[int](), set[int]()
    before, after = np.s_[:, :-1], np.s_[:, 1:]
    for one, other in ((before, after), (after, before)):
        found = low[one] & high[other]
        count += int(np.count_nonzero(found))
        darkest.update(rows[one][found].tolist())
        brightest.update(rows[other][found].tolist())
    return count if count >= END and min(len(darkest), len(brightest)) >= END else 0
