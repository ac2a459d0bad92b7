"""How often the intervals of the pages hold the truth, on simulated cohorts.

    python benchmarks/coverage.py [COHORTS]

Patients have an effect of their own on the logit of every score (its standard deviation is the
first column), and 4 to 29 candidates; half of them have 2 to 8 calcifications, of which the
search overlooks one in twelve. The truth is what 40,000 such patients give. Cohorts in which
fewer than two patients hold a class have no interval and are drawn again.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import measuring  # noqa: F401
import numpy as np

from tomocalc.evaluation.froc import FALSE, RATES, FreeResponse, froc, sensitivity_at
from tomocalc.evaluation.jackknife import share_of
from tomocalc.evaluation.predictive import predictive_values
from tomocalc.evaluation.weighted import LOWEST, figures_left_out

PATIENTS = (8, 20, 50, 120)
EFFECTS = (0.0, 0.35, 0.7)
EVERYONE = 40_000
THRESHOLD, PREVALENCE, CONFIDENCE = 0.27, 0.02, 0.95
OVERLOOKED = 1 / 12
BIN = (0.2, 0.3)


@dataclass(frozen=True)
class Cohort:
    """Candidates with two models' scores, and what they are marks of."""

    label: np.ndarray
    score: np.ndarray
    other: np.ndarray
    patient: np.ndarray
    response: FreeResponse


def cohort(generator: np.random.Generator, patients: int, effect: float) -> Cohort:
    """Return a simulated cohort."""
    ill = generator.random(patients) < 0.5
    others = generator.integers(4, 30, patients)
    spots = np.where(ill, generator.integers(2, 9, patients), 0)
    mood = effect * generator.normal(size=patients)
    finding_patient = np.repeat(np.arange(patients), spots)
    found = generator.random(len(finding_patient)) >= OVERLOOKED
    patient = np.concatenate([finding_patient[found], np.repeat(np.arange(patients), others)])
    label = np.repeat([1, 0], [found.sum(), others.sum()]).astype(np.int8)
    logit = -2 + 2 * label + mood[patient]
    common = generator.normal(size=len(label))
    first, second = (
        1 / (1 + np.exp(-(logit + 0.8 * common + 0.6 * generator.normal(size=len(label)))))
        for _ in range(2)
    )
    finding = np.full(len(label), FALSE)
    finding[: found.sum()] = np.flatnonzero(found)
    response = FreeResponse(
        first, finding, patient, finding_patient, np.repeat(np.arange(patients), 2)
    )
    return Cohort(label, first, second, patient.astype(np.int32), response)


def measured(one: Cohort) -> dict[str, tuple[float, float | None, float | None]]:
    """Return value, low and high of everything that pages show."""
    at: dict[str, Any] = {"threshold": THRESHOLD}
    first = figures_left_out(one.label, one.score, one.patient, **at)
    second = figures_left_out(one.label, one.other, one.patient, **at)
    found = {}
    for name, value in first.values.items():
        limits = first.interval(name, CONFIDENCE, lowest=LOWEST.get(name, 0.0))
        found[name] = value, limits.low, limits.high
    for name in ("auroc", "average_precision"):
        lead = first.lead_over(second, name, CONFIDENCE)
        found[f"lead in {name}"] = lead.value, lead.low, lead.high
    (line,) = predictive_values(
        one.label, one.score, one.patient, [PREVALENCE], **at, confidence=CONFIDENCE
    )
    for name, figure in (("ppv", line.ppv), ("npv", line.npv)):
        found[f"{name} at {PREVALENCE:.0%}"] = figure.value, figure.low, figure.high
    inside = (one.score >= BIN[0]) & (one.score < BIN[1])
    observed = share_of(one.label[inside] == 1, one.patient[inside], CONFIDENCE)
    found["calibration bin"] = observed.value, observed.low, observed.high
    curve = froc(one.response, threshold=THRESHOLD, confidence=CONFIDENCE)
    point = curve.operating_point.sensitivity
    found["found at the threshold"] = point.value, point.low, point.high
    for rate in curve.rates[1:4]:
        name = f"found at {rate.false_per_volume:g} false"
        found[name] = rate.sensitivity, rate.low, rate.high
    return found


def truth(effect: float) -> dict[str, float]:
    """Return the same figures of everyone."""
    one = cohort(np.random.default_rng(99), EVERYONE, effect)
    some = Cohort(one.label, one.score, one.other, one.patient % 50, one.response)
    known = figures_left_out(some.label, some.score, some.patient, threshold=THRESHOLD).values
    other = figures_left_out(some.label, some.other, some.patient, threshold=THRESHOLD).values
    values = dict(known)
    for name in ("auroc", "average_precision"):
        values[f"lead in {name}"] = 0.0 * other[name]  # the two models are equally good
    (line,) = predictive_values(
        some.label, some.score, some.patient, [PREVALENCE],
        threshold=THRESHOLD, confidence=CONFIDENCE,
    )  # fmt: skip
    values |= {
        f"ppv at {PREVALENCE:.0%}": line.ppv.value,
        f"npv at {PREVALENCE:.0%}": line.npv.value,
    }
    inside = (one.score >= BIN[0]) & (one.score < BIN[1])
    values["calibration bin"] = float((one.label[inside] == 1).mean())
    best = one.response.best
    values["found at the threshold"] = float((best >= THRESHOLD).mean())
    cuts = np.quantile(one.score, np.linspace(0, 1, 500))[::-1]
    false = np.array([(one.score[one.label == 0] >= cut).sum() for cut in cuts]) / (2 * EVERYONE)
    found = np.array([(best >= cut).mean() for cut in cuts])
    for rate in RATES[1:4]:
        at = sensitivity_at(np.array([rate]), false, found)[0]
        values[f"found at {rate:g} false"] = float(at)
    return values


def main(cohorts: int) -> None:
    """Print a table: a row per effect and number of patients, a column per figure."""
    names: list[str] = []
    for effect in EFFECTS:
        right = truth(effect)
        for patients in PATIENTS:
            generator = np.random.default_rng([patients, int(100 * effect)])
            held: dict[str, list[bool]] = defaultdict(list)
            done = 0
            while done < cohorts:
                one = cohort(generator, patients, effect)
                if min(len(np.unique(one.patient[one.label == kind])) for kind in (0, 1)) < 2:
                    continue
                done += 1
                for name, (_, low, high) in measured(one).items():
                    if low is not None and high is not None:
                        held[name].append(low <= right[name] <= high)
            if not names:
                names = list(held)
                print("| effect | patients |", " | ".join(names), "|")
                print("|---|---|" + "---|" * len(names))
            shares = " | ".join(f"{100 * np.mean(held[name]):.1f}" for name in names)
            print(f"| {effect:g} | {patients} | {shares} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
