"""From samples to a trained model: preprocessing fitted on the training rows, then the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError
from tomocalc.model.checkpoint import Checkpoint
from tomocalc.model.preprocessing import Preprocessing, fit_preprocessing
from tomocalc.model.recipe import Recipe
from tomocalc.model.sequences import Samples
from tomocalc.model.training import Batch, Row, Trained, train

Rows = NDArray[np.int64]


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
    watched: Rows | None = None,
    checkpoint: Checkpoint | None = None,
    report: Callable[[Row], None] | None = None,
) -> Fit:
    """Fit scaler and imputation on the *training* rows of *samples*, then train.

    The scale is that of the steps of best focus: candidates differ there, and a scale of all
    slices would press these values, the largest ones, into a seventh of its range.
    *validation* and *watched* rows are as `train` takes them; there may be none.

    Raises
    ------
    TomocalcError
        ``E402`` when the training diverges, ``E405`` when it does not fit into the GPU.
    """
    once = samples.first_uses(training)
    preprocessing = fit_preprocessing(
        samples.x[once],
        samples.at_focus(once),
        features=len(recipe.features),
        scaler=recipe.scaler,
        impute=recipe.impute,
    )

    def batch(rows: Rows | None) -> Batch | None:
        if rows is None or not len(rows):
            return None
        x, mask = samples.x[rows], samples.mask[rows]
        return Batch.of(preprocessing(x, mask), mask, samples.y[rows], device)

    learnt = batch(training)
    assert learnt is not None  # a split without a training part is refused when it is made
    try:
        trained = train(
            shape=recipe.shape,
            settings=recipe.settings,
            training=learnt,
            validation=batch(validation),
            watched=batch(watched),
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
