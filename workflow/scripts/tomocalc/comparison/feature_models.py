"""The models that read a candidate's features at best focus: how they are built, and searched."""

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from xgboost import XGBClassifier

from tomocalc.comparison.combined import Stacking, Voting

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One of several values, each equally likely."""

    values: Sequence[Any]

    def draw(self, generator: np.random.Generator) -> Any:
        """Return one of the values."""
        return self.values[int(generator.integers(len(self.values)))]


@dataclass(frozen=True)
class Range:
    """A number between two ends, uniform, or uniform in its logarithm; whole if both ends are."""

    low: float
    high: float
    log: bool = False

    def draw(self, generator: np.random.Generator) -> Any:
        """Return a number of the range, with six significant digits."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return int(generator.integers(self.low, self.high + 1))
        if self.log:
            value = math.exp(generator.uniform(math.log(self.low), math.log(self.high)))
        else:
            value = generator.uniform(self.low, self.high)
        return float(f"{value:.6g}")


Space = Mapping[str, Choice | Range]


def draw_trials(
    key: str, *, space: Space, default: Parameters, trials: int, seed: int
) -> list[Parameters]:
    """Return the parameters of every trial: the defaults first, then random draws.

    A model without anything to choose has one trial. Raising *trials* keeps the earlier ones.

    Parameters
    ----------
    key
        Name of the model; models draw from random streams of their own.
    """
    generator = np.random.default_rng([seed, zlib.crc32(key.encode())])
    drawn = [dict(default)]
    while space and len(drawn) < trials:
        drawn.append(
            dict(default) | {name: kind.draw(generator) for name, kind in sorted(space.items())}
        )
    return drawn


TREES = 200
"""Trees of a forest in the final fit; a trial grows a fifth of them."""
MOST_TRIED = 40
"""Columns of which a split of a forest tries its share; of 150 it would cost a forest a minute."""
EPOCHS = 40
"""Most passes of the multilayer perceptron through the training part."""
SCALERS = Choice(("standard", "quantile"))
WEIGHTS = Choice((None, "balanced"))


@dataclass(frozen=True)
class FeatureModel:
    """One of the compared models.

    Attributes
    ----------
    build
        Returns the untrained classifier for parameters, seed and size (1 for the final fit,
        less in a trial); every classifier works on one thread, so that its result does not
        depend on how many there are.
    default
        Parameters of the first trial: the library's own, where it has them. ``scaler`` says
        how the features are scaled before.
    space
        What the other trials choose from.
    """

    build: Callable[[Parameters, int, float], Any]
    default: Parameters
    space: Space = field(default_factory=dict)


def scores(classifier: Any, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the score of a calcification, between 0 and 1, for x (row, feature).

    The machine with support vectors has no probability; its signed distance goes through the
    logistic function, so that its own decision lies at 0.5.
    """
    if isinstance(classifier, SVC):
        return expit(classifier.decision_function(x))
    return classifier.predict_proba(x)[:, 1].astype(np.float64)


def _logistic(parameters: Parameters, _seed: int, _size: float) -> Any:
    return LogisticRegression(
        C=parameters["C"], class_weight=parameters["class_weight"], max_iter=1000
    )


def _nearest(_parameters: Parameters, _seed: int, _size: float) -> Any:
    return KNeighborsClassifier(n_neighbors=1, algorithm="kd_tree")


def _svm(parameters: Parameters, _seed: int, _size: float) -> Any:
    return SVC(
        C=parameters["C"],
        gamma=parameters["gamma"],
        class_weight=parameters["class_weight"],
        cache_size=500,
    )


def _forest(kind: type) -> Callable[[Parameters, int, float], Any]:
    def build(parameters: Parameters, seed: int, size: float) -> Any:
        return kind(
            n_estimators=round(TREES * size),
            max_features=parameters["max_features"],
            min_samples_leaf=parameters["min_samples_leaf"],
            class_weight=parameters["class_weight"],
            random_state=seed,
            n_jobs=1,
        )

    return build


def _xgboost(parameters: Parameters, seed: int, _size: float) -> Any:
    names = ("n_estimators", "learning_rate", "max_depth", "subsample", "colsample_bytree")
    return XGBClassifier(
        **{name: parameters[name] for name in names},
        reg_lambda=parameters["reg_lambda"],
        tree_method="hist",
        random_state=seed,
        n_jobs=1,
    )


def limited(classifier: Any, columns: int) -> Any:
    """Return *classifier*, whose splits try a share of at most `MOST_TRIED` of the *columns*."""
    if isinstance(classifier, RandomForestClassifier | ExtraTreesClassifier):
        share = cast("float | str | None", classifier.max_features)
        if isinstance(share, float) and columns > MOST_TRIED:
            classifier.set_params(max_features=share * MOST_TRIED / columns)
    return classifier


def _combined(kind: str, names: tuple[str, ...]) -> Callable[[Parameters, int, float], Any]:
    """Return what builds the models *names* with their defaults and combines them."""

    def build(_parameters: Parameters, seed: int, size: float) -> Any:
        models = [FEATURE_MODELS[name] for name in names]
        parts = [model.build(model.default, seed, size) for model in models]
        return Voting(parts, scores) if kind == "voting" else Stacking(parts, scores, seed)

    return build


def _perceptron(parameters: Parameters, seed: int, _size: float) -> Any:
    return MLPClassifier(
        hidden_layer_sizes=tuple(parameters["units"]),
        alpha=parameters["alpha"],
        learning_rate_init=parameters["learning_rate"],
        max_iter=EPOCHS,
        random_state=seed,
    )


FOREST_SPACE: Space = {
    "max_features": Choice((0.2, 0.35, 0.5, 0.75, 1.0)),
    "min_samples_leaf": Choice((1, 2, 3, 5, 8)),
    "class_weight": WEIGHTS,
}
FOREST_DEFAULT: Parameters = {
    "scaler": "standard",
    "max_features": "sqrt",
    "min_samples_leaf": 1,
    "class_weight": None,
}

FEATURE_MODELS: dict[str, FeatureModel] = {
    "nearest_neighbour": FeatureModel(_nearest, {"scaler": "standard"}),
    "logistic_regression": FeatureModel(
        _logistic,
        {"scaler": "standard", "C": 1.0, "class_weight": None},
        {"scaler": SCALERS, "C": Range(1e-3, 1e3, log=True), "class_weight": WEIGHTS},
    ),
    "svm": FeatureModel(
        _svm,
        {"scaler": "standard", "C": 1.0, "gamma": "scale", "class_weight": None},
        {
            "scaler": SCALERS,
            "C": Range(0.1, 100.0, log=True),
            "gamma": Range(0.01, 2.0, log=True),
            "class_weight": WEIGHTS,
        },
    ),
    "ann": FeatureModel(
        _perceptron,
        {"scaler": "standard", "units": [100], "alpha": 1e-4, "learning_rate": 1e-3},
        {
            "scaler": SCALERS,
            "units": Choice(([32], [64], [64, 32], [128, 64])),
            "alpha": Range(1e-5, 1e-1, log=True),
            "learning_rate": Range(5e-4, 1e-2, log=True),
        },
    ),
    "random_forest": FeatureModel(_forest(RandomForestClassifier), FOREST_DEFAULT, FOREST_SPACE),
    "extra_trees": FeatureModel(_forest(ExtraTreesClassifier), FOREST_DEFAULT, FOREST_SPACE),
    "xgboost": FeatureModel(
        _xgboost,
        {
            "scaler": "standard",
            "n_estimators": 100,
            "learning_rate": 0.3,
            "max_depth": 6,
            "subsample": 1.0,
            "colsample_bytree": 1.0,
            "reg_lambda": 1.0,
        },
        {
            "n_estimators": Choice((100, 200, 400)),
            "learning_rate": Range(0.01, 0.3, log=True),
            "max_depth": Range(2, 8),
            "subsample": Range(0.5, 1.0),
            "colsample_bytree": Range(0.5, 1.0),
            "reg_lambda": Range(0.1, 10.0, log=True),
        },
    ),
    "voting": FeatureModel(
        _combined("voting", ("svm", "random_forest", "ann")), {"scaler": "standard"}
    ),
    "stacking": FeatureModel(
        _combined("stacking", ("svm", "random_forest", "xgboost")), {"scaler": "standard"}
    ),
}
"""Every model by its key, the leak probe first."""
