"""From samples to a trained model: preprocessing fitted on the training rows, then the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError
from tomocalc.model.checkpoint import Checkpoint
from tomocalc.model.lstm import Hyperparameters
from tomocalc.model.preprocessing import Preprocessing, fit_preprocessing
from tomocalc.model.sequences import Samples
from tomocalc.model.settings import TrainingSettings, model_shape, training_settings
from tomocalc.model.training import Batch, Row, Trained, train

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """What a fit needs beside its samples."""

    shape: Hyperparameters
    settings: TrainingSettings
    features: int
    scaler: str
    impute: str
    seed: int

    @classmethod
    def of(
        cls, model: Mapping[str, Any], samples: Samples, *, features: int, impute: str, seed: int
    ) -> Self:
        """Return the recipe of the `model` section for *samples* of so many *features*."""
        return cls(
            shape=model_shape(model, inputs=samples.x.shape[-1]),
            settings=training_settings(model),
            features=features,
            scaler=model["scaler"],
            impute=impute,
            seed=seed,
        )


@dataclass(frozen=True)
class Fit:
    """A trained model and the preprocessing that feeds it."""

    trained: Trained
    preprocessing: Preprocessing

    def probability(self, samples: Samples, rows: Rows) -> NDArray[np.float64]:
        """Return the probability of a calcification of *rows* of *samples*, (row,)."""
        model, mask = self.trained.model, samples.mask[rows]
        device = next(model.parameters()).device
        x = torch.as_tensor(self.preprocessing(samples.x[rows], mask), device=device)
        last = torch.as_tensor(mask.sum(axis=1) - 1, device=device)
        return model.probability(x, last).cpu().numpy()


def fit(
    samples: Samples,
    *,
    training: Rows,
    validation: Rows,
    recipe: Recipe,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
    report: Callable[[Row], None] | None = None,
) -> Fit:
    """Fit scaler and imputation on the *training* rows of *samples*, then train.

    The scale is that of the steps of best focus: candidates differ there, and a scale of all
    slices would press these values, the largest ones, into a seventh of its range.
    *validation* rows are only watched; there may be none.

    Raises
    ------
    TomocalcError
        ``E402`` when the training diverges, ``E405`` when it does not fit into the GPU.
    """
    once = samples.first_uses(training)
    preprocessing = fit_preprocessing(
        samples.x[once],
        samples.at_focus(once),
        features=recipe.features,
        scaler=recipe.scaler,
        impute=recipe.impute,
    )

    def batch(rows: Rows) -> Batch:
        x, mask = samples.x[rows], samples.mask[rows]
        return Batch.of(preprocessing(x, mask), mask, samples.y[rows], device)

    try:
        trained = train(
            shape=recipe.shape,
            settings=recipe.settings,
            training=batch(training),
            validation=batch(validation) if len(validation) else None,
            seed=recipe.seed,
            checkpoint=checkpoint,
            report=report,
        )
    except torch.OutOfMemoryError as error:
        raise TomocalcError(
            "E405",
            what="the model does not fit into the memory of the GPU",
            where=f"batch of {recipe.settings.batch_size}, {recipe.shape.members} members",
            why=str(error).partition(". ")[0],
            fix="halve model.batch_size or model.members, or use model.device: cpu",
        ) from error
    return Fit(trained, preprocessing)
