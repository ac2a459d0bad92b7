"""Predictive values at prevalences other than that of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.figures import Method
from tomocalc.evaluation.jackknife import Figures, Interval, LeftOut, as_figure, leave_out

Floats = NDArray[np.float64]


def predictive_values(
    label: NDArray[np.int8],
    score: Floats,
    group: NDArray[np.int32],
    prevalences: Sequence[float],
    *,
    threshold: float,
    confidence: float,
) -> list[dict[str, Any]]:
    """Return positive and negative predictive value at each prevalence π, by Bayes' rule.

    PPV = se·π / (se·π + (1 − sp)(1 − π)), NPV = sp(1 − π) / (sp(1 − π) + (1 − se)π), with the
    sensitivity se and specificity sp at the *threshold*.

    Returns
    -------
    list of dict
        ``prevalence``, ``ppv`` and ``npv``, each of these value, low, high and method; a value is
        None where nothing would be called so.
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
    return [
        {
            "prevalence": prevalence,
            **{name: _figure(found, f"{name} {prevalence}", confidence) for name in ("ppv", "npv")},
        }
        for prevalence in prevalences
    ]


def _figure(found: LeftOut, name: str, confidence: float) -> dict[str, Any]:
    if np.isnan(found.values[name]):
        return {"value": None, "low": None, "high": None, "method": Method.NONE.value}
    if np.isnan(found.without[name]).any():  # one group alone is called so
        return as_figure(found.values[name], Interval(None, None, Method.NONE))
    return as_figure(found.values[name], found.interval(name, confidence))


def _share(right: Floats, wrong: Floats) -> Floats:
    total = right + wrong
    return np.divide(right, total, out=np.full_like(total, np.nan), where=total > 0)
