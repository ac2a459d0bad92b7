"""How often chance alone counts more than so many: binomial and Poisson, summed exactly.

The chances of neighbouring counts have a simple ratio. From the most frequent count outwards their
logarithms are summed, which loses no digits, and all of them together are 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FAR = 40
"""Deviations above the mean of a Poisson count beyond which nothing is left to sum."""


def more_by_binomial(count: int, trials: int, share: float) -> float:
    """Return the chance of more than *count* successes in *trials*, each with the chance *share*.

    Parameters
    ----------
    share
        Above 0 and below 1.
    """
    counts = np.arange(trials)
    return _more(count, (trials - counts) / (counts + 1) * (share / (1 - share)))


def more_by_poisson(count: int, mean: float) -> float:
    """Return the chance of more than *count* events where *mean* are expected, which is above 0."""
    most = math.ceil(max(mean, count + 1) + FAR * math.sqrt(max(mean, count + 1)) + FAR)
    return _more(count, mean / (np.arange(most) + 1))


def _more(count: int, ratio: NDArray[np.float64]) -> float:
    """Return the chance of more than *count*, from the *ratio* of every chance to the one before.

    Ratios fall: that of 1 to 0 comes first, and chances rise as long as it is above 1.
    """
    steps = np.log(ratio)
    top = int((steps > 0).sum())  # the most frequent count
    below = -np.cumsum(steps[:top][::-1])[::-1]
    chances = np.exp(np.concatenate([below, [0.0], np.cumsum(steps[top:])]))
    return float(chances[count + 1 :].sum() / chances.sum())
