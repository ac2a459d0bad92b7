"""From samples to a trained model: preprocessing fitted on the training rows, then the loop."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tomocalc.errors import fault
from tomocalc.metrics import Threshold
from tomocalc.model.card import Calibration, Device, ModelCard, PartRows, ReadColumn, TrainedOn
from tomocalc.model.preprocessing import Preprocessing, fit_preprocessing
from tomocalc.model.recipe import Recipe
from tomocalc.model.sequences import Samples
from tomocalc.model.training import Batch, Checkpoint, Row, Trained, train
from tomocalc.sections import ClustersSection
from tomocalc.tables import MEASURED, READER

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
        where = f"batch of {recipe.settings.batch_size}, {recipe.shape.members} members"
        raise fault("gpu_memory_exhausted", where, str(error).partition(". ")[0]) from error
    return Fit(trained, preprocessing)


def network_card(
    *,
    fit: Fit,
    recipe: Recipe,
    samples: Samples,
    threshold: Threshold,
    data: Mapping[str, str],
    protocol: str,
    tuned: Sequence[str],
    trials: int,
    clusters: ClustersSection | None,
    device: Device,
) -> ModelCard:
    """Return the card of a trained network.

    Parameters
    ----------
    data
        As `tomocalc.model.recipe.data_hashes` returns it.
    protocol, tuned, trials, clusters, device
        As the card has them.
    """
    unit = {column.name: column.unit for column in MEASURED + READER}
    train, validation = (_part_rows(samples, part) for part in ("train", "validation"))
    return ModelCard(
        features=tuple(ReadColumn(name=name, unit=unit.get(name, "")) for name in recipe.features),
        sequence=recipe.sequence,
        preprocessing=fit.preprocessing,
        shape=recipe.shape,
        training=recipe.training() | {"seed": recipe.seed},
        epochs=len(fit.trained.history),
        best_epoch=fit.trained.best_epoch,
        threshold=threshold,
        calibration=Calibration(prevalence=prevalence(samples, recipe)),
        data=TrainedOn(**data, train=train, validation=validation),
        versions={
            "numpy": np.__version__,
            "python": platform.python_version(),
            "torch": str(torch.__version__),
        },
        protocol=protocol,
        tuned=tuple(tuned),
        trials=trials,
        clusters=clusters,
        device=device,
    )


def _part_rows(samples: Samples, part: str) -> PartRows:
    inside = samples.part == part
    return PartRows(
        samples=int(inside.sum()),
        positives=int(samples.y[inside].sum()),
        candidates=len(np.unique(samples.candidate[inside])),
    )


def prevalence(samples: Samples, recipe: Recipe) -> float:
    """Return the share of calcifications to which the probabilities are calibrated.

    Balancing by weights or by oversampling makes a training as if both classes were equally
    frequent; without it, the share in the training rows (copies included) counts.
    """
    share = float(samples.y[samples.part == "train"].mean())
    balanced = recipe.settings.imbalance in ("oversample", "class_weights")
    return 0.5 if balanced and 0 < share < 1 else share
