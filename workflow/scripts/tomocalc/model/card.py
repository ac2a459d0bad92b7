"""What a network and a release say of themselves: facts as JSON values."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from tomocalc.metrics import Threshold
from tomocalc.model.fitting import Fit
from tomocalc.model.recipe import Recipe
from tomocalc.model.sequences import Samples
from tomocalc.tables import MEASURED


def network_card(
    *,
    fit: Fit,
    recipe: Recipe,
    samples: Samples,
    threshold: Threshold,
    data: Mapping[str, str],
    run: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the facts of a trained network; *run* are those of the run (protocol, device)."""
    unit = {column.name: column.unit for column in MEASURED}
    counts = {
        part: {
            "samples": int((samples.part == part).sum()),
            "positives": int(samples.y[samples.part == part].sum()),
            "candidates": len(np.unique(samples.candidate[samples.part == part])),
        }
        for part in ("train", "validation")
    }
    return {
        "features": [{"name": name, "unit": unit.get(name, "")} for name in recipe.features],
        "sequence": {"kind": recipe.kind, "slices": recipe.slices},
        "preprocessing": fit.preprocessing.to_json(),
        "shape": {**asdict(recipe.shape), "units": list(recipe.shape.units)},
        "training": recipe.training() | {"seed": recipe.seed},
        "epochs": len(fit.trained.history),
        "best_epoch": fit.trained.best_epoch,
        "threshold": asdict(threshold),
        "calibration": {"prevalence": prevalence(samples, recipe)},
        "data": {**data, **counts},
        "versions": {
            "numpy": np.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        **run,
    }


def prevalence(samples: Samples, recipe: Recipe) -> float:
    """Return the share of calcifications to which the probabilities are calibrated.

    Balancing by weights or by oversampling makes a training as if both classes were equally
    frequent; without it, the share in the training rows (copies included) counts.
    """
    share = float(samples.y[samples.part == "train"].mean())
    balanced = recipe.settings.imbalance in ("oversample", "class_weights")
    return 0.5 if balanced and 0 < share < 1 else share
