"""Intervals of figures of merit by resampling whole patients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tomocalc.intervals import wilson

SHARES = frozenset({"auroc", "average_precision", "f1", "accuracy", "balanced_accuracy"})
"""Resampled figures between 0 and 1, where 1 is perfect."""

CHUNK = 5_000_000
"""Weights held at once (resamples × rows)."""


def grouped_bootstrap(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    group: NDArray[np.int32],
    *,
    threshold: float,
    resamples: int,
    seed: int,
) -> dict[str, NDArray[np.float64]]:
    """Return ranking and threshold metrics and the proportions of every resample.

    Groups (patients) are drawn with replacement and take all their rows with them, because
    rows of one patient are not independent. Resamples without both classes are left out.

    Parameters
    ----------
    label, score, group
        One value per row.
    threshold
        Scores from here on are called positive.
    """
    order = np.argsort(-score, kind="stable")
    positive, score = label[order] == 1, score[order]
    _, member = np.unique(group[order], return_inverse=True)
    groups = int(member.max()) + 1
    rows = _Rows(positive, score >= threshold, score)
    generator = np.random.default_rng(seed)
    at_once = max(1, CHUNK // len(score))
    parts = []
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        drawn = draw_groups(generator, groups, size)
        weight = drawn[:, member].astype(np.float64)  # (resample, row)
        usable = (weight @ positive > 0) & (weight @ ~positive > 0)
        parts.append(rows.ranking(weight[usable]) | rows.at_threshold(weight[usable]))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def draw_groups(generator: np.random.Generator, groups: int, resamples: int) -> NDArray[np.int64]:
    """Return how often each group is drawn in each resample, (resample, group).

    A resample draws as many groups as there are, with replacement.
    """
    drawn = generator.integers(groups, size=(resamples, groups))
    drawn += np.arange(resamples)[:, None] * groups
    counts = np.bincount(drawn.ravel(), minlength=resamples * groups)
    return counts.reshape(resamples, groups)


class _Rows:
    """Rows in the order of falling scores, ready to be weighted by their multiplicity."""

    def __init__(
        self,
        positive: NDArray[np.bool_],
        called: NDArray[np.bool_],
        score: NDArray[np.float64],
    ) -> None:
        self.positive, self.called = positive, called
        self.squared = (score - positive) ** 2
        last_of_tie = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
        self.positives = np.flatnonzero(positive)
        tie = np.searchsorted(last_of_tie, self.positives)
        ties, self.first_positive = np.unique(tie, return_index=True)
        self.end = last_of_tie[ties]
        self.start = np.append(-1, last_of_tie)[ties]

    def ranking(self, weight: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return AUROC, average precision and Brier score; *weight* is (resample, row).

        Both areas are sums over the scores that positives have, so only the counts at the start
        and the end of those ties are needed.
        """
        count = np.cumsum(weight, axis=1)
        upto = count[:, self.end]
        before = np.where(self.start >= 0, count[:, self.start], 0)
        step_true = np.add.reduceat(weight[:, self.positives], self.first_positive, axis=1)
        true = np.cumsum(step_true, axis=1)
        false, false_before = upto - true, before - (true - step_true)
        all_true, total = true[:, -1], count[:, -1]
        all_false = total - all_true
        below = all_false[:, None] - (false + false_before) / 2
        precision = np.divide(true, upto, out=np.zeros_like(true), where=upto > 0)
        return {
            "auroc": (step_true * below).sum(axis=1) / (all_true * all_false),
            "average_precision": (step_true * precision).sum(axis=1) / all_true,
            "brier": weight @ self.squared / total,
        }

    def at_threshold(self, weight: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return what depends on the threshold; *weight* is (resample, row)."""
        tp = weight @ (self.positive & self.called)
        fp = weight @ (~self.positive & self.called)
        fn = weight @ (self.positive & ~self.called)
        tn = weight @ (~self.positive & ~self.called)
        called = tp + fp
        spread = np.sqrt(called * (tp + fn) * (tn + fp) * (tn + fn))
        return {
            "accuracy": (tp + tn) / (called + fn + tn),
            "precision": np.divide(tp, called, out=np.zeros_like(tp), where=called > 0),
            "recall": tp / (tp + fn),
            "specificity": tn / (tn + fp),
            "f1": 2 * tp / (2 * tp + fp + fn),
            "balanced_accuracy": (tp / (tp + fn) + tn / (tn + fp)) / 2,
            "mcc": np.divide(tp * tn - fp * fn, spread, out=np.zeros_like(tp), where=spread > 0),
        }


def percentile_interval(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """Return the central percentile interval of bootstrap *values*."""
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def rarer_groups(label: NDArray[np.int8], group: NDArray[np.int32]) -> int:
    """Return how many groups hold a row of the class that fewer of them hold."""
    return min(len(np.unique(group[label == kind])) for kind in (0, 1))


def figure_interval(
    name: str, value: float, drawn: NDArray[np.float64], trials: int, confidence: float
) -> tuple[float, float, bool]:
    """Return the interval of the figure *name*, and whether `share_interval` had to bound it.

    Parameters
    ----------
    value
        Of all rows.
    drawn
        Of every resample.
    trials
        Groups of the rarer class, see `rarer_groups`.
    """
    low, high = percentile_interval(drawn, confidence)
    if name in SHARES and (low == high or value in (0.0, 1.0)):
        return *share_interval(drawn, value, trials, confidence), True
    return low, high, False


def resampled_figure(
    name: str, value: float, drawn: NDArray[np.float64], trials: int, confidence: float
) -> dict[str, float]:
    """Return the figure *name* as value, low and high; parameters as of `figure_interval`."""
    low, high, _ = figure_interval(name, value, drawn, trials, confidence)
    return {"value": value, "low": low, "high": high}


def share_interval(
    drawn: NDArray[np.float64], share: float, trials: int, confidence: float
) -> tuple[float, float]:
    """Return the percentile interval of *drawn* values of a figure between 0 and 1.

    Where the figure is 0 or 1, as when all of few findings are found, or where every resample
    agrees, resampling says little of what more data would bring; the interval then reaches as
    far as Wilson's of that *share* of *trials*.
    """
    low, high = percentile_interval(drawn, confidence)
    if low == high or share in (0.0, 1.0):
        least, most = wilson(round(share * trials), trials, confidence)
        return min(low, least), max(high, most)
    return low, high
