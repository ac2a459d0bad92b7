"""Differences of two models on the same rows, against hand-computed values and definitions."""

import math

import numpy as np
import polars as pl
import pytest

from tomocalc.comparison.figures import protocol_figures
from tomocalc.comparison.paired import accuracy_difference, delong, mcnemar
from tomocalc.evaluation.bootstrap import grouped_bootstrap

LABEL = np.array([1, 1, 0, 0], np.int8)
FIRST = np.array([0.9, 0.6, 0.7, 0.1])
SECOND = np.array([0.2, 0.6, 0.7, 0.1])


def scored(rows=300, seed=0):
    draw = np.random.default_rng(seed)
    label = (draw.random(rows) < 0.3).astype(np.int8)
    weak = draw.normal(label * 0.5, 1)
    return label, weak, weak + 0.3 * draw.normal(label * 2.0, 1)


def test_delong_by_hand():
    # placements of positives (1, ½) and (½, ½), of negatives (½, 1) and (0, 1): both differ by
    # (½, 0), variance ⅛ each over two rows
    found = delong(LABEL, FIRST, SECOND, confidence=0.95)
    assert found.value == pytest.approx(0.25)
    z = 0.25 / math.sqrt(0.125)
    assert found.p == pytest.approx(math.erfc(z / math.sqrt(2)))
    assert found.high - found.value == pytest.approx(1.959964 * math.sqrt(0.125), rel=1e-6)


def test_delong_equals_its_definition():
    label, first, second = scored()
    first = first.round(1)  # ties
    psi = [
        np.where(x[:, None] > y, 1.0, np.where(x[:, None] == y, 0.5, 0.0))
        for x, y in ((s[label == 1], s[label == 0]) for s in (first, second))
    ]
    positives, negatives = (np.cov([matrix.mean(axis=axis) for matrix in psi]) for axis in (1, 0))
    total = positives / len(psi[0]) + negatives / psi[0].shape[1]
    variance = total[0, 0] + total[1, 1] - 2 * total[0, 1]
    found = delong(label, first, second, confidence=0.9)
    assert found.value == pytest.approx(psi[0].mean() - psi[1].mean())
    assert (found.high - found.low) / 2 == pytest.approx(1.644854 * math.sqrt(variance), rel=1e-6)


def test_a_model_beside_itself_does_not_differ():
    label, first, _ = scored()
    assert delong(label, first, first, confidence=0.95).p == 1
    assert delong(LABEL, np.array([2.0, 3, 0, 1]), np.array([0.0, 1, 2, 3]), confidence=0.95).p == 0


@pytest.mark.parametrize(
    ("first", "second", "p"), [(1, 5, 14 / 64), (5, 1, 14 / 64), (3, 3, 1), (0, 0, 1), (0, 3, 0.25)]
)
def test_exact_mcnemar_by_hand(first, second, p):
    assert mcnemar(first, second) == pytest.approx(p)


def test_difference_of_accuracies_by_hand():
    found = accuracy_difference(10, 4, 100, confidence=0.95)
    assert found.value == pytest.approx(0.06)
    centre, reach = 6 / 102, 1.959964 * math.sqrt(15 - 36 / 102) / 102
    assert (found.low, found.high) == pytest.approx((centre - reach, centre + reach), rel=1e-6)
    assert found.p == mcnemar(10, 4)


def test_resamples_of_two_models_are_the_same_rows():
    # a model that is the other one shifted has the same ranking in every resample
    label, first, second = scored()
    group = (np.arange(len(label)) // 7).astype(np.int32)
    drawn = [
        grouped_bootstrap(label, score, group, threshold=0, resamples=50, seed=3)
        for score in (first, first - 9, second)
    ]
    assert np.array_equal(drawn[0]["auroc"], drawn[1]["auroc"])
    paired = (drawn[2]["auroc"] - drawn[0]["auroc"]).std()
    apart = np.hypot(drawn[2]["auroc"].std(), drawn[0]["auroc"].std())
    assert paired < 0.8 * apart


def test_figures_of_one_protocol():
    label, first, second = scored()
    group = (np.arange(len(label)) // 5).astype(np.int32)
    rows = pl.DataFrame({"label": label, "group": group, "lstm": first, "svm": second})
    facts = protocol_figures(
        rows, {"lstm": 0.5, "svm": 0.5}, resamples=100, confidence=0.95, seed=1
    )
    assert "differences" not in facts["lstm"]
    gain = facts["svm"]["differences"]["auroc"]
    assert gain["value"] == pytest.approx(
        facts["svm"]["metrics"]["auroc"]["value"] - facts["lstm"]["metrics"]["auroc"]["value"]
    )
    assert gain["low"] < gain["value"] < gain["high"]
    right = [(score >= 0.5) == (label == 1) for score in (second, first)]
    told = facts["svm"]["differences"]["accuracy"]
    assert told["only_this"] == (right[0] & ~right[1]).sum()
    assert told["only_lstm"] == (right[1] & ~right[0]).sum()


def test_a_test_part_of_one_class_has_counts_only():
    rows = pl.DataFrame({"label": [0, 0], "group": [0, 1], "lstm": [0.1, 0.2]})
    facts = protocol_figures(rows, {"lstm": 0.5}, resamples=100, confidence=0.95, seed=1)
    assert facts == {"lstm": {"n": 2, "positives": 0, "groups": 2}}
