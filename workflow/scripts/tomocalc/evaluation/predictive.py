"""Predictive values at prevalences other than that of the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tomocalc.intervals import wilson
from tomocalc.metrics import ratio


def predictive_values(
    counts: dict[str, int], prevalences: Sequence[float], confidence: float
) -> list[dict[str, Any]]:
    """Return positive and negative predictive value at each prevalence π, by Bayes' rule.

    PPV = se·π / (se·π + (1 − sp)(1 − π)), NPV = sp(1 − π) / (sp(1 − π) + (1 − se)π), with the
    sensitivity se and specificity sp of *counts*. Both depend on the counts only through a ratio
    of two independent proportions, (1 − sp)/se and (1 − se)/sp, whose interval is `ratio_interval`.

    Returns
    -------
    list of dict
        ``prevalence``, ``ppv`` and ``npv``, each of these ``{"value", "low", "high"}``; a value
        is None where nothing would be called so.
    """
    tn, fp, fn, tp = (counts[key] for key in ("tn", "fp", "fn", "tp"))
    positives, negatives = tp + fn, tn + fp
    return [
        {
            "prevalence": prevalence,
            "ppv": _value(
                (fp, negatives), (tp, positives), (1 - prevalence) / prevalence, confidence
            ),
            "npv": _value(
                (fn, positives), (tn, negatives), prevalence / (1 - prevalence), confidence
            ),
        }
        for prevalence in prevalences
    ]


def _value(
    wrong: tuple[int, int], right: tuple[int, int], odds: float, confidence: float
) -> dict[str, float | None]:
    """Return 1 / (1 + odds · wrong / right) with its interval."""
    low, high = ratio_interval(wrong, right, confidence)
    wrongly, rightly = odds * ratio(*wrong), ratio(*right)
    return {
        "value": rightly / (rightly + wrongly) if rightly + wrongly else None,
        "low": 1 / (1 + odds * high),
        "high": 1 / (1 + odds * low),
    }


def ratio_interval(
    over: tuple[int, int], under: tuple[int, int], confidence: float
) -> tuple[float, float]:
    """Return the interval of a ratio of two independent proportions (successes, trials).

    The Wilson limits of both are combined by the method of variance estimates recovery. Source:
    Donner and Zou, Stat. Methods Med. Res. 21 (2012) 347, equation for a ratio, its lower limit
    written without the difference of two near numbers. The upper limit is infinite where the
    lower proportion may be 0.
    """
    top, bottom = ratio(*over), ratio(*under)
    (l1, u1), (l2, u2) = wilson(*over, confidence), wilson(*under, confidence)
    product = top * bottom
    near = product + math.sqrt(max(0.0, product**2 - l1 * u2 * (2 * top - l1) * (2 * bottom - u2)))
    low = max(0.0, l1 * (2 * top - l1) / near) if near else 0.0
    far = product + math.sqrt(max(0.0, product**2 - u1 * l2 * (2 * top - u1) * (2 * bottom - l2)))
    room = l2 * (2 * bottom - l2)
    return low, far / room if room > 0 else math.inf
