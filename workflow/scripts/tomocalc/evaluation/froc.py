"""Free-response curves: findings found against false marks per volume, over all thresholds.

Every annotated finding counts, also one that no candidate lies on: it is missed at every
threshold. Source: Bunch, Hamilton, Sanderson and Simmons, J. Appl. Photogr. Eng. 4 (1978) 166.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.evaluation.bootstrap import draw_groups, share_interval
from tomocalc.intervals import wilson

FALSE, IGNORED = -1, -2
"""In the place of a finding: a mark that lies on none, and one that is not to be judged."""

RATES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""False marks per volume at which the sensitivity is reported."""

MOST = 500
"""Thresholds of a curve."""

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

    def resampled_at(self, rates: Floats, *, resamples: int, seed: int) -> Floats:
        """Return the sensitivity at *rates* of each resample of patients, (resample, rate).

        Resamples without a finding or a volume are left out.
        """
        patients = len(self.findings)
        generator = np.random.default_rng(seed)
        weight = draw_groups(generator, patients, resamples)
        findings, volumes = weight @ self.findings, weight @ self.volumes
        usable = (findings > 0) & (volumes > 0)
        weight, findings, volumes = weight[usable], findings[usable], volumes[usable]
        sensitivity = weight @ self.found / findings[:, None]
        false = weight @ self.false / volumes[:, None]
        return np.array(
            [sensitivity_at(rates, *pair) for pair in zip(false, sensitivity, strict=True)]
        ).reshape(-1, len(rates))


def sensitivity_at(rates: Floats, false: Floats, sensitivity: Floats) -> Floats:
    """Return the sensitivity at *rates* of false marks per volume.

    Linear between points; the curve starts at (0, 0), and beyond its last point, where every
    mark is counted already, the sensitivity stays what it is there.
    """
    return np.interp(rates, np.append(0.0, false), np.append(0.0, sensitivity))


def froc(
    response: FreeResponse, *, threshold: float, resamples: int, confidence: float, seed: int
) -> dict[str, Any]:
    """Return the curve with its band, the sensitivity at `RATES` and at the model's threshold.

    Parameters
    ----------
    threshold
        Of the operating point.

    Returns
    -------
    dict
        ``findings``, ``with_candidate`` (those that can be found at all), ``volumes``,
        ``patients_with_findings``; ``curve`` (threshold, false_per_volume, sensitivity);
        ``band`` (false_per_volume, low, high); ``rates`` (per rate: sensitivity, low, high);
        ``operating_point``.
    """
    thresholds = _thresholds(response, threshold)
    counts = response.at(thresholds)
    false, sensitivity = counts.curve()
    grid = np.unique(np.append(np.linspace(0, false[-1], GRID), RATES))
    drawn = counts.resampled_at(grid, resamples=resamples, seed=seed)
    best = response.best
    at_grid = sensitivity_at(grid, false, sensitivity)
    bands = np.array(
        [
            share_interval(column, share, len(best), confidence)
            for column, share in zip(drawn.T, at_grid, strict=True)
        ]
    )
    shown = grid <= false[-1] + 1e-12
    return {
        "findings": len(best),
        "with_candidate": int(np.isfinite(best).sum()),
        "volumes": len(response.volume_patient),
        "patients_with_findings": len(np.unique(response.finding_patient)),
        "curve": {
            "threshold": _rounded(thresholds),
            "false_per_volume": _rounded(false),
            "sensitivity": _rounded(sensitivity),
        },
        "band": {
            "false_per_volume": _rounded(grid[shown]),
            "low": _rounded(bands[shown, 0]),
            "high": _rounded(bands[shown, 1]),
        },
        "rates": [
            {
                "false_per_volume": rate,
                "sensitivity": float(sensitivity_at(np.array([rate]), false, sensitivity)[0]),
                "low": float(low),
                "high": float(high),
                "beyond": bool(rate > false[-1]),
            }
            for rate, (low, high) in zip(RATES, bands[np.searchsorted(grid, RATES)], strict=True)
        ],
        "operating_point": _operating_point(response, best, threshold, confidence),
    }


def _operating_point(
    response: FreeResponse, best: Floats, threshold: float, confidence: float
) -> dict[str, Any]:
    found = int((best >= threshold).sum())
    false = int(((response.finding == FALSE) & (response.rating >= threshold)).sum())
    low, high = wilson(found, len(best), confidence)
    return {
        "threshold": threshold,
        "found": found,
        "false": false,
        "false_per_volume": false / len(response.volume_patient),
        "sensitivity": {"value": found / len(best), "low": low, "high": high},
    }


def _thresholds(response: FreeResponse, operating: float) -> Floats:
    """Return falling thresholds: every rating, or evenly chosen ones, and the *operating* one."""
    judged = np.unique(response.rating[response.finding != IGNORED])
    keep = np.unique(np.linspace(0, max(len(judged) - 1, 0), MOST).round().astype(int))
    kept = judged[keep] if len(judged) else judged
    return np.unique(np.append(kept, operating))[::-1]


def _cumulative(rating: Floats, patient: Ints, thresholds: Floats, patients: int) -> Floats:
    """Return how many of each patient's ratings reach each of the falling *thresholds*."""
    first = np.searchsorted(-thresholds, -rating)
    counts = np.zeros((patients, len(thresholds) + 1))
    np.add.at(counts, (patient, first), 1)
    return np.cumsum(counts[:, :-1], axis=1)


def _rounded(values: Floats | Sequence[float]) -> list[float]:
    return [round(float(value), 6) for value in values]
