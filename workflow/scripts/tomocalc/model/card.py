"""What a released model says of itself."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import torch

from tomocalc.model.fitting import Fit, Recipe, Rows
from tomocalc.model.lstm import Hyperparameters
from tomocalc.model.scores import best_f1_threshold
from tomocalc.model.sequences import Samples
from tomocalc.model.settings import meaning
from tomocalc.tables import FEATURES


def model_card(
    *,
    fit: Fit,
    recipe: Recipe,
    samples: Samples,
    features: list[str],
    sequence: dict[str, Any],
    threshold: dict[str, Any],
    data: dict[str, Any],
    run: dict[str, Any],
) -> dict[str, Any]:
    """Return the facts of a model as JSON values.

    *run* are the facts of the run (protocol, device); *threshold* as `choose_threshold`
    returns it.
    """
    unit = {column.name: column.unit for column in FEATURES}
    counts = {
        part: {
            "samples": int((samples.part == part).sum()),
            "positives": int(samples.y[samples.part == part].sum()),
            "candidates": len(np.unique(samples.candidate[samples.part == part])),
        }
        for part in ("train", "validation")
    }
    return {
        "features": [{"name": name, "unit": unit.get(name, "")} for name in features],
        "sequence": sequence,
        "preprocessing": fit.preprocessing.to_json(),
        "shape": shape_values(recipe.shape),
        "training": meaning(recipe.shape, recipe.settings) | {"seed": recipe.seed},
        "epochs": len(fit.trained.history),
        "best_epoch": fit.trained.best_epoch,
        "threshold": threshold,
        "calibration": {"prevalence": prevalence(samples, recipe)},
        "data": data | counts,
        "versions": {
            "numpy": np.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        **run,
    }


def shape_values(shape: Hyperparameters) -> dict[str, Any]:
    """Return the arguments of `Hyperparameters` as JSON values."""
    return {
        "inputs": shape.inputs,
        "units": list(shape.units),
        "dropout": shape.dropout,
        "members": shape.members,
    }


def prevalence(samples: Samples, recipe: Recipe) -> float:
    """Return the share of calcifications to which the probabilities are calibrated.

    Balancing by weights or by oversampling makes a training as if both classes were equally
    frequent; without it, the share in the training rows (copies included) counts.
    """
    share = float(samples.y[samples.part == "train"].mean())
    balanced = recipe.settings.imbalance in ("oversample", "class_weights")
    return 0.5 if balanced and 0 < share < 1 else share


def choose_threshold(fit: Fit, samples: Samples, rows: Rows, *, rule: str) -> dict[str, Any]:
    """Choose the probability that flags a candidate, on the validation *rows*.

    ``max_f1`` needs both classes there; otherwise, and with ``half``, it is 0.5.
    """
    y = samples.y[rows]
    if rule == "half" or len(np.unique(y)) < 2:
        return {"rule": "half", "value": 0.5, "chosen_on": None}
    return {
        "rule": rule,
        "value": best_f1_threshold(y, fit.probability(samples, rows)),
        "chosen_on": "validation",
    }
