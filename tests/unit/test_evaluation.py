"""Figures of merit, against hand-computed values and scikit-learn."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import metrics as reference

from tomocalc.accounts.metrics import Part
from tomocalc.errors import TomocalcError
from tomocalc.evaluation.account import account, precision_recall, roc
from tomocalc.evaluation.weighted import figures_left_out
from tomocalc.metrics import (
    accuracy,
    auroc,
    average_precision,
    best_f1_threshold,
    confusion,
    wilson,
)
from tomocalc.metrics import score as objective

LABEL = np.array([1, 1, 0, 0, 1, 0], dtype=np.int8)
SCORE = np.array([0.9, 0.4, 0.6, 0.2, 0.5, 0.1])
HOW = {"threshold": 0.5, "confidence": 0.95, "seed": 1}


def test_every_point_of_a_curve_has_its_threshold():
    score = SCORE * [1, 1, 1, 1, 1, 0.00477]
    assert roc(LABEL, score).threshold == [None, 0.9, 0.6, 0.4, 0.000477]
    found = precision_recall(LABEL, score)
    assert found.threshold == [0.000477, 0.2, 0.4, 0.5, 0.6, 0.9, None]
    at_half = found.threshold.index(0.5)
    assert (found.recall[at_half], found.precision[at_half]) == (0.666667, 0.666667)


def test_ranking_by_hand():
    # pairs ranked right: 0.9 beats all three, 0.5 and 0.4 beat two each: 7 of 9
    assert auroc(LABEL, SCORE) == pytest.approx(7 / 9)
    # precision at the positives: 1/1, 2/3, 3/4
    assert average_precision(LABEL, SCORE) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    group = np.arange(6, dtype=np.int32)
    brier = figures_left_out(LABEL, SCORE, group, threshold=0.5).values["brier"]
    assert brier == pytest.approx((0.01 + 0.36 + 0.36 + 0.04 + 0.25 + 0.01) / 6)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_interval(successes, trials, low, high):
    assert wilson(successes, trials, 0.95) == pytest.approx((low, high), abs=1e-4)


def test_figures_equal_scikit_learn():
    draw = np.random.default_rng(5)
    for _ in range(100):
        size = int(draw.integers(5, 60))
        label = draw.integers(0, 2, size).astype(np.int8)
        label[:2] = 0, 1
        score = np.round(draw.random(size), int(draw.choice([1, 9])))  # with ties and without
        cut = float(draw.choice([0.3, 0.5, 0.7]))
        called = score >= cut
        ours = confusion(label, score, cut).figures()
        ours |= {"auroc": auroc(label, score), "average_precision": average_precision(label, score)}
        every = [confusion(label, score, at).figures()["f1"] for at in np.unique(score)]
        best = reference.f1_score(label, score >= best_f1_threshold(label, score))
        assert best == pytest.approx(max(every))
        theirs = {
            "accuracy": reference.accuracy_score(label, called),
            "precision": reference.precision_score(label, called, zero_division=0.0),  # pyright: ignore[reportArgumentType]
            "recall": reference.recall_score(label, called),
            "specificity": reference.recall_score(label, called, pos_label=0),
            "f1": reference.f1_score(label, called, zero_division=0.0),  # pyright: ignore[reportArgumentType]
            "balanced_accuracy": reference.balanced_accuracy_score(label, called),
            "mcc": reference.matthews_corrcoef(label, called),
            "auroc": reference.roc_auc_score(label, score),
            "average_precision": reference.average_precision_score(label, score),
        }
        assert ours == pytest.approx(theirs, abs=1e-12)


def test_the_best_threshold_and_the_accuracy_by_hand():
    label, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.6, 0.9])
    assert accuracy(label, score) == objective("accuracy", label, score) == 0.75
    assert best_f1_threshold(label, score) == pytest.approx(0.35)


def test_one_class_has_no_ranking():
    for name in (auroc, average_precision, best_f1_threshold):
        with pytest.raises(ValueError, match="both classes"):
            name(np.ones(3), np.ones(3))


def test_account_is_complete_and_inside_its_intervals():
    draw = np.random.default_rng(1)
    label = (draw.random(400) < 0.2).astype(np.int8)
    score = np.clip(draw.normal(0.3 + 0.3 * label, 0.15), 0, 1)
    facts = account(label, score, np.repeat(np.arange(40), 10), **HOW)
    assert facts.metrics.pop("ece").method == "none"
    for figure in facts.metrics.values():
        assert figure.low < figure.value < figure.high
        assert figure.method == "left_out"
    assert facts.roc.tpr[-1] == 1
    assert sum(row.support for row in facts.report) == 400


def test_a_perfect_figure_has_an_honest_interval():
    # 3 patients with, 5 without: all told apart, but of so few that little is certain
    label = (np.arange(8) < 3).astype(np.int8)
    facts = account(label, np.where(label, 0.8, 0.2), np.arange(8), **HOW)
    for name in ("auroc", "average_precision", "f1"):
        figure = facts.metrics[name]
        assert (figure.value, figure.high) == (1, pytest.approx(1))
        assert figure.low == pytest.approx(wilson(3, 3)[0])
    # half of how far both shares may be off together, each to one side
    balanced = facts.metrics["balanced_accuracy"]
    off = math.hypot(1 - wilson(3, 3, 0.9)[0], 1 - wilson(5, 5, 0.9)[0]) / 2
    assert (balanced.low, balanced.high) == pytest.approx((1 - off, 1))
    for name, patients in {"recall": 3, "precision": 3, "specificity": 5, "accuracy": 8}.items():
        assert facts.metrics[name].low == pytest.approx(wilson(patients, patients)[0])


ROWS = ([1, 0, 1, 0] * 6, [0.9, 0.2, 0.6, 0.7] * 6, [f"P{row % 6}" for row in range(24)])


def shuffled(values):
    """Return a column of pandas whose index says nothing of its order."""
    return pd.Series(values, index=np.random.default_rng(1).permutation(len(values)))


@pytest.mark.parametrize("kind", [tuple, pl.Series, pd.array, shuffled])
def test_columns_of_any_library_are_rows_in_their_order(kind):
    assert account(*map(kind, ROWS), **HOW) == account(*map(np.array, ROWS), **HOW)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        *((0, [one, *ROWS[0][1:]]) for one in (-1, 2, "benign", None, np.nan)),
        *((1, [one, *ROWS[1][1:]]) for one in (-0.1, 1.1, np.nan, None)),
        *((1, one) for one in (np.transpose(2 * [ROWS[1]]), np.ma.masked_less(ROWS[1], 0.5))),
        *((2, [one, *ROWS[2][1:]]) for one in (None, pd.NA)),
        (2, [np.nan, *range(23)]),
        *((place, column[1:]) for place, column in enumerate(ROWS)),
    ],
)
def test_rows_that_cannot_be_evaluated_are_refused(place, wrong):
    label, score, group = (wrong if at == place else rows for at, rows in enumerate(ROWS))
    with pytest.raises(TomocalcError, match=r"E302.*a score from 0 to 1 and a group"):
        account(label, score, group, **HOW)


def test_one_class_gives_counts_only():
    facts = account(np.zeros(4), np.full(4, 0.1), np.arange(4), **HOW)
    assert facts == Part(n=4, positives=0, groups=4, rarer_groups=0, unit="patient")
