"""Whether probabilities mean what they say: bins, the calibration error and its bias."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.metrics import CalibrationBin, CalibrationError
from tomocalc.evaluation.jackknife import share_of

BINS = 10
"""Of equal width."""

SIMULATIONS = 1000
"""Sets of labels drawn to learn what the error would be if the probabilities were right."""

CHUNK = 2_000_000
"""Labels held at once."""

Labels = NDArray[np.int8]
Scores = NDArray[np.float64]


def calibration(
    label: Labels,
    score: Scores,
    group: NDArray[np.int32],
    bins: int = BINS,
    confidence: float = 0.95,
) -> tuple[CalibrationBin, ...]:
    """Compare mean probability and observed share in *bins* of equal width; empty ones left out.

    Each bin has the interval of the observed share, by leaving out one *group* at a time.
    """
    place = _bin(score, bins)
    lines = []
    for index in np.unique(place):
        inside = place == index
        observed = share_of(label[inside] == 1, group[inside], confidence)
        lines.append(
            CalibrationBin(
                mean_predicted=float(score[inside].mean()),
                observed=observed.value or 0.0,
                low=observed.low,
                high=observed.high,
                n=int(inside.sum()),
            )
        )
    return tuple(lines)


def calibration_error(label: Labels, score: Scores, bins: int = BINS) -> float:
    """Return the expected calibration error, Σ n_b/n · |observed − mean probability| over bins.

    Source: Naeini, Cooper and Hauskrecht, AAAI 2015.
    """
    place = _bin(score, bins)
    gap = np.bincount(place, weights=label - score, minlength=bins)
    return float(np.abs(gap).sum() / len(label))


def calibration_facts(
    label: Labels, score: Scores, *, seed: int, bins: int = BINS, simulations: int = SIMULATIONS
) -> CalibrationError:
    """Return the calibration error beside what it would be for perfect probabilities.

    The error is a mean of absolute values and therefore never 0 by chance alone: with few rows
    even perfect probabilities get one. Labels are drawn from the probabilities themselves, and
    the mean error of the draws is the bias under perfect calibration.
    The p-value is the share of draws with an error at least as large.
    """
    observed = calibration_error(label, score, bins)
    drawn = _errors_if_calibrated(score, bins, simulations, seed)
    expected = float(drawn.mean())
    return CalibrationError(
        ece=observed,
        expected_if_calibrated=expected,
        upper_if_calibrated=float(np.quantile(drawn, 0.95)),
        debiased=max(0.0, observed - expected),
        p_value=float((1 + (drawn >= observed - 1e-12).sum()) / (1 + simulations)),
        bins=bins,
        simulations=simulations,
    )


def _errors_if_calibrated(
    score: Scores, bins: int, simulations: int, seed: int
) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    order = np.argsort(_bin(score, bins), kind="stable")
    sorted_score, place = score[order], _bin(score, bins)[order]
    start = np.flatnonzero(np.diff(place, prepend=-1))  # first row of every bin with rows
    at_once = max(1, CHUNK // len(score))
    parts = []
    for first in range(0, simulations, at_once):
        size = min(at_once, simulations - first)
        drawn = generator.random((size, len(score))) < sorted_score
        gap = np.add.reduceat(drawn - sorted_score, start, axis=1)  # (simulation, bin)
        parts.append(np.abs(gap).sum(axis=1) / len(score))
    return np.concatenate(parts)


def _bin(score: Scores, bins: int) -> NDArray[np.int64]:
    return np.minimum((score * bins).astype(np.int64), bins - 1)
