"""Whether a classifier can tell calcifications of two kinds apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tomocalc.accounts.insertion import InsertedObject

SIDE = 16
"""Half the side of what the classifier sees of a calcification, in pixels."""


def described(pixels: NDArray[Any], objects: Sequence[InsertedObject]) -> list[NDArray[Any]]:
    """Describe every calcification by what its blur and its contrast would show.

    Peak and mean on seven slices around its best focus, and on five of them the profiles along and
    across the tube's motion, all less the median around it. The classifier is told what was to be
    seen, too: peak and mean over the contrast that the plan names, and the diameter.
    """
    beside = ((3, 3), (SIDE, SIDE), (SIDE, SIDE))
    padded = np.pad(pixels.astype(np.float32), beside, "reflect")
    found = []
    for one in objects:
        y, x = round(one.y), round(one.x)
        part = padded[one.slice : one.slice + 7, y : y + 2 * SIDE + 1, x : x + 2 * SIDE + 1]
        part = (part - np.median(part, axis=(1, 2), keepdims=True)) / 100
        middle = part[:, SIDE - 1 : SIDE + 2, SIDE - 1 : SIDE + 2]
        along = part[1:6, :, SIDE - 1 : SIDE + 2].mean(axis=2)
        across = part[1:6, SIDE - 1 : SIDE + 2].mean(axis=1)
        wide = along[:, 1:].reshape(5, -1, 2).mean(axis=2)  # two rows each
        peaks = middle.max(axis=(1, 2))
        wanted = [peaks[3] / one.contrast, middle[3].mean() / one.contrast, one.diameter_mm]
        values = (peaks, middle.mean(axis=(1, 2)), wide, across[:, 10:23], np.array(wanted))
        found.append(np.concatenate([value.ravel() for value in values]))
    return found


def cross_validated(x: NDArray[Any], y: NDArray[Any], group: NDArray[Any]) -> float:
    """Return the AUROC of boosted trees and a linear model, averaged, volumes held together."""
    scores = np.zeros(len(y))
    for fold in range(5):
        test = group % 5 == fold
        models = (
            HistGradientBoostingClassifier(random_state=0, max_iter=200, learning_rate=0.05),
            make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=2000)),
        )
        for model in models:
            found = model.fit(x[~test], y[~test]).predict_proba(x[test])[:, 1]
            scores[test] += np.log(found / (1 - found))
    return float(roc_auc_score(y, scores))
