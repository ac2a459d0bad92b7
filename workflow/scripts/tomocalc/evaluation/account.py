"""Everything that is reported of one part of the data: figures, calibration, intervals, curves."""

import contextlib
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.figures import Figure
from tomocalc.accounts.metrics import CalibrationBin, CalibrationError, Part, PrecisionRecall, Roc
from tomocalc.errors import fault
from tomocalc.evaluation.jackknife import share_of
from tomocalc.evaluation.thresholds import predictive_values, threshold_table
from tomocalc.evaluation.weighted import figures_of_merit, rarer_groups
from tomocalc.metrics import confusion, evenly

BINS = 10
"""Of equal width."""

SIMULATIONS = 1000
"""Sets of labels drawn to learn what the error would be if the probabilities were right."""

CHUNK = 2_000_000
"""Labels held at once."""

Labels = NDArray[np.int8]
Scores = NDArray[np.float64]


def calibration(
    label: Labels, score: Scores, group: NDArray[np.int32], confidence: float = 0.95
) -> tuple[CalibrationBin, ...]:
    """Compare mean probability and observed share in `BINS` of equal width; empty ones left out.

    Each bin has the interval of the observed share, by leaving out one *group* at a time.
    """
    place, lines = _bin(score), []
    for inside in (place == index for index in np.unique(place)):
        mean, n = float(score[inside].mean()), int(inside.sum())
        one = share_of(label[inside] == 1, group[inside], confidence)
        ends = {"observed": one.value or 0.0, "low": one.low, "high": one.high}
        lines.append(CalibrationBin(mean_predicted=mean, n=n, **ends))
    return tuple(lines)


def calibration_error(label: Labels, score: Scores) -> float:
    """Return the expected calibration error, Σ n_b/n · |observed − mean probability| over bins.

    Source: Naeini, Cooper and Hauskrecht, AAAI 2015.
    """
    gap = np.bincount(_bin(score), weights=label - score, minlength=BINS)
    return float(np.abs(gap).sum() / len(label))


def calibration_facts(
    label: Labels, score: Scores, *, seed: int, simulations: int = SIMULATIONS
) -> CalibrationError:
    """Return the calibration error beside what it would be for perfect probabilities.

    The error is a mean of absolute values and therefore never 0 by chance alone: with few rows
    even perfect probabilities get one. Labels are drawn from the probabilities themselves, and
    the mean error of the draws is the bias under perfect calibration.
    The p-value is the share of draws with an error at least as large.
    """
    observed = calibration_error(label, score)
    drawn = _errors_if_calibrated(score, simulations, seed)
    expected = float(drawn.mean())
    return CalibrationError(
        ece=observed,
        expected_if_calibrated=expected,
        upper_if_calibrated=float(np.quantile(drawn, 0.95)),
        debiased=max(0.0, observed - expected),
        p_value=float((1 + (drawn >= observed - 1e-12).sum()) / (1 + simulations)),
        bins=BINS,
        simulations=simulations,
    )


def _errors_if_calibrated(score: Scores, simulations: int, seed: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    order = np.argsort(_bin(score), kind="stable")
    sorted_score, place = score[order], _bin(score)[order]
    start = np.flatnonzero(np.diff(place, prepend=-1))  # first row of every bin with rows
    at_once = max(1, CHUNK // len(score))
    parts = []
    for first in range(0, simulations, at_once):
        size = min(at_once, simulations - first)
        drawn = generator.random((size, len(score))) < sorted_score
        gap = np.add.reduceat(drawn - sorted_score, start, axis=1)  # (simulation, bin)
        parts.append(np.abs(gap).sum(axis=1) / len(score))
    return np.concatenate(parts)


def _bin(score: Scores) -> NDArray[np.int64]:
    return np.minimum((score * BINS).astype(np.int64), BINS - 1)


CURVE_POINTS = 400
"""Points kept of a curve; more would not be seen."""


def account(
    label: Any,
    score: Any,
    group: Any,
    *,
    threshold: float,
    confidence: float,
    seed: int,
    prevalences: Sequence[float] = (),
    unit: str = "patient",
) -> Part:
    """Evaluate the scores of one part; without both classes there are only the counts.

    Parameters
    ----------
    label, score, group
        Truth (0 or 1), probability and patient (or what stands for one) of every row: arrays, or
        columns of any library, of which the order alone counts.
    prevalences
        At which the predictive values are computed.
    unit
        What a group is, for the reader.

    Raises
    ------
    TomocalcError
        ``E302`` when one of them holds something else, or not as many rows.
    """
    label, score, group = _rows(label, score, group)
    counted = Part(
        n=len(label),
        positives=int((label == 1).sum()),
        groups=len(np.unique(group)),
        rarer_groups=rarer_groups(label, group),
        unit=unit,
    )
    if not 0 < counted.positives < counted.n:
        return counted
    counts = confusion(label, score, threshold)
    metrics = figures_of_merit(label, score, group, threshold=threshold, confidence=confidence)
    error = calibration_facts(label, score, seed=seed)
    metrics["ece"] = Figure(value=error.ece)
    return msgspec.structs.replace(
        counted,
        metrics=metrics,
        confusion=counts,
        calibration=calibration(label, score, group, confidence=confidence),
        calibration_error=error,
        thresholds=threshold_table(label, score, chosen=threshold),
        predictive_values=predictive_values(
            label, score, group, prevalences, threshold=threshold, confidence=confidence
        ),
        report=tuple(counts.classes()),
        roc=roc(label, score),
        pr=precision_recall(label, score),
    )


def _rows(label: Any, score: Any, group: Any) -> tuple[Labels, Scores, NDArray[np.int32]]:
    """Return the rows as plain arrays, the groups numbered."""
    with contextlib.suppress(TypeError, ValueError):  # what is no number, or names no group
        truth, scores = (
            np.ma.filled(np.ma.asarray(one).astype(np.float64), np.nan) for one in (label, score)
        )
        names, member = np.unique(np.asarray(group), return_inverse=True)
        fit = np.isin(truth, (0, 1)) & (scores >= 0) & (scores <= 1) & (names == names)[member]
        if fit.all() and truth.shape == scores.shape == member.shape == (len(truth),):
            return truth.astype(np.int8), scores, member.astype(np.int32)
    why = "not every row has a label of 0 or 1, a score from 0 to 1 and a group"
    raise fault("rows_not_evaluated", "label, score and group", why)


def roc(label: NDArray[np.int8], score: NDArray[np.float64]) -> Roc:
    """Return the ROC curve, thinned to `CURVE_POINTS`."""
    from sklearn.metrics import roc_curve  # a second, which many that count clusters do not need

    fpr, tpr, cuts = roc_curve(label, score)
    return Roc(fpr=_thin(fpr), tpr=_thin(tpr), threshold=_cuts(cuts))


def precision_recall(label: NDArray[np.int8], score: NDArray[np.float64]) -> PrecisionRecall:
    """Return the precision-recall curve, thinned to `CURVE_POINTS`."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, cuts = precision_recall_curve(label, score)
    return PrecisionRecall(
        recall=_thin(recall), precision=_thin(precision), threshold=_cuts([*cuts, np.inf])
    )


def _thin(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 6) for value in values[evenly(len(values), CURVE_POINTS)]]


def _cuts(values: Sequence[float] | NDArray[np.float64]) -> list[float | None]:
    """Return thresholds beside thinned points, with six digits however small they are."""
    kept = np.asarray(values, np.float64)[evenly(len(values), CURVE_POINTS)]
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in kept]
