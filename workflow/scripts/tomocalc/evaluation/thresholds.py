"""What other thresholds and other prevalences would do, and the operating points worth a look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.figures import Figure
from tomocalc.accounts.metrics import AtThreshold, OperatingPoint, PredictiveValue, Rule
from tomocalc.evaluation.jackknife import Figures, LeftOut, leave_out
from tomocalc.evaluation.weighted import figures_of_merit
from tomocalc.metrics import confusion

STEPS = np.round(np.arange(0.05, 1, 0.05), 2)
QUANTILES = np.linspace(0, 1, 21)
"""Of the scores, so that the curves are dense where the scores are."""
WANTED_RECALLS: dict[Rule, float] = {"recall_90": 0.9, "recall_95": 0.95}

Labels = NDArray[np.int8]
Scores = NDArray[np.float64]


def threshold_table(label: Labels, score: Scores, *, chosen: float) -> tuple[AtThreshold, ...]:
    """Return the figures at every threshold of `STEPS`, at `QUANTILES` of the scores and *chosen*.

    Rising, none twice. A quantile is a score that occurs.
    """
    quantiles = np.quantile(score, QUANTILES, method="nearest")
    cuts = np.unique(np.concatenate([STEPS, quantiles, [chosen]]))
    return tuple(_at_threshold(label, score, float(cut)) for cut in cuts)


def operating_points(
    validation: tuple[Labels, Scores],
    test: tuple[Labels, Scores, NDArray[np.int32]],
    *,
    chosen: float,
    confidence: float,
) -> tuple[OperatingPoint, ...]:
    """Return what thresholds chosen on the *validation* part give on the *test* part.

    Rules: ``chosen`` (the model's own), ``half`` (0.5), ``youden`` (the largest sum of recall
    and specificity), ``recall_90`` and ``recall_95`` (the highest threshold that finds this
    share). The last three need both classes in the validation part, and are left out otherwise.

    Parameters
    ----------
    validation, test
        Labels, scores and, of the test part, groups; it has both classes.
    chosen
        The model's threshold.
    """
    rules: dict[Rule, float] = {"chosen": chosen, "half": 0.5}
    label, score = validation
    if 0 < (label == 1).sum() < len(label):
        from sklearn.metrics import roc_curve

        fpr, tpr, cuts = roc_curve(label, score, drop_intermediate=False)
        rules["youden"] = _finite(cuts[int(np.argmax(tpr - fpr))], score)
        for rule, wanted in WANTED_RECALLS.items():
            rules[rule] = float(cuts[int(np.argmax(tpr >= wanted))])
    return tuple(_point(rule, cut, test, confidence) for rule, cut in rules.items())


def _point(
    rule: Rule,
    threshold: float,
    test: tuple[Labels, Scores, NDArray[np.int32]],
    confidence: float,
) -> OperatingPoint:
    figures = figures_of_merit(*test, threshold=threshold, confidence=confidence)
    return OperatingPoint(
        rule=rule,
        threshold=threshold,
        recall=figures["recall"],
        specificity=figures["specificity"],
        precision=figures["precision"],
        f1=figures["f1"].value or 0.0,
    )


def _at_threshold(label: Labels, score: Scores, threshold: float) -> AtThreshold:
    counts = confusion(label, score, threshold)
    figures = {name: value for name, value in counts.figures().items() if name != "accuracy"}
    flagged = (counts.tp + counts.fp) / len(label)
    return AtThreshold(threshold=threshold, flagged=flagged, **figures)


def _finite(cut: float, score: Scores) -> float:
    """Return *cut*, or the highest score where nothing better than calling none was found."""
    return float(cut) if np.isfinite(cut) else float(score.max())


Floats = NDArray[np.float64]


def predictive_values(
    label: NDArray[np.int8],
    score: Floats,
    group: NDArray[np.int32],
    prevalences: Sequence[float],
    *,
    threshold: float,
    confidence: float,
) -> tuple[PredictiveValue, ...]:
    """Return positive and negative predictive value at each prevalence π, by Bayes' rule.

    PPV = se·π / (se·π + (1 − sp)(1 − π)), NPV = sp(1 − π) / (sp(1 − π) + (1 − se)π), with the
    sensitivity se and specificity sp at the *threshold*.
    A value is None where nothing would be called so.
    """
    positive, called = label == 1, score >= threshold

    def rates(weight: Floats) -> Figures:
        sensitivity = weight @ (positive & called) / (weight @ positive)
        specificity = weight @ (~positive & ~called) / (weight @ ~positive)
        found: Figures = {}
        for prevalence in prevalences:
            right, wrong = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
            found[f"ppv {prevalence}"] = _share(right, wrong)
            right, wrong = specificity * (1 - prevalence), (1 - sensitivity) * prevalence
            found[f"npv {prevalence}"] = _share(right, wrong)
        return found

    found = leave_out(label, group, rates)
    return tuple(
        PredictiveValue(
            prevalence=prevalence,
            ppv=_figure(found, f"ppv {prevalence}", confidence),
            npv=_figure(found, f"npv {prevalence}", confidence),
        )
        for prevalence in prevalences
    )


def _figure(found: LeftOut, name: str, confidence: float) -> Figure:
    if np.isnan(found.values[name]):
        return Figure(value=None)
    if np.isnan(found.without[name]).any():  # one group alone is called so
        return Figure(value=found.values[name])
    return found.figure(name, confidence)


def _share(right: Floats, wrong: Floats) -> Floats:
    total = right + wrong
    return np.divide(right, total, out=np.full_like(total, np.nan), where=total > 0)
