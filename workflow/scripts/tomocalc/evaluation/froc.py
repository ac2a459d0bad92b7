"""Free-response curves: findings found against false marks per volume, over all thresholds.

Every annotated finding counts, also one that no candidate lies on: it is missed at every
threshold. Source: Bunch, Hamilton, Sanderson and Simmons, J. Appl. Photogr. Eng. 4 (1978) 166.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.figures import Figure, Lead
from tomocalc.accounts.findings import AtRate, Band, Froc, FrocCurve, FrocPoint
from tomocalc.evaluation.intervals import (
    difference,
    freedom,
    freedom_of_share,
    interval,
    standard_error,
)
from tomocalc.evaluation.jackknife import share_of
from tomocalc.metrics import evenly

FALSE, IGNORED = -1, -2
"""In the place of a finding: a mark that lies on none, and one that is not to be judged."""

RATES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""False marks per volume at which the sensitivity is reported."""

MOST, READ = 500, 5000
"""Thresholds of a curve beyond the largest of `RATES`, and up to it: there it is read."""

GRID = 60
"""Points of a curve at which its band is computed."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class FreeResponse:
    """Marks, findings and volumes of one part of the data, each with its patient.

    Parameters
    ----------
    rating, finding, patient
        Of every mark: its score, the finding that it lies on (or `FALSE` or `IGNORED`), and the
        number of its patient.
    finding_patient
        Of every finding.
    volume_patient
        Of every volume.
    """

    rating: Floats
    finding: Ints
    patient: Ints
    finding_patient: Ints
    volume_patient: Ints

    @property
    def best(self) -> Floats:
        """The rating from which on each finding is found; minus infinity for never."""
        best = np.full(len(self.finding_patient), -np.inf)
        hit = self.finding >= 0
        np.maximum.at(best, self.finding[hit], self.rating[hit])
        return best

    def at(self, thresholds: Floats) -> Counts:
        """Count findings found and false marks at falling *thresholds*, per patient."""
        patients = int(self.volume_patient.max()) + 1
        false = self.finding == FALSE
        best = self.best
        hit = np.isfinite(best)
        return Counts(
            found=_cumulative(best[hit], self.finding_patient[hit], thresholds, patients),
            false=_cumulative(self.rating[false], self.patient[false], thresholds, patients),
            findings=np.bincount(self.finding_patient, minlength=patients).astype(np.float64),
            volumes=np.bincount(self.volume_patient, minlength=patients).astype(np.float64),
        )

    def select(self, marks: NDArray[np.bool_], volumes: NDArray[np.bool_]) -> FreeResponse:
        """Return the same with some marks and volumes only; every finding stays."""
        return FreeResponse(
            self.rating[marks],
            self.finding[marks],
            self.patient[marks],
            self.finding_patient,
            self.volume_patient[volumes],
        )


@dataclass(frozen=True)
class Counts:
    """Findings found and false marks, (patient, threshold); findings and volumes, (patient,)."""

    found: Floats
    false: Floats
    findings: Floats
    volumes: Floats

    def curve(self) -> tuple[Floats, Floats]:
        """Return false marks per volume and sensitivity over the thresholds."""
        false = self.false.sum(axis=0) / self.volumes.sum()
        return false, self.found.sum(axis=0) / self.findings.sum()

    def without_each(self, rates: Floats) -> Floats:
        """Return the sensitivity at *rates* as each patient moves it, (patient, rate).

        A patient moves it by what she adds to the findings found and, along the curve, by what she
        adds to the false marks. The curve has steps; its slope is taken as far to both sides as the
        false marks per volume may be off themselves.
        Empty where only one patient has findings.
        """
        if (self.findings > 0).sum() < 2:
            return np.empty((0, len(rates)))
        axis, sensitivity = self.curve()
        rates_met = np.minimum(rates, axis[-1])
        value = sensitivity_at(rates, axis, sensitivity)
        found, false = (_at(rates_met, axis, counted) for counted in (self.found, self.false))
        adds = (found - value * self.findings[:, None]) / self.findings.sum()
        costs = (false - rates_met * self.volumes[:, None]) / self.volumes.sum()
        off = np.sqrt((costs**2).sum(axis=0))
        lowest = np.maximum(rates - off, 0.0)
        start, end = (sensitivity_at(at, axis, sensitivity) for at in (lowest, rates + off))
        reached = (off > 0) & (rates <= axis[-1])
        slope = np.divide(end - start, rates + off - lowest, out=np.zeros_like(off), where=reached)
        return value - (adds - slope * costs)

    def figures(self, rates: Floats, confidence: float) -> list[Figure]:
        """Return the sensitivity at *rates*; intervals rest on the patients with findings."""
        groups = int((self.findings > 0).sum())
        degrees = freedom_of_share(int(self.findings.sum()), groups)
        values, without = sensitivity_at(rates, *self.curve()), self.without_each(rates).T
        return [
            interval(
                float(value),
                left,
                groups=groups,
                freedom=degrees,
                confidence=confidence,
                counted=True,
            )
            for value, left in zip(values, without, strict=True)
        ]


def sensitivity_at(rates: Floats, false: Floats, sensitivity: Floats) -> Floats:
    """Return the sensitivity at *rates* of false marks per volume.

    Linear between points; the curve starts at (0, 0), and beyond its last point, where every
    mark is counted already, the sensitivity stays what it is there.
    """
    return np.interp(rates, np.append(0.0, false), np.append(0.0, sensitivity))


def _at(rates: Floats, axis: Floats, counted: Floats) -> Floats:
    """Return what is *counted*, (patient, threshold), at *rates*, as `sensitivity_at` does."""
    axis, counted = np.append(0.0, axis), np.pad(counted, ((0, 0), (1, 0)))
    after = np.searchsorted(axis, rates, side="right")
    before, after = after - 1, np.minimum(after, len(axis) - 1)
    step = axis[after] - axis[before]
    share = np.divide(rates - axis[before], step, out=np.zeros_like(step), where=step > 0)
    return counted[:, before] * (1 - share) + counted[:, after] * share


def froc(response: FreeResponse, *, threshold: float, confidence: float) -> Froc:
    """Return the curve with its band, the sensitivity at `RATES` and at the model's threshold.

    Parameters
    ----------
    threshold
        Of the operating point.
    """
    thresholds = _thresholds(response, threshold)
    counts = response.at(thresholds)
    false, sensitivity = counts.curve()
    grid = np.unique(np.append(np.linspace(0, false[-1], GRID), RATES))
    best = response.best
    bands = counts.figures(grid, confidence)
    shown = np.flatnonzero(grid <= false[-1] + 1e-12) if bands[0].low is not None else []
    return Froc(
        findings=len(best),
        with_candidate=int(np.isfinite(best).sum()),
        volumes=len(response.volume_patient),
        patients_with_findings=len(np.unique(response.finding_patient)),
        curve=FrocCurve(
            threshold=_rounded(thresholds),
            false_per_volume=_rounded(false),
            sensitivity=_rounded(sensitivity),
        ),
        band=Band(
            false_per_volume=_rounded(grid[shown]),
            low=[round(bands[place].low or 0.0, 6) for place in shown],
            high=[round(bands[place].high or 0.0, 6) for place in shown],
        ),
        rates=[
            AtRate(
                false_per_volume=rate,
                sensitivity=bands[place].value or 0.0,
                low=bands[place].low,
                high=bands[place].high,
                beyond=bool(rate > false[-1]),
            )
            for rate, place in zip(RATES, np.searchsorted(grid, RATES), strict=True)
        ],
        operating_point=_operating_point(response, best, threshold, confidence),
    )


def sensitivity_leads(
    response: FreeResponse, other: FreeResponse, *, confidence: float
) -> list[Lead]:
    """Return how far the sensitivity at `RATES` is ahead of that of *other* marks.

    Findings, volumes and patients of both are the same; each patient is left out of both at once.
    """
    rates = np.array(RATES)
    counts = [one.at(_thresholds(one, np.inf)) for one in (response, other)]
    value = [sensitivity_at(rates, *one.curve()) for one in counts]
    without = [one.without_each(rates) for one in counts]
    with_findings = counts[0].findings > 0
    return [
        difference(
            float(lead),
            standard_error(left),
            freedom=freedom(left, with_findings),
            confidence=confidence,
        )
        for lead, left in zip(value[0] - value[1], (without[0] - without[1]).T, strict=True)
    ]


def _operating_point(
    response: FreeResponse, best: Floats, threshold: float, confidence: float
) -> FrocPoint:
    false = int(((response.finding == FALSE) & (response.rating >= threshold)).sum())
    return FrocPoint(
        threshold=threshold,
        found=int((best >= threshold).sum()),
        false=false,
        false_per_volume=false / len(response.volume_patient),
        sensitivity=share_of(best >= threshold, response.finding_patient, confidence),
    )


def _thresholds(response: FreeResponse, operating: float) -> Floats:
    """Return falling thresholds: every rating, or evenly chosen ones, and the *operating* one."""
    judged = np.unique(response.rating[response.finding != IGNORED])[::-1]
    false = np.sort(response.rating[response.finding == FALSE])[::-1]
    last = false[: int(RATES[-1] * len(response.volume_patient)) + 1].min(initial=np.inf)
    read = int((judged >= last).sum())
    kept = [judged[:read][evenly(read, READ)], judged[read:][evenly(len(judged) - read, MOST)]]
    return np.unique(np.append(np.concatenate(kept), operating))[::-1]


def _cumulative(rating: Floats, patient: Ints, thresholds: Floats, patients: int) -> Floats:
    """Return how many of each patient's ratings reach each of the falling *thresholds*."""
    first = np.searchsorted(-thresholds, -rating)
    counts = np.zeros((patients, len(thresholds) + 1))
    np.add.at(counts, (patient, first), 1)
    return np.cumsum(counts[:, :-1], axis=1)


def _rounded(values: Floats | Sequence[float]) -> list[float]:
    return [round(float(value), 6) for value in values]
