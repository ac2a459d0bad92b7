"""What other thresholds and other prevalences would do, and the operating points worth a look."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tomocalc.accounts.figures import Ends, Figure, Method, ends_of
from tomocalc.accounts.metrics import AtThreshold, OperatingPoint, PredictiveValue, Rule
from tomocalc.evaluation.intervals import reach
from tomocalc.evaluation.weighted import figures_left_out, figures_of_merit
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
        best = float(cuts[int(np.argmax(tpr - fpr))])
        rules["youden"] = best if np.isfinite(best) else float(score.max())  # calling none is best
        for rule, wanted in WANTED_RECALLS.items():
            rules[rule] = float(cuts[int(np.argmax(tpr >= wanted))])
    return tuple(_point(rule, cut, test, confidence) for rule, cut in rules.items())


def _point(
    rule: Rule, threshold: float, test: tuple[Labels, Scores, NDArray[np.int32]], confidence: float
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
    found = figures_left_out(label, score, group, threshold=threshold)
    recall, specificity, along = found.recall_and_specificity(confidence)
    rates = recall, _complement(recall), specificity, _complement(specificity)
    sensitivity, missed, specificity, wrong = map(ends_of, rates)
    return tuple(
        PredictiveValue(
            prevalence=prevalence,
            ppv=_predictive(sensitivity, wrong, prevalence / (1 - prevalence), along),
            npv=_predictive(specificity, missed, (1 - prevalence) / prevalence, along),
        )
        for prevalence in prevalences
    )


def _complement(share: Figure) -> Figure:
    value, low, high = (None if end is None else 1 - end for end in ends_of(share))
    return Figure(value=value, low=high, high=low)


def _predictive(right: Ends, wrong: Ends, odds: float, along: float) -> Figure:
    """Return r·odds / (r·odds + w) for the rates *right* r and *wrong* w.

    Limits come from those of the rates. Source: Zou and Donner, Stat. Med. 27 (2008) 1693, on the
    logarithm of r / w; where a rate is 0, Donner and Zou, Stat. Methods Med. Res. 21 (2012) 347.

    Parameters
    ----------
    along
        Correlation of the errors of recall and specificity, which is that of r and 1 − w.
    """
    (r, r_low, r_high), (w, w_low, w_high) = right, wrong
    if r is None or w is None or not (r or w):
        return Figure(value=None)
    value = _share(r * odds, w)
    if r_low is None or r_high is None or w_low is None or w_high is None:
        return Figure(value=value)
    if not w:
        low, high = _share(math.sqrt(r_low * (2 * r - r_low)) * odds, w_high), 1.0
    elif not r:
        low, high = 0.0, _share(r_high * odds, math.sqrt(w_low * (2 * w - w_low)))
    else:
        log_odds = math.log(r / w * odds)
        # a limit may round to 0: then the odds have none on that side
        nearer = reach(math.log(r / r_low), math.log(w_high / w), along) if r_low else math.inf
        farther = reach(math.log(r_high / r), math.log(w / w_low), along) if w_low else math.inf
        low, high = float(expit(log_odds - nearer)), float(expit(log_odds + farther))
    method = Method.LEFT_OUT if r and w else Method.WILSON
    return Figure(value=value, low=low, high=high, method=method)


def _share(right: float, wrong: float) -> float:
    return right / (right + wrong)
