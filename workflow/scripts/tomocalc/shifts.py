"""How far two samples of one feature lie apart, and how much of it chance alone makes."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

BINS = 10
"""Bins that hold the same share of the reference each."""
SOME, STRONG = 0.1, 0.25
"""Customary bounds of the population stability index."""

CHANCE = 3
"""A shift below this many times what chance alone makes is none."""


def population_stability(expected: NDArray[Any], counted: NDArray[Any]) -> float:
    """Return Σ (q - p) ln(q / p) over bins of a reference (p) and another sample (q).

    Half a count is added to every bin, so that an empty one does not make it infinite.
    """
    p, q = ((count + 0.5) / (count + 0.5).sum() for count in (expected, counted))
    return float(((q - p) * np.log(q / p)).sum())


def stability_by_chance(bins: int, n: int, m: int) -> float:
    """Return the mean index that samples of *n* and *m* from one distribution show."""
    return (bins - 1) * (1 / n + 1 / m)


def gap_by_chance(n: int, m: int) -> float:
    """Return what the largest gap of their distribution functions exceeds in 5 % of cases."""
    return 1.358 * math.sqrt((n + m) / (n * m))


def shift_of(index: float, by_chance: float) -> Literal["none", "some", "strong"]:
    """Return ``none``, ``some`` or ``strong`` for a population stability *index*."""
    if index <= CHANCE * by_chance or index <= SOME:
        return "none"
    return "strong" if index > STRONG else "some"
