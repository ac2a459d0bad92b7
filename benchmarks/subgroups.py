"""Whether a drop planted in one subgroup is found and nothing else told; what recalibration mends.

    python benchmarks/subgroups.py [SEEDS]

Cohorts as in `coverage.py`: patients have an effect of their own on the logit of all scores. Each
is of vendor A or B; beside the vendor its candidates are divided by three sites, two views and two
sizes, which make no difference. In cohorts with a *drop* the calcifications of vendor B have
logits lower by so much. A cohort counts as *found* when a figure differs by vendor after Holm and
is lowest in B, as *false alarm* when any figure differs by anything else; where nothing was
planted, by anything at all.

For the second table the log-odds of the labels are 0.8 + 0.6 times those of the scores. A number
of patients is used to mend the probabilities, all others are measured: `recalibrations` itself.
"""

from __future__ import annotations

import sys

import measuring  # noqa: F401
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tomocalc.evaluation.subgroups import Rows, divide, holm
from tomocalc.evaluation.transfer import recalibrations
from tomocalc.evaluation.weighted import figures_left_out
from tomocalc.pages.levels import differences

PATIENTS = (30, 60, 120)
EFFECTS = (0.35, 0.7)
DROPS = (0.0, 1.0, 1.5)
THRESHOLD, CONFIDENCE = 0.27, 0.95
LINE = (0.8, 0.6)
MENDED = 120
SEED = 2026
"""Of the cohorts: none of these chose anything of the test."""

Names = dict[str, NDArray[np.str_]]


def cohort(
    generator: np.random.Generator, patients: int, effect: float, drop: float
) -> tuple[Rows, Names]:
    """Return the rows of a cohort, and what they are divided by."""
    ill = generator.random(patients) < 0.5
    spots = np.where(ill, generator.integers(2, 9, patients), 0)
    others = generator.integers(4, 30, patients)
    everyone = np.arange(patients)
    patient = np.concatenate([np.repeat(everyone, spots), np.repeat(everyone, others)])
    label = np.repeat([1, 0], [spots.sum(), others.sum()]).astype(np.int8)
    of_b = generator.random(patients) < 0.5
    mood = effect * generator.normal(size=patients)
    noise = generator.normal(size=len(label))
    logit = -2 + (2 - drop * of_b[patient]) * label + mood[patient] + noise
    names = {
        "vendor": np.where(of_b, "B", "A")[patient],
        "site": np.array(["x", "y", "z"])[generator.integers(0, 3, patients)][patient],
        "view": np.where(generator.random(len(label)) < 0.5, "CC", "MLO"),
        "size": np.where(generator.random(len(label)) < 0.5, "smaller", "larger"),
    }
    return Rows(label, expit(logit), patient.astype(np.int32), THRESHOLD, CONFIDENCE), names


def told(rows: Rows, names: Names) -> set[tuple[str, str]]:
    """Return what the page would tell: divided by, and where a figure is lowest."""
    divided = [divide(rows, list(those), by=by, unit="candidates") for by, those in names.items()]
    divisions = holm([division for division in divided if division])
    return {(one.by, one.lowest) for one in differences(divisions, CONFIDENCE)}


def lost(effect: float, drop: float) -> float:
    """Return by how much the AUROC is lower in vendor B, of very many patients."""
    rows, names = cohort(np.random.default_rng(99), 20_000, effect, drop)
    values = []
    for vendor in ("A", "B"):
        inside = names["vendor"] == vendor
        few = rows.group[inside] % 4
        found = figures_left_out(rows.label[inside], rows.score[inside], few, threshold=THRESHOLD)
        values.append(found.values["auroc"])
    return values[0] - values[1]


def found_and_false(seeds: int) -> None:
    """Print how often the planted drop is found, and how often something else is told."""
    print("| patients | effect | drop | AUROC lost | found, % | false alarms, % |")
    print("|---|---|---|---|---|---|")
    for patients in PATIENTS:
        for effect in EFFECTS:
            for drop in DROPS:
                found = false = 0
                for seed in range(seeds):
                    generator = np.random.default_rng([SEED, patients, int(100 * effect), seed])
                    said = told(*cohort(generator, patients, effect, drop))
                    found += ("vendor", "B") in said
                    false += bool({by for by, _ in said} - ({"vendor"} if drop else set()))
                shown = f"{100 * found / seeds:.1f}" if drop else "–"
                line = f"{patients} | {effect:g} | {drop:g} | {lost(effect, drop):.3f} | {shown}"
                print(f"| {line} | {100 * false / seeds:.1f} |", flush=True)


def mended(seeds: int) -> None:
    """Print intercept and slope of held-out patients, before and after."""
    print("\n| patients used | probabilities | intercept | slope |")
    print("|---|---|---|---|")
    sums: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for seed in range(seeds):
        generator = np.random.default_rng([7, seed])
        group = np.repeat(np.arange(MENDED), 40).astype(np.int32)
        odds = generator.normal(-1, 1.5, len(group)) + 0.3 * generator.normal(size=MENDED)[group]
        label = (generator.random(len(group)) < expit(LINE[0] + LINE[1] * odds)).astype(np.int8)
        for one in recalibrations(label, expit(odds), group, seed=seed):
            for mode in one.modes:
                key = one.patients, mode.mode
                pair = mode.intercept.mean, mode.slope.mean
                sums.setdefault(key, []).append(pair)
    for (patients, mode), pairs in sums.items():
        intercept, slope = np.mean(pairs, axis=0)
        print(f"| {patients} | {mode.replace('_', ' ')} | {intercept:.3f} | {slope:.3f} |")


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    found_and_false(number)
    mended(max(1, number // 10))
