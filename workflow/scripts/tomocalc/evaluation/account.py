"""Everything that is reported of one part of the data: figures, intervals and curves."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from tomocalc.accounts.metrics import ClassLine, Confusion, Part, PrecisionRecall, Roc
from tomocalc.evaluation.calibration import calibration, calibration_facts
from tomocalc.evaluation.jackknife import NO_INTERVAL
from tomocalc.evaluation.thresholds import predictive_values, threshold_table
from tomocalc.evaluation.weighted import figures_of_merit, rarer_groups
from tomocalc.metrics import confusion, ratio

CURVE_POINTS = 400
"""Points kept of a curve; more would not be seen."""


def account(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    group: NDArray[np.int32],
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
        Truth (0 or 1), probability and patient (or what stands for one) of every row.
    prevalences
        At which the predictive values are computed.
    unit
        What a group is, for the reader.
    """
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
    metrics["ece"] = NO_INTERVAL.around(error.ece)
    return msgspec.structs.replace(
        counted,
        metrics=metrics,
        confusion=Confusion(**counts),
        calibration=calibration(label, score, group, confidence=confidence),
        calibration_error=error,
        thresholds=threshold_table(label, score, chosen=threshold),
        predictive_values=predictive_values(
            label, score, group, prevalences, threshold=threshold, confidence=confidence
        ),
        report=classification_report(counts),
        roc=roc(label, score),
        pr=precision_recall(label, score),
    )


def roc(label: NDArray[np.int8], score: NDArray[np.float64]) -> Roc:
    """Return the ROC curve, thinned to `CURVE_POINTS`."""
    fpr, tpr, cuts = roc_curve(label, score)
    return Roc(fpr=_thin(fpr), tpr=_thin(tpr), threshold=_cuts(cuts))


def precision_recall(label: NDArray[np.int8], score: NDArray[np.float64]) -> PrecisionRecall:
    """Return the precision-recall curve, thinned to `CURVE_POINTS`."""
    precision, recall, cuts = precision_recall_curve(label, score)
    return PrecisionRecall(
        recall=_thin(recall), precision=_thin(precision), threshold=_cuts([*cuts, np.inf])
    )


def classification_report(counts: dict[str, int]) -> tuple[ClassLine, ...]:
    """Return precision, recall, F1 and support of both classes."""
    tn, fp, fn, tp = (counts[key] for key in ("tn", "fp", "fn", "tp"))
    return _class_line("other", tn, fn, fp), _class_line("calcification", tp, fp, fn)


def _class_line(name: str, hit: int, wrongly: int, missed: int) -> ClassLine:
    return ClassLine(
        name=name,
        precision=ratio(hit, hit + wrongly),
        recall=ratio(hit, hit + missed),
        f1=ratio(2 * hit, 2 * hit + wrongly + missed),
        support=hit + missed,
    )


def _thin(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 6) for value in values[_kept(len(values))]]


def _cuts(values: Sequence[float] | NDArray[np.float64]) -> list[float | None]:
    """Return thresholds beside thinned points, with six digits however small they are."""
    kept = np.asarray(values, np.float64)[_kept(len(values))]
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in kept]


def _kept(length: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, length - 1, CURVE_POINTS).round().astype(int))
