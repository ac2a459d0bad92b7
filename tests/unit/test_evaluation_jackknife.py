"""Intervals by leaving out one patient at a time, against hand-computed values and simulation."""

import math

import numpy as np
import pytest
from scipy.stats import beta, t

from tomocalc.accounts.figures import Method, ends_of
from tomocalc.evaluation import jackknife
from tomocalc.evaluation.intervals import difference, freedom, interval, standard_error
from tomocalc.evaluation.jackknife import blocks, share_of
from tomocalc.evaluation.weighted import figures_left_out
from tomocalc.metrics import auroc, average_precision, confusion, wilson


def test_without_each_patient_equals_measuring_the_others() -> None:
    draw = np.random.default_rng(3)
    label = draw.integers(0, 2, 80).astype(np.int8)
    score = np.round(draw.random(80), 1)
    group = draw.permutation(np.repeat(np.arange(8), 10)).astype(np.int32)
    found = figures_left_out(label, score, group, threshold=0.5)
    for left in range(8):
        rows = group != left
        expected = confusion(label[rows], score[rows], 0.5).figures() | {
            "auroc": auroc(label[rows], score[rows]),
            "average_precision": average_precision(label[rows], score[rows]),
            "brier": float(np.mean((score[rows] - label[rows]) ** 2)),
        }
        assert {name: values[left] for name, values in found.without.items()} == pytest.approx(
            expected
        )


def test_the_error_of_a_mean_is_the_usual_one() -> None:
    values = np.array([1.0, 2.0, 4.0, 9.0])
    without = (values.sum() - values) / 3
    assert standard_error(without) == pytest.approx(values.std(ddof=1) / 2)


def test_a_share_by_hand() -> None:
    # patients with 2 of 2, 1 of 2 and 0 of 2: without each 1/4, 2/4, 3/4; error √(2/3 · 2/16)
    found = share_of(np.array([1, 1, 1, 0, 0, 0], bool), np.array([0, 0, 1, 1, 2, 2]), 0.95)
    trials = (1 / 4) / (2 / 3 * 2 / 16)  # 3 of the 6 rows
    quantile = t.ppf(0.975, 2 * 6 / 3)  # 2 degrees for three patients, twice as many for pairs
    half = (
        quantile
        / (1 + quantile**2 / trials)
        * math.sqrt(1 / (4 * trials) + (quantile / trials) ** 2 / 4)
    )
    assert found.value == 0.5
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half))
    assert found.method is Method.LEFT_OUT


def test_one_row_of_each_patient_is_wilson_of_one_trial_less() -> None:
    found = share_of(np.arange(20) < 13, np.arange(20), 0.95)
    assert (found.low, found.high) == pytest.approx(wilson(13 / 20 * 19, 19))


def test_the_limit_beside_a_single_trial_leaves_room() -> None:
    # 24 of 25 patients: Wilson of 24 trials ends at 0.9924; 1 − (1 − 0.07)^(1/24) from 1 does not
    found = share_of(np.arange(25) < 24, np.arange(25), 0.95)
    exact = beta.ppf(0.93, 24 * 24 / 25 + 1, 24 / 25)
    assert exact > wilson(24 / 25 * 24, 24)[1]
    assert (found.low, found.high) == pytest.approx((wilson(24 / 25 * 24, 24)[0], exact))


def test_balanced_accuracy_is_as_far_off_as_both_its_parts() -> None:
    # 9 of 10 and 6 of 8 patients, apart: no error is shared
    label = np.repeat([1, 0], [10, 8]).astype(np.int8)
    score = np.array([1.0] * 9 + [0.0] + [1.0] * 2 + [0.0] * 6)
    found = figures_left_out(label, score, np.arange(18, dtype=np.int32), threshold=0.5)
    (r, r_low, r_high), (s, s_low, s_high) = (
        ends_of(found.figure(name, 0.95)) for name in ("recall", "specificity")
    )
    balanced = found.figure("balanced_accuracy", 0.95)
    assert balanced.value == pytest.approx((0.9 + 0.75) / 2)
    assert balanced.low == pytest.approx(0.825 - np.hypot(0.9 - r_low, 0.75 - s_low) / 2)
    assert balanced.high == pytest.approx(0.825 + np.hypot(r_high - 0.9, s_high - 0.75) / 2)
    assert (r, s) == pytest.approx((0.9, 0.75))


def test_degrees_of_freedom_by_hand() -> None:
    without = np.array([1.0, -1.0, 0.5, -0.5, 0.0])
    rarer = np.array([True, True, False, False, False])
    # squares 2 with 1 degree, 0.5 with 2 degrees
    assert freedom(without, rarer) == pytest.approx(2.5**2 / (2**2 / 1 + 0.5**2 / 2))
    assert freedom(np.zeros(5), rarer) == 1


def test_what_no_patient_moves_has_one_trial_per_patient() -> None:
    found = interval(1.0, np.ones(8), groups=3, freedom=2, confidence=0.95)
    assert (found.low, found.high) == pytest.approx(wilson(3, 3))
    assert found.method is Method.WILSON
    low = interval(-1.0, -np.ones(8), groups=3, freedom=2, confidence=0.95, lowest=-1.0)
    assert (low.low, low.high) == pytest.approx([2 * limit - 1 for limit in wilson(0, 3)])


def test_one_patient_has_no_interval() -> None:
    label = np.array([1, 1, 0, 0], np.int8)
    found = figures_left_out(label, np.arange(4.0), np.array([0, 0, 1, 2], np.int32), threshold=2)
    assert found.figure("auroc", 0.95).method is Method.NONE
    assert found.lead_over(found, "auroc", 0.95).p is None
    assert share_of(np.zeros(0, bool), np.zeros(0, int), 0.95).low is None


def test_a_difference_by_hand() -> None:
    found = difference(0.1, 0.05, freedom=10, confidence=0.95)
    assert found.p == pytest.approx(2 * t.sf(2, 10))
    assert (found.low, found.high) == pytest.approx(
        (0.1 - 2.22814 * 0.05, 0.1 + 2.22814 * 0.05), abs=1e-5
    )


def test_many_groups_are_left_out_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jackknife, "MOST", 10)
    group = np.repeat(np.arange(25), 3).astype(np.int32)
    block = blocks(group)
    assert set(block) == set(range(10))
    assert all(len(set(block[group == one])) == 1 for one in range(25))


def test_equal_rows_of_a_patient_say_no_more_than_one() -> None:
    draw = np.random.default_rng(0)
    patient = np.repeat(np.arange(24), 50).astype(np.int32)
    label = (np.arange(24) % 3 == 0).astype(np.int8)[patient]
    score = draw.random(24)[patient]

    def width(group: np.ndarray) -> float:
        found = figures_left_out(label, score, group, threshold=0.5).figure("auroc", 0.95)
        return (found.high or 0) - (found.low or 0)

    assert width(patient) > 3 * width(np.arange(len(patient), dtype=np.int32))


def test_intervals_cover_where_patients_differ() -> None:
    # recall of 12 patients with an effect of their own; Wilson's of the rows covers about 70 %
    draw = np.random.default_rng(1)
    truth = float(
        np.mean(1 / (1 + np.exp(-(1 + 1.2 * np.random.default_rng(2).normal(size=10**6)))))
    )
    covered = []
    for _ in range(400):
        chance = 1 / (1 + np.exp(-(1 + 1.2 * draw.normal(size=12))))
        group = np.repeat(np.arange(12), 8)
        found = share_of(draw.random(96) < chance[group], group, 0.95)
        covered.append(found.low is not None and found.low <= truth <= (found.high or 0))
    assert 0.92 <= np.mean(covered) <= 0.98
