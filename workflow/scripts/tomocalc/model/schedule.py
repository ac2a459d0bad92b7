"""The learning rate of every step, as a function of the step alone: nothing to save."""

from __future__ import annotations

import math

from tomocalc.model.settings import TrainingSettings

WARM_UP = 0.3
START, END = 1 / 25, 1e-4
"""Share of steps in which the rate rises, and its first and last value relative to the peak
(Smith and Topin 2018, with the cosine of PyTorch's OneCycleLR)."""


def learning_rate(settings: TrainingSettings, step: int, steps: int) -> float:
    """Return the learning rate of *step* (from 0) of *steps*."""
    peak = settings.learning_rate
    if settings.schedule == "constant":
        return peak
    top = max(1.0, WARM_UP * steps)
    if step < top:
        return _cosine(START * peak, peak, step / top)
    return _cosine(peak, END * peak, (step - top) / max(1.0, steps - 1 - top))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(share, 1.0))) / 2
