"""Grow trees that read depth: extremely randomised ones and boosted ones, written as arrays."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier

from tomocalc.model.forest import Forest, Trees

AVERAGED = {"n_estimators": 300, "max_features": 1.0}
BOOSTED = {
    "n_estimators": 400,
    "learning_rate": 0.03,
    "max_depth": 4,
    "subsample": 0.7,
    "colsample_bytree": 0.7,
}
"""Fixed, not tuned: chosen on the table of the paper and on the demo (benchmarks/woods.md)."""


def grow(x: NDArray[np.float32], y: NDArray[np.float32], *, seed: int) -> Trees:
    """Grow both kinds of trees on x (row, column) with labels y (row,).

    One thread: the same arguments give the same trees.
    """
    with threadpool_limits(limits=1):
        averaged = ExtraTreesClassifier(**AVERAGED, random_state=seed, n_jobs=1).fit(x, y)
        boosted = XGBClassifier(**BOOSTED, tree_method="hist", random_state=seed, n_jobs=1)
        boosted.fit(x, y)
    base, forest = _boosted(boosted)
    return Trees(_averaged(averaged), forest, base)


def _averaged(model: ExtraTreesClassifier) -> Forest:
    parts = []
    for estimator in model.estimators_:
        tree: Any = estimator.tree_
        leaf = tree.children_left < 0
        counts = tree.value[:, 0, :]  # (node, class), shares or counts
        parts.append(
            (
                np.where(leaf, -1, tree.feature),
                _strictly_below(tree.threshold),
                tree.children_left,
                tree.children_right,
                counts[:, 1] / counts.sum(axis=1),
            )
        )
    return _joined(parts)


def _strictly_below(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return t' for which x < t' says of every float32 x what x ≤ t says."""
    nearest = threshold.astype(np.float32)
    low = np.where(nearest > threshold, np.nextafter(nearest, np.float32(-np.inf)), nearest)
    return np.nextafter(low, np.float32(np.inf))


def _boosted(model: XGBClassifier) -> tuple[float, Forest]:
    """Return the log-odds that the trees are added to, and the trees."""
    content = json.loads(model.get_booster().save_raw(raw_format="json"))["learner"]
    share = float(content["learner_model_param"]["base_score"].strip("[]"))
    parts = []
    for tree in content["gradient_booster"]["model"]["trees"]:
        left, condition = np.array(tree["left_children"]), np.array(tree["split_conditions"])
        leaf = left < 0
        parts.append(
            (
                np.where(leaf, -1, tree["split_indices"]),
                condition,
                left,
                np.array(tree["right_children"]),
                np.where(leaf, condition, 0.0),
            )
        )
    return float(np.log(share / (1 - share))), _joined(parts)


def _joined(parts: list[tuple[NDArray[Any], ...]]) -> Forest:
    """Put the nodes of all trees one after the other."""
    sizes = [len(part[0]) for part in parts]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    feature, threshold, left, right, value = (
        np.concatenate(one) for one in zip(*parts, strict=True)
    )
    shift = np.repeat(roots, sizes)
    inner = feature >= 0
    return Forest(
        feature=feature.astype(np.int32),
        threshold=threshold.astype(np.float32),
        left=np.where(inner, left + shift, 0).astype(np.int32),
        right=np.where(inner, right + shift, 0).astype(np.int32),
        value=value.astype(np.float32),
        roots=roots.astype(np.int32),
    )
