"""How well the probabilities of a finished model hold on other data, and what mends them.

The calibration line: Cox, Biometrika 45 (1958) 562. Its intercept at a slope of 1 is the
"calibration in the large" of Van Calster et al., J. Clin. Epidemiol. 74 (2016) 167. Net benefit:
Vickers and Elkin, Med. Decis. Making 26 (2006) 565.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from tomocalc.accounts.external import (
    CalibrationLine,
    Mode,
    NetBenefit,
    Recalibrated,
    Recalibration,
    Spread,
)
from tomocalc.accounts.figures import Figure, Method
from tomocalc.evaluation.intervals import standard_error, student
from tomocalc.evaluation.jackknife import CHUNK, Figures, LeftOut, leave_out

EDGE = 1e-6
"""Probabilities are kept this far from 0 and 1 before their log-odds are taken."""
STEPS = 60
"""Of Newton's method, at most."""
LONGEST = 2.0
"""Of one step: an unbounded first one can lead so far that the next is no number."""
CLOSE = 1e-9
SIZES = (10, 20, 50)
"""Patients that a site may have read for a recalibration, beside half of all."""
FEWEST = 8
"""Patients on either side of a recalibration, at least."""
DRAWS = 100
THRESHOLDS = (0.005, 0.01, 0.02, 0.05, *(round(0.1 * step, 1) for step in range(1, 10)))
MODES: tuple[Mode, ...] = ("as_released", "intercept", "slope")
FIGURES = ("intercept", "slope", "brier")
"""Of a recalibration."""

Labels = NDArray[np.int8]
Floats = NDArray[np.float64]
Groups = NDArray[np.int32]


def log_odds_of(score: Floats) -> Floats:
    """Return the log-odds of probabilities, kept finite."""
    return logit(np.clip(score, EDGE, 1 - EDGE))


def fit_line(
    odds: Floats, label: Labels, weight: Floats, *, slope: bool, start: tuple[float, float] = (0, 1)
) -> tuple[Floats, Floats]:
    """Fit the log-odds of the labels as a line over *odds*, by maximum likelihood.

    Parameters
    ----------
    odds, label
        Of every row; without a *slope* the odds may be (line, row).
    weight
        (line, row): one fit per line.
    slope
        Whether the slope is fitted too; else it stays as in *start*.
    start
        Intercept and slope that Newton's method starts at.

    Returns
    -------
    intercept, slope
        One per line; NaN where the fit does not settle, as where the classes are told apart
        perfectly.
    """
    a, b = (np.full(len(weight), value, np.float64) for value in start)
    step_a, step_b = np.full(len(weight), np.inf), np.zeros(len(weight))
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(STEPS):
            given = expit(a[:, None] + b[:, None] * odds)
            residual, spread = weight * (label - given), weight * given * (1 - given)
            score_a, info_aa = residual.sum(axis=1), spread.sum(axis=1)
            if slope:
                score_b, info_ab, info_bb = residual @ odds, spread @ odds, spread @ odds**2
                determinant = info_aa * info_bb - info_ab**2
                step_a = (info_bb * score_a - info_ab * score_b) / determinant
                step_b = (info_aa * score_b - info_ab * score_a) / determinant
            else:
                step_a = score_a / info_aa
            longest = np.maximum(np.abs(step_a), np.abs(step_b))
            shrink = np.minimum(1.0, LONGEST / np.maximum(longest, LONGEST))
            a, b = a + shrink * step_a, b + shrink * step_b
            if not (longest > CLOSE).any():
                break
    settled = np.maximum(np.abs(step_a), np.abs(step_b)) <= CLOSE
    return np.where(settled, a, np.nan), np.where(settled, b, np.nan)


def calibration_line(
    label: Labels, score: Floats, group: Groups, *, confidence: float
) -> CalibrationLine | None:
    """Return intercept and slope with intervals by leaving out one *group* at a time.

    None where the scores tell the classes apart perfectly, so that no slope is steep enough, where
    all are equal, or a class is missing.
    """
    odds, everything = log_odds_of(score), np.ones((1, len(label)))
    if not (0 < label.sum() < len(label) and np.ptp(odds)):
        return None
    shifted, _ = fit_line(odds, label, everything, slope=False)
    both = fit_line(odds, label, everything, slope=True)
    if not np.isfinite([shifted[0], both[0][0], both[1][0]]).all():
        return None

    def fits(weight: Floats) -> Figures:
        intercept, _ = fit_line(odds, label, weight, slope=False, start=(shifted[0], 1))
        _, slope = fit_line(odds, label, weight, slope=True, start=(both[0][0], both[1][0]))
        return {"intercept": intercept, "slope": slope}

    found = leave_out(label, group, fits)
    return CalibrationLine(
        intercept=unbounded(found, "intercept", confidence),
        slope=unbounded(found, "slope", confidence),
        observed=float(label.mean()),
        expected=float(score.mean()),
    )


def unbounded(found: LeftOut, name: str, confidence: float) -> Figure:
    """Return a figure that no scale ends, with Student's interval on its own scale."""
    value, error = found.values[name], standard_error(found.without[name])
    if found.groups < 2 or not np.isfinite(error):
        return Figure(value=value)
    reach = student(confidence, found.freedom(name)) * error
    return Figure(value=value, low=value - reach, high=value + reach, method=Method.LEFT_OUT)


def decision_curve(
    label: Labels, score: Floats, group: Groups, *, confidence: float
) -> tuple[NetBenefit, ...]:
    """Return the net benefit of flagging from each of `THRESHOLDS` on.

    At a threshold p a wrong flag costs p / (1 - p) of what a right one brings, and the net
    benefit is what remains per row: true positives less the costs of false ones.
    """
    threshold = np.array(THRESHOLDS)
    cost = threshold / (1 - threshold)
    worth = np.where(label[:, None] == 1, 1.0, -cost)  # (row, threshold)
    gained = worth * (score[:, None] >= threshold)
    names = [f"{value:g}" for value in THRESHOLDS]

    def benefit(weight: Floats) -> Figures:
        mean = weight @ gained / weight.sum(axis=1, keepdims=True)
        return dict(zip(names, mean.T, strict=True))

    found = leave_out(label, group, benefit)
    return tuple(
        NetBenefit(
            threshold=value,
            model=unbounded(found, name, confidence),
            everything=float(worth[:, place].mean()),
        )
        for place, (name, value) in enumerate(zip(names, THRESHOLDS, strict=True))
    )


def recalibrations(
    label: Labels, score: Floats, group: Groups, *, seed: int
) -> tuple[Recalibration, ...]:
    """Fit the probabilities to k patients and check them on all others, in repeated draws.

    k is each of `SIZES` that leaves `FEWEST` patients or more, and half of the patients. Patients
    with and without a calcification are drawn in their proportion.
    """
    _, member = np.unique(group, return_inverse=True)
    patients = int(member.max()) + 1
    ill = np.bincount(member, weights=label, minlength=patients) > 0
    half = patients // 2
    sizes = {k for k in SIZES if k <= patients - FEWEST} | ({half} if half >= FEWEST else set())
    odds, generator = log_odds_of(score), np.random.default_rng(seed)
    if ill.sum() < 2 or not np.ptp(odds):
        return ()
    found = (
        _recalibrated(_drawn(ill, k, generator)[:, member], odds, label, k, patients - k)
        for k in sorted(sizes)
    )
    return tuple(one for one in found if one.draws)


def _drawn(ill: NDArray[np.bool_], size: int, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Return (draw, patient): who is drawn, patients with a calcification in their proportion."""
    with_one, without = np.flatnonzero(ill), np.flatnonzero(~ill)
    wanted = round(size * len(with_one) / len(ill))
    # one at least on either side, and as many others as there are
    wanted = min(max(wanted, 1, size - len(without)), len(with_one) - 1)
    drawn = np.zeros((DRAWS, len(ill)), bool)
    for line in drawn:
        line[generator.choice(with_one, wanted, replace=False)] = True
        line[generator.choice(without, min(size - wanted, len(without)), replace=False)] = True
    return drawn


def _recalibrated(
    drawn: NDArray[np.bool_], odds: Floats, label: Labels, patients: int, held_out: int
) -> Recalibration:
    """Return what the held-out rows say of every mode; *drawn* is (draw, row)."""
    at_once = max(1, CHUNK // len(label))
    parts = [_checked(drawn[i : i + at_once], odds, label) for i in range(0, len(drawn), at_once)]
    values = np.concatenate(parts)  # (draw, mode, figure)
    usable = np.isfinite(values).all(axis=(1, 2))
    modes = [
        Recalibrated(mode=mode, **{name: _spread(of_mode[:, j]) for j, name in enumerate(FIGURES)})
        for mode, of_mode in zip(MODES, np.moveaxis(values[usable], 1, 0), strict=True)
        if usable.any()
    ]
    return Recalibration(
        patients=patients,
        held_out=held_out,
        draws=int(usable.sum()),
        unusable=int((~usable).sum()),
        modes=tuple(modes),
    )


def _checked(drawn: NDArray[np.bool_], odds: Floats, label: Labels) -> Floats:
    """Return (draw, mode, figure): intercept, slope and Brier score of the rows held out."""
    inside, outside = drawn.astype(np.float64), (~drawn).astype(np.float64)
    one, zero = np.ones(len(drawn)), np.zeros(len(drawn))
    fits = {
        "as_released": (zero, one),
        "intercept": fit_line(odds, label, inside, slope=False),
        "slope": fit_line(odds, label, inside, slope=True),
    }
    _, steepness = fit_line(odds, label, outside, slope=True)
    lines = []
    for mode in MODES:
        a, b = fits[mode]
        given = a[:, None] + b[:, None] * odds
        intercept, _ = fit_line(given, label, outside, slope=False)
        brier = (outside * (expit(given) - label) ** 2).sum(axis=1) / outside.sum(axis=1)
        # a line over log-odds that were scaled by b is as much flatter
        lines.append(np.stack([intercept, steepness / b, brier], axis=1))
    return np.stack(lines, axis=1)


def _spread(values: Floats) -> Spread:
    low, high = np.quantile(values, (0.05, 0.95))
    return Spread(mean=float(values.mean()), low=float(low), high=float(high))
