"""Calibration line, recalibration and net benefit, beside values computed by hand."""

import numpy as np
import pytest
from scipy.special import expit

from tomocalc.evaluation.transfer import (
    THRESHOLDS,
    calibration_line,
    decision_curve,
    fit_line,
    log_odds_of,
    recalibrations,
)


def cohort(patients: int, *, intercept: float, slope: float, seed: int = 3):
    """Return labels, probabilities and patients whose log-odds are off by a known line."""
    generator = np.random.default_rng(seed)
    group = np.repeat(np.arange(patients), 40).astype(np.int32)
    odds = generator.normal(-1, 1.5, len(group))
    label = (generator.random(len(group)) < expit(intercept + slope * odds)).astype(np.int8)
    return label, expit(odds), group


def test_two_groups_of_rows_give_the_line_through_their_log_odds() -> None:
    # at odds -1: 1 of 5 are calcifications, log-odds ln(1/4); at odds 2: 4 of 5, ln 4
    odds = np.repeat([-1.0, 2.0], 5)
    label = np.array([1, 0, 0, 0, 0, 1, 1, 1, 1, 0], np.int8)
    intercept, slope = fit_line(odds, label, np.ones((1, 10)), slope=True)
    assert slope[0] == pytest.approx(2 * np.log(4) / 3)
    assert intercept[0] == pytest.approx(-np.log(4) + slope[0])
    shifted, _ = fit_line(np.zeros(10), label, np.ones((1, 10)), slope=False)
    assert shifted[0] == pytest.approx(0, abs=1e-12)


def test_the_line_holds_what_was_planted_and_its_intervals_too() -> None:
    label, score, group = cohort(60, intercept=0.8, slope=0.6)
    line = calibration_line(label, score, group, confidence=0.95)
    assert line.slope.low < 0.6 < line.slope.high < 1
    assert line.intercept.low > 0.5
    assert line.observed == label.mean()


def test_scores_that_tell_the_classes_apart_perfectly_have_no_line() -> None:
    label = np.array([0, 0, 1, 1], np.int8)
    score = np.array([0.1, 0.2, 0.8, 0.9])
    group = np.arange(4, dtype=np.int32)
    for scores in (score, np.full(4, 0.39)):  # of equal ones every slope is as good
        assert calibration_line(label, scores, group, confidence=0.95) is None
    many = np.arange(40, dtype=np.int32)
    assert recalibrations(np.tile(label, 10), np.full(40, 0.39), many, seed=1) == ()


def test_recalibration_brings_held_out_patients_to_slope_one_and_intercept_nought() -> None:
    found = recalibrations(*cohort(120, intercept=0.8, slope=0.6), seed=1)
    assert [(one.patients, one.held_out) for one in found] == [
        (10, 110),
        (20, 100),
        (50, 70),
        (60, 60),
    ]
    as_released, shifted, scaled = (mode for mode in found[-1].modes)
    assert as_released.slope.mean == pytest.approx(0.6, abs=0.1)
    assert as_released.intercept.mean > 0.6
    assert shifted.slope == as_released.slope  # a shift changes no slope
    for mode in (shifted, scaled):
        assert mode.intercept.mean == pytest.approx(0, abs=0.1)
    assert scaled.slope.mean == pytest.approx(1, abs=0.1)
    assert scaled.brier.mean < as_released.brier.mean


def test_too_few_patients_are_not_recalibrated() -> None:
    assert recalibrations(*cohort(15, intercept=0, slope=1), seed=1) == ()


def test_net_benefit_weighs_wrong_flags_by_the_odds_of_the_threshold() -> None:
    label = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], np.int8)
    score = np.array([0.9, 0.15, 0.25, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    curve = decision_curve(label, score, np.arange(10, dtype=np.int32), confidence=0.95)
    at = dict(zip(THRESHOLDS, curve, strict=True))
    assert at[0.2].model.value == pytest.approx((1 - 2 * 0.25) / 10)
    assert at[0.2].everything == pytest.approx((2 - 8 * 0.25) / 10)
    assert at[0.5].model.value == pytest.approx(0.1)


def test_log_odds_stay_finite() -> None:
    assert np.isfinite(log_odds_of(np.array([0.0, 1.0]))).all()
