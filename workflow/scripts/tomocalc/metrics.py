"""Figures of merit, how far two samples of one feature lie apart, and what chance alone counts.

NumPy alone: a training computes them every epoch, prediction and pages from the same functions.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.metrics import Confusion

Values = NDArray[np.floating] | NDArray[np.integer]


def evenly(length: int, most: int) -> NDArray[np.int64]:
    """Return at most *most* indices below *length*, evenly spaced, the first and the last too."""
    return np.unique(np.linspace(0, length - 1, most if length else 0).round().astype(np.int64))


def score(name: str, label: Values, probability: Values) -> float:
    """Return the score called *name*: average_precision, auroc or accuracy (at 0.5).

    Raises
    ------
    ValueError
        When both classes are needed and only one is there.
    """
    return {"average_precision": average_precision, "auroc": auroc, "accuracy": accuracy}[name](
        label, probability
    )


def accuracy(label: Values, probability: Values) -> float:
    """Return the share of samples on the right side of probability 0.5."""
    return float(np.mean((probability >= 0.5) == (label > 0)))


def auroc(label: Values, probability: Values) -> float:
    """Return the area under the ROC curve, ties counted half (Mann-Whitney)."""
    positive = _positives(label)
    _, inverse, counts = np.unique(probability, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]  # mid-ranks, from 1
    n = int(positive.sum())
    return float((rank[positive].sum() - n * (n + 1) / 2) / (n * (len(label) - n)))


def average_precision(label: Values, probability: Values) -> float:
    """Return Σ (R_k − R_{k−1}) P_k over the distinct thresholds, without interpolation."""
    positive = _positives(label)
    true, flagged = _flagged(positive, probability)
    recall = true / positive.sum()
    return float(np.sum(np.diff(recall, prepend=0.0) * true / flagged))


def best_f1_threshold(label: Values, probability: Values) -> float:
    """Return the probability from which on flagging has the largest F1.

    Half way to the next lower probability, so that the choice does not hang on one sample.
    """
    positive = _positives(label)
    true, flagged = _flagged(positive, probability)
    best = int(np.argmax(2 * true / (flagged + positive.sum())))
    levels = np.unique(probability)[::-1]
    lower = levels[best + 1] if best + 1 < len(levels) else levels[best]
    return float((levels[best] + lower) / 2)


@dataclass(frozen=True)
class Threshold:
    """The score from which on a candidate is called a calcification, and where it comes from.

    Attributes
    ----------
    rule
        ``max_f1`` or ``half``.
    chosen_on
        ``validation``, or None where nothing was chosen.
    """

    rule: str
    value: float
    chosen_on: str | None


def choose_threshold(label: Values, probability: Values, *, rule: str) -> Threshold:
    """Choose the threshold on validation rows.

    ``max_f1`` needs both classes there; otherwise, and with ``half``, it is 0.5.
    """
    if rule == "half" or len(np.unique(label)) < 2:
        return Threshold("half", 0.5, None)
    return Threshold(rule, best_f1_threshold(label, probability), "validation")


def confusion(label: Values, probability: Values, threshold: float) -> Confusion:
    """Count true and false positives and negatives; a score at the threshold is positive."""
    positive, called = np.asarray(label) == 1, np.asarray(probability) >= threshold
    return Confusion(
        tn=int((~positive & ~called).sum()),
        fp=int((~positive & called).sum()),
        fn=int((positive & ~called).sum()),
        tp=int((positive & called).sum()),
    )


def _positives(label: Values) -> NDArray[np.bool_]:
    positive = np.asarray(label) > 0
    if positive.all() or not positive.any():
        raise ValueError("a score needs samples of both classes")
    return positive


def _flagged(
    positive: NDArray[np.bool_], probability: Values
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return true positives and flagged samples at every distinct threshold, highest first."""
    _, inverse = np.unique(-probability, return_inverse=True)
    flagged = np.cumsum(np.bincount(inverse))
    return np.cumsum(np.bincount(inverse, weights=positive)).astype(np.int64), flagged


def wilson(successes: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion.

    Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209. Without trials it is (0, 1).
    """
    if trials == 0:
        return 0.0, 1.0
    quantile = NormalDist().inv_cdf((1 + confidence) / 2)
    low, high = score_limits(successes / trials, trials, quantile)
    return max(0.0, low), min(1.0, high)


def score_limits(share: Any, trials: Any, quantile: Any) -> tuple[Any, Any]:
    """Return the shares whose own standard error puts *share* just *quantile* errors away.

    Numbers, or arrays of one shape.
    """
    scale = 1 + quantile**2 / trials
    centre = (share + quantile**2 / (2 * trials)) / scale
    inside = share * (1 - share) / trials + (quantile / trials) ** 2 / 4
    half = quantile / scale * inside**0.5
    return centre - half, centre + half


BINS = 10
"""Bins that hold the same share of the reference each."""
SOME, STRONG = 0.1, 0.25
"""Customary bounds of the population stability index."""

CHANCE = 3
"""A shift below this many times what chance alone makes is none."""


class Stability(TypedDict):
    """How a sample lies to a reference, of the same feature.

    *psi* is the population stability index, Σ (q - p) ln(q / p) over bins of the reference (p) and
    the sample (q); *psi_chance* its mean over two samples of these sizes from one distribution, and
    *ks_chance* what the largest gap of their distribution functions exceeds in 5 % of cases.
    *shift* judges the index where it exceeds what chance makes.
    """

    psi: float
    psi_chance: float
    ks_chance: float
    shift: Literal["none", "some", "strong"]


def stability(expected: NDArray[Any], counted: NDArray[Any], n: int, m: int) -> Stability:
    """Return how a sample of *m* rows lies to a reference of *n* rows.

    *expected* and *counted* are the rows of the reference and of the sample in each bin. Half a
    count is added to every bin, so that an empty one does not make the index infinite.
    """
    p, q = ((count + 0.5) / (count + 0.5).sum() for count in (expected, counted))
    psi = float(((q - p) * np.log(q / p)).sum())
    by_chance = (len(expected) - 1) * (1 / n + 1 / m)
    told = psi > CHANCE * by_chance and psi > SOME
    return {
        "psi": psi,
        "psi_chance": by_chance,
        "ks_chance": 1.358 * math.sqrt((n + m) / (n * m)),
        "shift": ("strong" if psi > STRONG else "some") if told else "none",
    }


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

    Ratios fall: that of 1 to 0 comes first, and chances rise as long as it is above 1. From the
    most frequent count outwards their logarithms are summed, which loses no digits, and all chances
    together are 1.
    """
    steps = np.log(ratio)
    top = int((steps > 0).sum())  # the most frequent count
    below = -np.cumsum(steps[:top][::-1])[::-1]
    chances = np.exp(np.concatenate([below, [0.0], np.cumsum(steps[top:])]))
    return float(chances[count + 1 :].sum() / chances.sum())
