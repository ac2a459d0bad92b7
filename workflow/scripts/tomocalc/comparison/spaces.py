"""Search spaces of the compared models, and the random trials that are drawn from them."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One of several values, each equally likely."""

    values: Sequence[Any]

    def draw(self, generator: np.random.Generator) -> Any:
        """Return one of the values."""
        return self.values[int(generator.integers(len(self.values)))]


@dataclass(frozen=True)
class Range:
    """A number between two ends, uniform, or uniform in its logarithm; whole if both ends are."""

    low: float
    high: float
    log: bool = False

    def draw(self, generator: np.random.Generator) -> Any:
        """Return a number of the range, with six significant digits."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return int(generator.integers(self.low, self.high + 1))
        if self.log:
            value = math.exp(generator.uniform(math.log(self.low), math.log(self.high)))
        else:
            value = generator.uniform(self.low, self.high)
        return float(f"{value:.6g}")


Space = Mapping[str, Choice | Range]


def draw_trials(
    key: str, *, space: Space, default: Mapping[str, Any], trials: int, seed: int
) -> list[Parameters]:
    """Return the parameters of every trial: the defaults first, then random draws.

    A model without anything to choose has one trial. Raising *trials* keeps the earlier ones.

    Parameters
    ----------
    key
        Name of the model; models draw from random streams of their own.
    """
    generator = np.random.default_rng([seed, zlib.crc32(key.encode())])
    drawn = [dict(default)]
    while space and len(drawn) < trials:
        drawn.append(
            dict(default) | {name: kind.draw(generator) for name, kind in sorted(space.items())}
        )
    return drawn
