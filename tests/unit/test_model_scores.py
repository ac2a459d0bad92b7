"""Scores against scikit-learn's, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from tomocalc.metrics import accuracy, auroc, average_precision, best_f1_threshold, score


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("levels", [3, 10, 10**9])
def test_scores_equal_those_of_scikit_learn(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    y = (rng.random(200) < 0.2).astype(float)
    y[:2] = 0, 1
    p = np.round(rng.random(200) * levels) / levels
    assert auroc(y, p) == pytest.approx(roc_auc_score(y, p))
    assert average_precision(y, p) == pytest.approx(average_precision_score(y, p))
    best = max(f1_score(y, p >= t) for t in np.unique(p))
    assert f1_score(y, p >= best_f1_threshold(y, p)) == pytest.approx(best)


def test_by_hand() -> None:
    y, p = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.6, 0.9])
    assert accuracy(y, p) == 0.75
    assert auroc(y, p) == 3.5 / 4
    assert average_precision(y, p) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert best_f1_threshold(y, p) == pytest.approx(0.35)
    assert score("accuracy", y, p) == 0.75


def test_one_class_has_no_ranking() -> None:
    for name in (auroc, average_precision, best_f1_threshold):
        with pytest.raises(ValueError, match="both classes"):
            name(np.ones(3), np.ones(3))
