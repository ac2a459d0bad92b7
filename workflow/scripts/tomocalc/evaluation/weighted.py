"""Figures of merit of rows that count more than once, or not at all: many weightings at a time."""

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.figures import Figure, Paired
from tomocalc.evaluation.jackknife import Figures, LeftOut, leave_out, mean_of

Floats = NDArray[np.float64]
LOWEST = {"mcc": -1.0}
"""Of figures that do not begin at 0."""
PAIRED = ("average_precision", "auroc")
"""Figures in which two models are compared."""
WITHIN = "auroc_within"
"""The AUROC of rows beside rows of the same group."""


def figures_left_out(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    group: NDArray[np.int32],
    *,
    threshold: float,
) -> LeftOut:
    """Return AUROC, average precision, Brier score and the figures at a threshold.

    Of all rows, and without each group: see `tomocalc.evaluation.jackknife`.

    Parameters
    ----------
    label, score, group
        Truth (0 or 1), probability and patient (or what stands for one) of every row.
    threshold
        Scores from here on are called positive.
    """
    order = np.argsort(-score, kind="stable")
    rows = WeightedRows(label[order] == 1, score[order] >= threshold, score[order])
    shares = {
        "accuracy": np.ones(len(label), bool),
        "precision": rows.called,
        "recall": rows.positive,
        "specificity": ~rows.positive,
    }
    return leave_out(label[order], group[order], rows.figures, shares)


def figures_of_merit(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    group: NDArray[np.int32],
    *,
    threshold: float,
    confidence: float,
) -> dict[str, Figure]:
    """Return every figure with its value, interval (low, high) and the interval's method.

    All have the same construction: `tomocalc.evaluation.jackknife`.
    """
    found = figures_left_out(label, score, group, threshold=threshold)
    return {
        name: found.figure(name, confidence, lowest=LOWEST.get(name, 0.0)) for name in found.values
    }


def paired_figures(
    label: NDArray[np.int8],
    scores: tuple[NDArray[np.float64], NDArray[np.float64]],
    group: NDArray[np.int32],
    *,
    confidence: float,
) -> dict[str, Paired]:
    """Return the figures of two models on the same rows, and of the first's lead.

    The same group is left out of both models at a time, so that the interval and the p-value of
    the lead are those of a paired comparison. Where both were trained several times the figures
    are means over the trainings, and how much the lead differs between them adds to its error.

    Parameters
    ----------
    scores
        Of each model (row,) or (training, row).
    """
    trained = [
        [figures_left_out(label, line, group, threshold=0.5) for line in np.atleast_2d(score)]
        for score in scores
    ]
    one, other = map(mean_of, trained)

    def by_chance(name: str) -> list[tuple[float, float]]:
        leads = [a.values[name] - b.values[name] for a, b in zip(*trained, strict=True)]
        few = len(leads) - 1
        return [(float(np.var(leads, ddof=1)) / len(leads), few)] if few else []

    return {
        name: Paired(
            one=one.figure(name, confidence),
            other=other.figure(name, confidence),
            lead=one.lead_over(other, name, confidence, *by_chance(name)),
        )
        for name in PAIRED
    }


def within_groups_left_out(
    label: NDArray[np.int8],
    score: NDArray[np.float64],
    group: NDArray[np.int32],
    block: NDArray[np.integer],
) -> tuple[LeftOut, NDArray[np.integer]]:
    """Return the AUROC within groups, without each block as well, and which blocks these are.

    Of every positive row the share of the negative rows of its own group that score lower, ties
    counted half; the mean over positive rows. What raises or lowers all scores of a patient does
    not touch it. Source: van Oirbeek and Lesaffre, Stat. Med. 29 (2010) 3160.

    Parameters
    ----------
    label, score, group
        Truth (0 or 1), score and patient of every row.
    block
        What is left out at a time: patients, or sets of them.
    """
    keys = np.stack([group.astype(np.float64), score])
    _, tie = np.unique(keys, axis=1, return_inverse=True)
    negatives = np.bincount(tie, weights=label == 0)  # of each tie, in order of group and score
    upto = np.cumsum(negatives)
    _, member = np.unique(group, return_inverse=True)
    of_group = np.bincount(member, weights=label == 0)
    before_group = np.cumsum(of_group) - of_group
    # negatives of the own group up to the tie, less half of those in it
    lower = upto[tie] - negatives[tie] / 2 - before_group[member]
    asked = (label == 1) & (of_group[member] > 0)
    blocks, place = np.unique(block[asked], return_inverse=True)
    share = lower[asked] / of_group[member][asked]
    total, rows = np.bincount(place, weights=share), np.bincount(place)
    values = {WITHIN: float(share.mean()) if len(share) else np.nan}
    without = (total.sum() - total) / np.maximum(rows.sum() - rows, 1)
    return LeftOut(values, {WITHIN: without}, np.ones(len(blocks), bool)), blocks


def rarer_groups(label: NDArray[np.int8], group: NDArray[np.int32]) -> int:
    """Return how many groups hold a row of the class that fewer of them hold."""
    return min(len(np.unique(group[label == kind])) for kind in (0, 1))


class WeightedRows:
    """Rows in the order of falling scores, ready to be weighted by their multiplicity."""

    def __init__(
        self,
        positive: NDArray[np.bool_],
        called: NDArray[np.bool_],
        score: Floats,
    ) -> None:
        self.positive, self.called = positive, called
        self.squared = (score - positive) ** 2
        last_of_tie = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
        self.positives = np.flatnonzero(positive)
        tie = np.searchsorted(last_of_tie, self.positives)
        ties, self.first_positive = np.unique(tie, return_index=True)
        self.end = last_of_tie[ties]
        self.start = np.append(-1, last_of_tie)[ties]

    def figures(self, weight: Floats) -> Figures:
        """Return all figures; *weight* is (line, row)."""
        return self.ranking(weight) | self.at_threshold(weight)

    def ranking(self, weight: Floats) -> dict[str, Floats]:
        """Return AUROC, average precision and Brier score; *weight* is (line, row).

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

    def at_threshold(self, weight: Floats) -> dict[str, Floats]:
        """Return what depends on the threshold; *weight* is (line, row)."""
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
