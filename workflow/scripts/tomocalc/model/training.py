"""Training: one plain loop over epochs, repeatable and resumable to the bit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tomocalc.errors import fault
from tomocalc.files import write_bytes
from tomocalc.metrics import score
from tomocalc.model.card import NetworkShape
from tomocalc.model.lstm import Ensemble
from tomocalc.model.optimisation import (
    Adam,
    class_weights,
    learning_rate,
    make_step,
    oversampled,
    row_loss,
)
from tomocalc.model.recipe import TrainingSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """A file that holds the state of one training.

    Attributes
    ----------
    path
        The file; absent before the first save.
    key
        `tomocalc.model.recipe.Recipe.key`: a state of another training is not resumed.
    """

    path: Path
    key: str

    def save(self, state: dict[str, Any]) -> None:
        """Replace the file by *state* (tensors, numbers, lists, dictionaries).

        The archive is made in memory, because torch calls a full disk an internal error.
        """
        archive = BytesIO()
        torch.save({"key": self.key} | state, archive)
        write_bytes(self.path, archive.getvalue())

    def load(self) -> dict[str, Any] | None:
        """Return the saved state, or None where there is none for this training.

        A damaged file costs time and no result, so it is reported and left aside.
        """
        if not self.path.exists():
            return None
        try:
            state = torch.load(self.path, weights_only=True, map_location="cpu")
            key = state["key"]
        except Exception as error:  # whatever a damaged archive makes torch raise
            log.warning("checkpoint %s cannot be read (%s): starting over", self.path, error)
            return None
        if key != self.key:
            log.warning(
                "checkpoint %s is of other data, settings or code: starting over", self.path
            )
            return None
        return state

    def remove(self) -> None:
        """Delete the file, once the results are written."""
        self.path.unlink(missing_ok=True)


EXPLODED = 100.0
"""Mean cross-entropy in nats beyond which a training has diverged; a coin costs 0.7."""
METRICS = ("average_precision", "auroc", "accuracy")
Row = dict[str, float | int | None]
COLUMNS = (
    "epoch",
    "learning_rate",
    "loss",
    *(f"{part}_{name}" for part in ("validation", "test") for name in ("loss", *METRICS)),
)
"""Of a `Row`: losses in nats, the learning rate of the last step, scores of the held parts."""


@dataclass(frozen=True)
class Batch:
    """Samples on the device: x (sample, step, feature), last valid step, label."""

    x: Tensor
    last: Tensor
    y: Tensor

    @staticmethod
    def of(
        x: NDArray[np.float32],
        mask: NDArray[np.bool_],
        y: NDArray[np.float32],
        device: torch.device,
    ) -> Batch:
        """Move scaled samples to *device*; the mask's valid steps come first."""
        last = mask.sum(axis=1) - 1
        return Batch(*(torch.as_tensor(value, device=device) for value in (x, last, y)))


@dataclass(frozen=True)
class Trained:
    """A finished training: the model with its chosen weights, and one row per epoch."""

    model: Ensemble
    history: list[Row]
    best_epoch: int


def train(
    *,
    shape: NetworkShape,
    settings: TrainingSettings,
    training: Batch,
    validation: Batch | None,
    watched: Batch | None = None,
    seed: int,
    checkpoint: Checkpoint | None = None,
    report: Callable[[Row], None] | None = None,
) -> Trained:
    """Train on *training*; *validation* may stop the training and choose its weights.

    The same arguments give the same weights, on a CPU for any number of threads and of
    interruptions. *watched* samples (a test part) are scored every epoch and decide nothing:
    with and without them the weights are the same. *report* is called with every epoch's row.

    Raises
    ------
    TomocalcError
        ``E402`` when the loss or a weight stops being finite.
    """
    run = Run(shape, settings, training, seed, state=checkpoint.load() if checkpoint else None)
    rows = oversampled(training.y, settings.imbalance, seed)  # indices into training
    weights = class_weights(training.y, settings.imbalance)  # (2,)
    step = make_step(run.model, run.optimizer, settings, weights)
    per_epoch = -(-len(rows) // settings.batch_size)
    while run.epoch < settings.epochs and not run.exhausted:
        run.model.train()
        order = rows[torch.randperm(len(rows), generator=run.order).to(rows.device)]
        total, rate = torch.zeros((), device=rows.device), 0.0
        for number, batch in enumerate(order.split(settings.batch_size)):
            done = run.epoch * per_epoch + number
            rate = learning_rate(settings, done, per_epoch * settings.epochs)
            total += step(training.x[batch], training.last[batch], training.y[batch], rate)
        run.epoch += 1
        row: Row = {"epoch": run.epoch, "learning_rate": rate, "loss": total.item() / len(rows)}
        for part, held in (("validation", validation), ("test", watched)):
            row |= scored(run.model, part, held, settings.imbalance, weights)
        _need_sound(run.model, row)
        run.remember(row)
        if report:
            report(row)
        if checkpoint and run.epoch % settings.checkpoint_every == 0:
            checkpoint.save(run.state())
    return run.finish()


def scored(
    model: Ensemble, part: str, held: Batch | None, imbalance: str, weights: Tensor
) -> dict[str, float | None]:
    """Score *model* on the samples *held* of a *part*; None where there is nothing to score.

    The loss is the training's own, of the averaged probability.
    """
    row: dict[str, float | None] = dict.fromkeys(
        [f"{part}_loss", *(f"{part}_{name}" for name in METRICS)]
    )
    if held is None:
        return row
    probability = model.probability(held.x, held.last)
    y = held.y.double()
    loss = row_loss(probability.logit(eps=1e-12), y, imbalance) * weights.double()[y.long()]
    row[f"{part}_loss"] = float(loss.mean())
    labels, values = y.cpu().numpy(), probability.cpu().numpy()
    both = 0 < labels.sum() < len(labels)
    for name in METRICS:
        if both or name == "accuracy":
            row[f"{part}_{name}"] = score(name, labels, values)
    return row


class Run:
    """What changes from epoch to epoch, and how it is saved and taken up again."""

    def __init__(
        self,
        shape: NetworkShape,
        settings: TrainingSettings,
        training: Batch,
        seed: int,
        state: dict[str, Any] | None,
    ) -> None:
        self.settings = settings
        self.device = training.x.device
        torch.manual_seed(seed)  # first weights and dropout
        self.order = torch.Generator().manual_seed(seed)  # of the samples in every epoch
        self.model = Ensemble(shape).to(self.device)
        self.optimizer = Adam(self.model.parameters(), weight_decay=settings.weight_decay)
        self.epoch = 0
        self.history: list[Row] = []
        self.best_epoch = 0
        self.best: dict[str, Tensor] | None = None
        if state:
            self._resume(state)

    @property
    def exhausted(self) -> bool:
        """Whether the patience is over."""
        waited = self.epoch - self.best_epoch
        return self.best is not None and 0 < self.settings.patience <= waited

    def remember(self, row: Row) -> None:
        """Add *row* to the history, and keep the weights if they are the best so far."""
        self.history.append(row)
        watched = f"validation_{self.settings.monitor}"
        value = row[watched]
        if self.settings.patience == 0 or value is None:
            return
        past = self.history[self.best_epoch - 1][watched] if self.best_epoch else None
        if past is None or (value < past if self.settings.monitor == "loss" else value > past):
            self.best_epoch = self.epoch
            self.best = {key: value.clone() for key, value in self.model.state_dict().items()}

    def finish(self) -> Trained:
        """Return the model with the best weights, or the last where none are the best."""
        if self.best is not None:
            self.model.load_state_dict(self.best)
        self.model.eval()
        return Trained(self.model, self.history, self.best_epoch or self.epoch)

    def state(self) -> dict[str, Any]:
        """Return everything that the next epoch depends on."""
        return {
            "epoch": self.epoch,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state(),
            "order": self.order.get_state(),
            "random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state() if self.device.type == "cuda" else None,
            "history": self.history,
            "best": self.best,
            "best_epoch": self.best_epoch,
        }

    def _resume(self, state: dict[str, Any]) -> None:
        self.epoch = state["epoch"]
        self.model.load_state_dict(state["model"])
        self.optimizer.resume(state["optimizer"])
        self.order.set_state(state["order"])
        torch.set_rng_state(state["random"])
        if state["cuda_random"] is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_random"])
        self.history, self.best_epoch = state["history"], state["best_epoch"]
        if state["best"] is not None:
            self.best = {key: value.to(self.device) for key, value in state["best"].items()}


def _need_sound(model: Ensemble, row: Row) -> None:
    watched = [row["loss"], row["validation_loss"]]
    losses = [value for value in watched if value is not None]
    weights = torch.stack([p.detach().isfinite().all() for p in model.parameters()]).all()
    if bool(weights) and np.all(np.isfinite(losses)) and max(losses) < EXPLODED:
        return
    why = "a weight is not finite" if not weights else f"the loss is {max(losses):.3g}"
    raise fault(
        "training_diverged", f"epoch {row['epoch']}, learning rate {row['learning_rate']:.3g}", why
    )
