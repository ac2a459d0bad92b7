"""Tune, fit and cross-validate one feature model on one split."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from tomocalc.comparison.combined import Stacking, Voting
from tomocalc.comparison.feature_models import (
    FeatureModel,
    Parameters,
    draw_trials,
    limited,
    scores,
)
from tomocalc.errors import fault
from tomocalc.metrics import auroc, average_precision, choose_threshold, confusion, score
from tomocalc.model.preprocessing import fit_preprocessing
from tomocalc.model.sequences import Samples

Rows = NDArray[np.int64]
TRIAL_SIZE = 1 / 5
"""Share of its trees that a forest grows in a trial."""


@dataclass(frozen=True)
class Fitted:
    """A tuned and fitted model: what it chose, and the score of every sample.

    Attributes
    ----------
    value
        Validation score of the best trial; None when there was nothing to choose.
    scores
        Score of a calcification, 0 to 1, for every sample of the split, in its order.
    threshold
        Score from which on a candidate is called a calcification.
    """

    parameters: Parameters
    trials: int
    value: float | None
    scores: NDArray[np.float64]
    threshold: float


@dataclass(frozen=True)
class Data:
    """Samples of a split, one row of features each, how gaps are filled, and each one's group."""

    samples: Samples
    impute: str
    group: NDArray[np.int32]

    def scaled(self, training: Rows, wanted: Rows, *, scaler: str) -> NDArray[np.float64]:
        """Return the features (row, feature) of *wanted*; the scale is that of *training*."""
        once = self.samples.first_uses(training)
        prepare = fit_preprocessing(
            self.samples.x[once],
            self.samples.mask[once],
            features=self.samples.x.shape[-1],
            scaler=scaler,
            impute=self.impute,
        )
        scaled = prepare(self.samples.x[wanted], self.samples.mask[wanted])
        return scaled[:, 0].astype(np.float64)


def tune_and_fit(
    key: str,
    model: FeatureModel,
    data: Data,
    *,
    trials: int,
    objective: str,
    threshold: str,
    seed: int,
) -> Fitted:
    """Choose the parameters on validation rows, fit on part train, score everything.

    Parameters
    ----------
    trials
        Parameter sets tried, the defaults among them.
    objective
        Validation score to maximise: ``average_precision``, ``auroc`` or ``accuracy``.
    threshold
        ``max_f1`` (chosen on part validation, if there is one) or ``half``.
    """
    samples = data.samples
    plan = draw_trials(key, space=model.space, default=model.default, trials=trials, seed=seed)
    values: list[float] = []
    if len(plan) > 1:
        learnt, held = holdout(samples)
        for parameters in plan:
            found = fit_scores(
                model, parameters, data, training=learnt, wanted=held, seed=seed, size=TRIAL_SIZE
            )
            values.append(score(objective, samples.y[held], found))
    best = int(np.argmax(values)) if values else 0
    everything = np.arange(len(samples.y))
    found = fit_scores(
        model,
        plan[best],
        data,
        training=np.flatnonzero(samples.part == "train"),
        wanted=everything,
        seed=seed,
    )
    validation = np.flatnonzero(samples.part == "validation")
    cut = choose_threshold(samples.y[validation], found[validation], rule=threshold).value
    return Fitted(plan[best], len(plan), values[best] if values else None, found, cut)


def holdout(samples: Samples) -> tuple[Rows, Rows]:
    """Return the rows that a trial learns from and those it is scored on.

    The parts train and validation; a split without a validation part lends the first fold of
    its training part. The test part is in neither.

    Raises
    ------
    TomocalcError
        ``E304`` when one of them lacks a class.
    """
    inside = samples.part != "test"
    held = samples.part == "validation"
    if not held.any():
        held = inside & (samples.fold == 0)
    learnt = inside & ~held
    for rows in (learnt, held):
        if len(np.unique(samples.y[rows])) < 2:
            why = "one of them lacks a class"
            raise fault("models_not_tunable", "training and validation part of a split", why)
    return np.flatnonzero(learnt), np.flatnonzero(held)


def fit_scores(
    model: FeatureModel,
    parameters: Parameters,
    data: Data,
    *,
    training: Rows,
    wanted: Rows,
    seed: int,
    size: float = 1.0,
) -> NDArray[np.float64]:
    """Fit on the rows *training* and return the scores of the rows *wanted*."""
    scaler = parameters["scaler"]
    classifier = limited(model.build(parameters, seed, size), data.samples.x.shape[-1])
    # one thread: sums, and so the last digits, would depend on their number
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        # a fixed number of passes is the perceptron's budget, not a fault
        warnings.simplefilter("ignore", ConvergenceWarning)
        x, y = data.scaled(training, training, scaler=scaler), data.samples.y[training]
        if isinstance(classifier, Voting | Stacking):
            classifier.fit(x, y, data.group[training])
        else:
            classifier.fit(x, y)
        return scores(classifier, data.scaled(training, wanted, scaler=scaler))


def cross_validate(
    model: FeatureModel, data: Data, *, folds: int, repeats: int, seed: int
) -> list[dict[str, float]]:
    """Return AUROC, average precision, F1 and accuracy at 0.5 of every fold of every repeat.

    Every candidate is tested once per repeat, with the model's default parameters, which have
    seen no data.
    """
    label = data.samples.y
    cuts = grouped_folds(label, data.group, folds=folds, repeats=repeats, seed=seed)
    figures = []
    for number, (training, test) in enumerate(cuts):
        found = fit_scores(
            model,
            model.default,
            data,
            training=training,
            wanted=test,
            seed=seed + number // folds,  # of the repeat
        )
        figures.append(fold_figures(label[test], found))
    return figures


def grouped_folds(
    label: NDArray[np.float32], group: NDArray[np.int32], *, folds: int, repeats: int, seed: int
) -> Iterator[tuple[Rows, Rows]]:
    """Yield training and test rows of every fold of every repeat.

    No group is on both sides; folds are stratified by whether a group holds a calcification.
    """
    groups, place = np.unique(group, return_inverse=True)
    positive = np.zeros(len(groups), np.float32)
    np.maximum.at(positive, place, label)
    for repeat in range(repeats):
        cutter = StratifiedKFold(folds, shuffle=True, random_state=seed + repeat)
        for _, held in cutter.split(groups, positive):
            wanted = np.isin(place, held)
            yield np.flatnonzero(~wanted), np.flatnonzero(wanted)


def fold_figures(label: NDArray[np.float32], found: NDArray[np.float64]) -> dict[str, float]:
    """Return AUROC, average precision, and F1 and accuracy at 0.5."""
    at_half = confusion(label, found, 0.5).figures()
    return {
        "auroc": auroc(label, found),
        "average_precision": average_precision(label, found),
        "f1": at_half["f1"],
        "accuracy": at_half["accuracy"],
    }


def summary(figures: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return mean and standard deviation over the folds of every figure."""
    return {
        name: {
            "mean": float(np.mean([row[name] for row in figures])),
            "deviation": float(np.std([row[name] for row in figures], ddof=1)),
        }
        for name in (figures[0] if figures else ())
    }
