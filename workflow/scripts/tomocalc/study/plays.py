"""A study played many times with the patients of a pilot, as numbers on pairs of patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomocalc.extras import needing
from tomocalc.metrics import score_limits, wilson

with needing("plan"):
    from scipy.special import stdtrit

    from tomocalc.evaluation.intervals import FLAT

CELLS = 4_000_000
"""Pairs of rows compared at once."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pilot:
    """A score on patients: what every pair of them adds to the AUROC, as (patient, patient).

    ``wins[i, j]`` counts the pairs of a positive row of i and a negative one of j in which the
    positive one has the higher score, ties half; *positives*, *negatives*: rows of each patient.
    """

    wins: Floats
    positives: Floats
    negatives: Floats

    @classmethod
    def of(cls, label: NDArray[np.bool_], score: Floats, patient: NDArray[np.int64]) -> Pilot:
        """Count the pairs of a score: *label*, *score* and number of the *patient* of each row."""
        order = np.argsort(patient, kind="stable")
        label, score, patient = label[order], score[order], patient[order]
        count = int(patient[-1]) + 1
        wins = np.zeros((count, count))
        low, whose = score[~label], patient[~label]
        rows = max(1, CELLS // max(len(low), 1))
        high, owner = score[label], patient[label]
        for start in range(0, len(high), rows):
            some = high[start : start + rows, None]
            won = (some > low) + 0.5 * (some == low)  # (positive row, negative row)
            by_patient = np.zeros((len(won), count))
            begins = np.flatnonzero(np.diff(whose, prepend=-1))
            by_patient[:, whose[begins]] = np.add.reduceat(won, begins, axis=1)
            np.add.at(wins, owner[start : start + rows], by_patient)
        rows_of = [np.bincount(patient[kind], minlength=count) for kind in (label, ~label)]
        return cls(wins, *(one.astype(np.float64) for one in rows_of))

    def auroc(self, weight: Floats) -> Floats:
        """Return the AUROC for each line of weights (line, patient)."""
        won = ((weight @ self.wins) * weight).sum(axis=1)
        return won / ((weight @ self.positives) * (weight @ self.negatives))

    def without(self, weight: Floats) -> Floats:
        """Return the AUROC without one of each patient, (line, patient)."""
        lost = weight @ self.wins + weight @ self.wins.T - np.diag(self.wins)
        won = ((weight @ self.wins) * weight).sum(axis=1)[:, None] - lost
        positives = (weight @ self.positives)[:, None] - self.positives
        negatives = (weight @ self.negatives)[:, None] - self.negatives
        return won / np.maximum(positives * negatives, 1.0)


def draw(
    ill: NDArray[np.bool_], sizes: tuple[int, int], studies: int, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return how likely each pilot's patient is in each study, and how often he was drawn."""
    truth, weight = np.zeros((studies, len(ill))), np.zeros((studies, len(ill)))
    for kind, size in zip((ill, ~ill), sizes, strict=True):
        chance = generator.dirichlet(np.ones(kind.sum()), size=studies)
        truth[:, kind] = chance * size
        weight[:, kind] = generator.multinomial(size, chance)
    return truth, weight


def scales(patients: int, studies: int, generator: np.random.Generator) -> Floats:
    """Return by how much standard errors may be wider than the pilot says, one a study.

    Patients drawn from m, by weights that were drawn too, vary by (m - 1) / (m + 1) of the truth.
    And a deviation that m patients show is itself uncertain, as that of m normal values is, by
    their chi-square: the weights do not know the patients whom the pilot has not met.

    Parameters
    ----------
    patients
        Of the pilot's rarer kind.
    """
    few = patients - 1
    known = ((patients + 1) / few) ** 0.5
    return known * np.sqrt(few / generator.chisquare(few, studies))


def _error(without: Floats, weight: Floats) -> Floats:
    """Return the jackknife's standard error of each study, patients counted as often as drawn."""
    count = weight.sum(axis=1)
    return np.sqrt((count - 1) / count * _squares(without, weight).sum(axis=1))


def _squares(without: Floats, weight: Floats) -> Floats:
    mean = (weight * without).sum(axis=1) / weight.sum(axis=1)
    return weight * (without - mean[:, None]) ** 2


def _freedom(pilot: Pilot, without: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return `intervals.freedom` of each study, and the degrees of the rarer class alone."""
    holds = [kind > 0 for kind in (pilot.positives, pilot.negatives)]
    ill, well = ((weight * kind).sum(axis=1) for kind in holds)
    rarer = np.where((ill <= well)[:, None], *holds)
    squares = _squares(without, weight)
    kinds = [(squares * kind).sum(axis=1) for kind in (rarer, ~rarer)]
    own = [np.maximum((weight * kind).sum(axis=1) - 1, 1) for kind in (rarer, ~rarer)]
    apart = sum((part**2 / few for part, few in zip(kinds, own, strict=True)), np.zeros(len(ill)))
    both = (kinds[0] + kinds[1]) ** 2
    return np.divide(both, apart, out=own[0].copy(), where=apart > FLAT**4), own[0]


def half_widths(
    pilot: Pilot, weight: Floats, confidence: float, wider: Floats | float = 1.0
) -> Floats:
    """Return half the width of each study's interval, as `intervals.interval` has it.

    Standard errors are *wider* times, in each study, what the patients of the pilot give.
    """
    value, without = pilot.auroc(weight), pilot.without(weight)
    error = _error(without, weight)
    flat = (value >= 1) | (value <= 0) | (error <= FLAT)
    share = np.clip(value, FLAT, 1 - FLAT)
    trials = share * (1 - share) / np.maximum(wider * error, FLAT) ** 2
    freedom = sum(_freedom(pilot, without, weight)) / 2
    low, high = score_limits(share, trials, stdtrit(freedom, (1 + confidence) / 2))
    found = np.asarray((high - low) / 2)
    for line in np.flatnonzero(flat):
        groups = int((weight[line] * (pilot.positives > 0)).sum())
        ends = wilson(groups * float(np.clip(value[line], 0, 1)), groups, confidence)
        found[line] = (ends[1] - ends[0]) / 2
    return found


def ahead(
    made: list[Pilot], truth: Floats, weight: Floats, lead: float, confidence: float, wider: Floats
) -> NDArray[np.bool_]:
    """Return whether each study's interval of the lead lies above 0, were the true lead *lead*."""
    here, there = made
    found = here.auroc(weight) - there.auroc(weight)
    beyond = wider * (found - (here.auroc(truth) - there.auroc(truth))) + lead
    without = here.without(weight) - there.without(weight)
    freedom, _ = _freedom(here, without, weight)
    return beyond > wider * stdtrit(freedom, (1 + confidence) / 2) * _error(without, weight)
