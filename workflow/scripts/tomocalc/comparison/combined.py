"""Several classifiers as one: their scores averaged, or stacked under a logistic regression."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

Values = NDArray[np.float64]
Score = Callable[[Any, Values], Values]
"""Returns the score, 0 to 1, of rows (row, feature) by a fitted classifier."""
FOLDS = 5
CLIP = 1e-6
"""Scores this close to 0 and 1 are as sure as a stacked score can be."""


class Voting:
    """The mean score of several classifiers ("soft voting")."""

    def __init__(self, parts: Sequence[Any], score: Score) -> None:
        self.parts, self.score = parts, score

    def fit(self, x: Values, y: NDArray[np.float32], group: NDArray[np.int32]) -> None:
        """Fit every part; *group* plays no role."""
        del group
        for part in self.parts:
            part.fit(x, y)

    def predict_proba(self, x: Values) -> Values:
        """Return the probability of both classes, (row, 2)."""
        found = np.mean([self.score(part, x) for part in self.parts], axis=0)
        return np.column_stack([1 - found, found])


class Stacking:
    """A logistic regression on the scores of several classifiers.

    It learns from scores of rows that the classifiers have not seen: those of folds by group, so
    that no patient is on both sides. Where the rarer class has less than two groups there are no
    folds, and the mean log-odds decide.
    """

    def __init__(self, parts: Sequence[Any], score: Score, seed: int) -> None:
        self.parts, self.score, self.seed = parts, score, seed
        self.top: LogisticRegression | None = None

    def fit(self, x: Values, y: NDArray[np.float32], group: NDArray[np.int32]) -> None:
        """Fit the parts on folds, the regression on their scores, then the parts on all rows."""
        folds = min(FOLDS, *(len(np.unique(group[y == kind])) for kind in (0, 1)))
        if folds > 1:
            odds = np.zeros((len(y), len(self.parts)))
            cutter = StratifiedGroupKFold(folds, shuffle=True, random_state=self.seed)
            used = np.zeros(len(y), np.bool_)
            for training, held in cutter.split(x, y, group):
                if len(np.unique(y[training])) < 2:
                    continue
                used[held] = True
                for place, part in enumerate(self.parts):
                    fresh: Any = clone(part)
                    found = self.score(fresh.fit(x[training], y[training]), x[held])
                    odds[held, place] = _log_odds(found)
            if len(np.unique(y[used])) == 2:
                self.top = LogisticRegression().fit(odds[used], y[used])
        for part in self.parts:
            part.fit(x, y)

    def predict_proba(self, x: Values) -> Values:
        """Return the probability of both classes, (row, 2)."""
        odds = np.column_stack([_log_odds(self.score(part, x)) for part in self.parts])
        if self.top is not None:
            return self.top.predict_proba(odds)
        found = 1 / (1 + np.exp(-odds.mean(axis=1)))
        return np.column_stack([1 - found, found])


def _log_odds(found: Values) -> Values:
    return logit(np.clip(found, CLIP, 1 - CLIP))
