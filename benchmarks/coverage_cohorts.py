"""Simulated cohorts for the study of coverage: candidates, volumes, findings, marks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tomocalc.evaluation.dbtex import Lesion, Mark
from tomocalc.evaluation.findings import Box
from tomocalc.evaluation.froc import FALSE, FreeResponse

THRESHOLD, PREVALENCE = 0.27, 0.02
OVERLOOKED = 1 / 12
BIN = (0.2, 0.3)
FAR = 2000.0
"""Pixels between a lesion and marks that are not on it."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Cohort:
    """Candidates with two equally good models' scores, the volumes they are in, what they mark.

    *finding* is the calcification that a candidate lies on, or `FALSE`.
    """

    patients: int
    label: NDArray[np.int8]
    score: Floats
    other: Floats
    volume: Ints
    finding: Ints
    finding_volume: Ints

    @cached_property
    def patient(self) -> NDArray[np.int32]:
        """Patient of every candidate: each has two volumes."""
        return (self.volume // 2).astype(np.int32)

    @property
    def response(self) -> FreeResponse:
        """Every candidate as a mark of a calcification."""
        return self._rated(self.score)

    @property
    def rated_by_other(self) -> FreeResponse:
        """The same by the other model's scores."""
        return self._rated(self.other)

    def _rated(self, score: Floats) -> FreeResponse:
        return FreeResponse(
            score,
            self.finding,
            self.patient.astype(np.int64),
            self.finding_volume // 2,
            np.repeat(np.arange(self.patients), 2),
        )

    @cached_property
    def lesion_volume(self) -> Ints:
        """Volumes with a calcification: these make one cluster."""
        return np.unique(self.finding_volume)

    @property
    def clusters(self) -> FreeResponse:
        """One mark per volume with found calcifications, of the highest score; others false."""
        hit = self.label == 1
        place = np.searchsorted(self.lesion_volume, self.volume[hit])
        best = np.full(len(self.lesion_volume), -np.inf)
        np.maximum.at(best, place, self.score[hit])
        known = np.isfinite(best)
        rating = np.concatenate([best[known], self.score[~hit]])
        finding = np.concatenate([np.flatnonzero(known), np.full((~hit).sum(), FALSE)])
        volume = np.concatenate([self.lesion_volume[known], self.volume[~hit]])
        return FreeResponse(
            rating,
            finding,
            volume // 2,
            self.lesion_volume // 2,
            np.repeat(np.arange(self.patients), 2),
        )

    @property
    def dbtex(self) -> tuple[list[Mark], list[Lesion]]:
        """The same as marks and boxes."""
        response = self.clusters
        volume = np.concatenate(
            [self.lesion_volume[response.finding[response.finding >= 0]],
             self.volume[self.label == 0]]
        )  # fmt: skip
        place = np.where(response.finding >= 0, 0.0, FAR)
        marks = [
            Mark(int(v), float(p), float(p), 30.0, float(s))
            for v, p, s in zip(volume, place, response.rating, strict=True)
        ]
        return marks, [Lesion(int(v), Box(0, 0, 10, 10, 30)) for v in self.lesion_volume]


@dataclass(frozen=True)
class Findings:
    """Findings of patients who all have some: whether each is covered, and a place by chance."""

    patient: Ints
    hit: NDArray[np.bool_]
    chance: NDArray[np.bool_]


def cohort(
    generator: np.random.Generator, patients: int, effect: float, *, even: bool = False
) -> Cohort:
    """Return a simulated cohort; where it is *even*, exactly half of the patients are ill."""
    ill = generator.random(patients) < 0.5
    if even:
        ill = np.arange(patients) % 2 == 0
    others = generator.integers(4, 30, patients)
    spots = np.where(ill, generator.integers(2, 9, patients), 0)
    mood = effect * generator.normal(size=patients)
    finding_volume = 2 * np.repeat(np.arange(patients), spots)
    finding_volume += generator.integers(0, 2, len(finding_volume))
    found = np.flatnonzero(generator.random(len(finding_volume)) >= OVERLOOKED)
    other_volume = 2 * np.repeat(np.arange(patients), others)
    other_volume += generator.integers(0, 2, len(other_volume))
    volume = np.concatenate([finding_volume[found], other_volume])
    label = np.repeat([1, 0], [len(found), len(other_volume)]).astype(np.int8)
    logit = -2 + 2 * label + mood[volume // 2]
    common = generator.normal(size=len(label))
    score, other = (
        1 / (1 + np.exp(-(logit + 0.8 * common + 0.6 * generator.normal(size=len(label)))))
        for _ in range(2)
    )
    finding = np.concatenate([found, np.full(len(other_volume), FALSE)])
    return Cohort(patients, label, score, other, volume, finding, finding_volume)


def findings(generator: np.random.Generator, patients: int, effect: float) -> Findings:
    """Return findings of *patients*, whom an effect of their own makes easy or hard to read."""
    count = generator.integers(2, 9, patients)
    patient = np.repeat(np.arange(patients), count)
    mood = effect * generator.normal(size=patients)[patient]
    noise = generator.normal(size=(2, len(patient)))
    return Findings(patient, 0.7 + mood + noise[0] > 0, -1.5 + mood + noise[1] > 0)
