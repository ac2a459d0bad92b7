"""Calibration error, predictive values and operating points, against hand-computed values."""

import math

import numpy as np
import pytest

from tomocalc.evaluation.account import calibration, calibration_error, calibration_facts
from tomocalc.evaluation.thresholds import operating_points, predictive_values, threshold_table
from tomocalc.metrics import wilson

LABEL = np.array([1, 1, 0, 0, 1, 0], dtype=np.int8)
SCORE = np.array([0.9, 0.4, 0.6, 0.2, 0.5, 0.1])
ROWS = np.arange(6, dtype=np.int32)
"""Every row is a patient of its own."""


def values(counts, prevalence):
    """Return the predictive values of rows with these counts, each of a patient of its own."""
    label = np.repeat([0, 0, 1, 1], [counts[key] for key in ("tn", "fp", "fn", "tp")])
    score = np.repeat([0.0, 1.0, 0.0, 1.0], [counts[key] for key in ("tn", "fp", "fn", "tp")])
    group = np.arange(len(label), dtype=np.int32)
    (line,) = predictive_values(
        label.astype(np.int8), score, group, [prevalence], threshold=0.5, confidence=0.95
    )
    return line


def test_calibration_bins_by_hand():
    low, high = calibration(LABEL, SCORE / 5, ROWS)
    assert low.mean_predicted == pytest.approx(0.14 / 3)
    assert (low.observed, low.n) == (1 / 3, 3)
    assert high.mean_predicted == pytest.approx(0.4 / 3)
    assert (high.low or 0) < 2 / 3 < (high.high or 0)


def test_calibration_error_by_hand():
    # bins below and from 0.1: |1 - 0.14| and |2 - 0.4| expected calcifications off, of 6 rows
    assert calibration_error(LABEL, SCORE / 5) == pytest.approx(2.46 / 6)


def test_a_probability_of_one_is_in_the_last_bin():
    assert calibration(LABEL[:1], np.array([1.0]), ROWS[:1])[0].n == 1


def test_the_bias_of_perfect_probabilities_is_found():
    # one bin, n rows of probability 1/2: E|S/n - 1/2| is the mean deviation of a binomial
    n = 16
    expected = sum(abs(k / n - 0.5) * math.comb(n, k) / 2**n for k in range(n + 1))
    label = (np.arange(n) % 2).astype(np.int8)
    facts = calibration_facts(label, np.full(n, 0.5), seed=1, simulations=20_000)
    assert facts.ece == 0
    assert facts.expected_if_calibrated == pytest.approx(expected, rel=0.03)
    assert facts.debiased == 0
    assert facts.p_value == 1


def test_wrong_probabilities_stand_out_and_right_ones_do_not():
    draw = np.random.default_rng(5)
    score = draw.random(2000)
    right = (draw.random(2000) < score).astype(np.int8)
    wrong = (draw.random(2000) < score**3).astype(np.int8)
    good, bad = (calibration_facts(label, score, seed=1) for label in (right, wrong))
    assert good.p_value > 0.05
    assert good.ece < good.upper_if_calibrated
    assert bad.p_value < 0.01
    assert bad.debiased == pytest.approx(0.25, abs=0.03)  # mean of x - x**3


def test_predictive_values_by_hand():
    # sensitivity 0.8, specificity 0.9, prevalence 1 %
    line = values({"tn": 900, "fp": 100, "fn": 20, "tp": 80}, 0.01)
    assert line.ppv.value == pytest.approx(0.008 / (0.008 + 0.099))
    assert line.npv.value == pytest.approx(0.891 / (0.891 + 0.002))
    for figure in (line.ppv, line.npv):
        assert figure.low < figure.value < figure.high


def test_the_limits_of_predictive_values_by_hand():
    # sensitivity 12/20 and 1 − specificity 12/30, each with its own limits, by logarithms
    line = values({"tn": 18, "fp": 12, "fn": 8, "tp": 12}, 0.1)
    # error² of a share p of n of 50 rows: 49/50 · n p (1 − p) / (n − 1)²
    trials = [19**2 / 20 * 50 / 49, 29**2 / 30 * 50 / 49]
    (r_low, r_high), (w_low, w_high) = (
        wilson(share * one, one) for share, one in zip((0.6, 0.4), trials, strict=True)
    )
    nearer = math.hypot(math.log(0.6 / r_low), math.log(w_high / 0.4))
    farther = math.hypot(math.log(r_high / 0.6), math.log(0.4 / w_low))
    odds = [0.6 / 0.4 * 0.1 / 0.9 * math.exp(by) for by in (-nearer, farther)]
    assert (line.ppv.low, line.ppv.high) == pytest.approx([o / (1 + o) for o in odds])
    # nothing wrongly called: 1, and no farther than 0 of 30 false calls may be from none
    line = values({"tn": 30, "fp": 0, "fn": 8, "tp": 12}, 0.1)
    odds = math.sqrt(r_low * (1.2 - r_low)) / wilson(0, 30, 0.9)[1] / 9
    assert (line.ppv.value, line.ppv.high) == (1, 1)
    assert line.ppv.low == pytest.approx(odds / (1 + odds))


def test_predictive_values_at_the_data_s_own_prevalence():
    line = values({"tn": 45, "fp": 5, "fn": 10, "tp": 40}, 0.5)
    assert line.ppv.value == pytest.approx(40 / 45)
    assert line.npv.value == pytest.approx(45 / 55)


@pytest.mark.parametrize(
    ("counts", "ppv", "npv"),
    [
        ({"tn": 10, "fp": 0, "fn": 0, "tp": 5}, 1.0, 1.0),
        ({"tn": 10, "fp": 0, "fn": 5, "tp": 0}, None, 0.9),
        ({"tn": 0, "fp": 10, "fn": 0, "tp": 5}, 0.1, None),
    ],
)
def test_extreme_counts_keep_honest_intervals(counts, ppv, npv):
    line = values(counts, 0.1)
    for figure, value in ((line.ppv, ppv), (line.npv, npv)):
        assert figure.value == (None if value is None else pytest.approx(value))
        if value is not None:
            assert 0 <= figure.low < figure.high <= 1


def test_the_interval_of_predictive_values_covers():
    draw = np.random.default_rng(2)
    truth = 0.8 * 0.1 / (0.8 * 0.1 + 0.1 * 0.9)
    inside = 0
    for _ in range(300):
        tp, tn = int(draw.binomial(40, 0.8)), int(draw.binomial(60, 0.9))
        counts = {"tn": tn, "fp": 60 - tn, "fn": 40 - tp, "tp": tp}
        line = values(counts, 0.1)
        inside += line.ppv.low <= truth <= line.ppv.high
    assert inside / 300 >= 0.93


def test_thresholds_by_hand():
    rows = {row.threshold: row for row in threshold_table(LABEL, SCORE, chosen=0.3)}
    at_half = rows[0.5]
    assert at_half.precision == pytest.approx(2 / 3)
    assert at_half.recall == pytest.approx(2 / 3)
    assert at_half.flagged == 0.5


def test_the_thresholds_reach_the_scores_and_hold_the_chosen_one():
    score = np.linspace(0.97, 0.99, 50)
    label = (np.arange(50) > 40).astype(np.int8)
    cuts = [row.threshold for row in threshold_table(label, score, chosen=0.984)]
    assert cuts == sorted(set(cuts))
    assert 0.984 in cuts
    assert (cuts[0], cuts[-1]) == (0.05, score[-1])
    assert sum(0.97 <= cut <= 0.99 for cut in cuts) > 15


def test_operating_points_are_chosen_on_validation_and_measured_on_test():
    validation = (np.array([0, 0, 0, 1, 1], np.int8), np.array([0.1, 0.2, 0.6, 0.5, 0.9]))
    points = {
        point.rule: point
        for point in operating_points(validation, (LABEL, SCORE, ROWS), chosen=0.3, confidence=0.95)
    }
    assert list(points) == ["chosen", "half", "youden", "recall_90", "recall_95"]
    # recall 1/2 at 0.9 with specificity 1; recall 1 at 0.5 with specificity 2/3: the latter
    assert points["youden"].threshold == 0.5
    assert points["recall_90"].threshold == 0.5
    assert points["chosen"].recall.value == 1
    assert points["half"].recall.value == pytest.approx(2 / 3)
    assert points["half"].recall.low < 2 / 3 < points["half"].recall.high


def test_without_validation_only_fixed_rules_are_left():
    nothing = (np.zeros(0, np.int8), np.zeros(0))
    points = operating_points(nothing, (LABEL, SCORE, ROWS), chosen=0.3, confidence=0.95)
    assert [point.rule for point in points] == ["chosen", "half"]
