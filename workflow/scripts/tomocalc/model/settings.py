"""How a model is trained: the `model` section of the configuration as checked values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tomocalc.model.lstm import Hyperparameters


@dataclass(frozen=True)
class TrainingSettings:
    """Everything of a training but its data, its seed and the shape of the model.

    Attributes
    ----------
    learning_rate
        Of Adam; the peak of the ``one_cycle`` schedule.
    schedule
        ``constant`` (paper) or ``one_cycle``.
    weight_decay
        Decoupled, per step and unit of learning rate (AdamW); 0 is plain Adam.
    batch_size
        Samples per step.
    epochs
        Most passes through the training part.
    patience
        Epochs without a better validation score before the training stops with the best
        weights; 0 trains every epoch and keeps the last weights.
    monitor
        Validation score that is watched: ``loss``, ``average_precision``, ``auroc``,
        ``accuracy``.
    imbalance
        ``none``, ``oversample``, ``class_weights`` or ``focal``.
    precision
        ``float32``, ``tf32`` or ``bf16``, of CUDA devices.
    checkpoint_every
        Epochs between two checkpoints.
    """

    learning_rate: float
    schedule: str
    weight_decay: float
    batch_size: int
    epochs: int
    patience: int
    monitor: str
    imbalance: str
    precision: str
    checkpoint_every: int


SETTINGS = tuple(TrainingSettings.__dataclass_fields__)


def training_settings(model: Mapping[str, Any]) -> TrainingSettings:
    """Read the training's part of the `model` section."""
    return TrainingSettings(**{key: model[key] for key in SETTINGS})


def model_shape(model: Mapping[str, Any], *, inputs: int) -> Hyperparameters:
    """Read the shape's part of the `model` section."""
    return Hyperparameters(
        inputs=inputs,
        units=tuple(model["units"]),
        dropout=model["dropout"],
        members=model["members"],
    )


def meaning(shape: Hyperparameters, settings: TrainingSettings) -> dict[str, Any]:
    """Return what decides the weights, as JSON values: everything but how often to save."""
    values = asdict(shape) | asdict(settings)
    del values["checkpoint_every"]
    return values | {"units": list(shape.units)}
