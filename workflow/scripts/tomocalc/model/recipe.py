"""What a network is trained by: the `model` section of the configuration as checked values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import msgspec
import polars as pl
import torch

from tomocalc.accounts.study import Best, Chosen
from tomocalc.files import digest, file_sha256
from tomocalc.model.card import NetworkShape
from tomocalc.sections import NetworkSection, SequenceSection


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

    @classmethod
    def of(cls, model: NetworkSection) -> Self:
        """Read the training's part of the `model` section."""
        return cls(**{key: model[key] for key in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Recipe:
    """What decides a network beside its samples and the machine.

    Attributes
    ----------
    features
        Columns that the model reads, in order.
    sequence
        Section of the configuration.
    scaler, impute
        As `tomocalc.model.preprocessing.fit_preprocessing` takes them.
    """

    shape: NetworkShape
    settings: TrainingSettings
    features: tuple[str, ...]
    sequence: SequenceSection
    scaler: str
    impute: str
    seed: int

    @classmethod
    def of(
        cls,
        model: NetworkSection,
        *,
        features: Sequence[str],
        sequence: SequenceSection,
        impute: str,
        seed: int,
    ) -> Self:
        """Return the recipe of the sections `model` and `sequence` for these *features*."""
        return cls(
            shape=NetworkShape(
                inputs=1 if sequence["kind"] == "features_as_steps" else len(features),
                units=tuple(model["units"]),
                dropout=model["dropout"],
                members=model["members"],
            ),
            settings=TrainingSettings.of(model),
            features=tuple(features),
            sequence=sequence,
            scaler=model["scaler"],
            impute=impute,
            seed=seed,
        )

    def training(self) -> dict[str, Any]:
        """Return shape and settings as JSON values: everything but how often to save."""
        values = msgspec.structs.asdict(self.shape) | asdict(self.settings)
        del values["checkpoint_every"]
        return values | {"units": list(self.shape.units)}

    def key(self, *, data: Mapping[str, str], device: str, code: str, watch: bool) -> str:
        """Return the digest of everything that decides weights and history.

        A checkpoint under another key is of another training and is not resumed: the one list
        of what invalidates it is this recipe, whole, and the arguments.

        Parameters
        ----------
        data
            As `data_hashes` returns it.
        device
            Type of the device: ``cpu`` or ``cuda``.
        code
            Digest of the sources that train.
        watch
            Whether the test part is scored every epoch.
        """
        settings = replace(self.settings, checkpoint_every=0)
        content = msgspec.to_builtins(replace(self, settings=settings))
        return digest([content, dict(data), device, code, watch, str(torch.__version__)])

    def under(self, protocol: str, *, chosen: str) -> Recipe:
        """Return the same recipe under another *protocol* than the run's, the *chosen* one.

        The paper's protocol has balanced the rows before they are split. Where it is the run's
        and the model therefore balances nothing, another protocol balances in training alone.
        """
        if chosen != "paper" or protocol == "paper" or self.settings.imbalance != "none":
            return self
        return replace(self, settings=replace(self.settings, imbalance="oversample"))


def tuned_values(best: Best, *, tuned_on: pl.DataFrame, splits: pl.DataFrame) -> Chosen | None:
    """Return the values of the `model` section that the tuning chose, or None.

    A single trial is the configured point and has chosen nothing. More trials were scored on rows
    of the splits *tuned_on*; where one of these rows' candidates or patients is in the test part
    of *splits*, the choice knows the answers there, and the configured values have to do.

    Parameters
    ----------
    best
        What ``select_hyperparameters`` wrote.
    tuned_on
        Splits of the run's own protocol, as the tuning read them.
    splits
        Splits of another protocol, on which the model is to be judged.
    """
    if best.trials == 1:
        return best.model
    seen = tuned_on.filter(pl.col("part") != "test")
    test = splits.filter(pl.col("part") == "test")
    named = test.filter(pl.col("patient_id") != "")
    shared = [
        test.join(seen, on=["volume_id", "candidate_id"], how="semi"),
        named.join(seen, on="patient_id", how="semi"),
    ]
    return None if any(len(rows) for rows in shared) else best.model


def data_hashes(candidates: str, splits: str) -> dict[str, str]:
    """Return the SHA-256 of both tables."""
    return {"candidates_sha256": file_sha256(candidates), "splits_sha256": file_sha256(splits)}
