"""Intervals of proportions. Standard library only: every environment may import it."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson(successes: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion.

    Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209. Without trials it is (0, 1).
    """
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / trials
    scale = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + (z / trials) ** 2 / 4)
    return max(0.0, centre - half), min(1.0, centre + half)
