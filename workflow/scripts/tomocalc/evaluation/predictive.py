"""Predictive values at prevalences other than that of the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.figures import Figure
from tomocalc.accounts.metrics import PredictiveValue
from tomocalc.evaluation.jackknife import NO_INTERVAL, Figures, LeftOut, leave_out

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
        return NO_INTERVAL.around(found.values[name])
    return found.figure(name, confidence)


def _share(right: Floats, wrong: Floats) -> Floats:
    total = right + wrong
    return np.divide(right, total, out=np.full_like(total, np.nan), where=total > 0)
