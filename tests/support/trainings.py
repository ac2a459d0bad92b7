"""Small trainings: noise that tells the label a little, on any device."""

from typing import Any

import torch

from support.model_data import MODEL
from tomocalc.model.card import NetworkShape
from tomocalc.model.recipe import TrainingSettings
from tomocalc.model.training import Batch, Trained, train

SHAPE = NetworkShape(inputs=2, units=(6, 3), dropout=0.2, members=2)


class Killed(Exception):
    """Stands for a killed process."""


def batch(seed: int, device: str = "cpu") -> Batch:
    """Return 70 sequences of 4 steps: the last batch of an epoch is shorter than the others."""
    g = torch.Generator().manual_seed(seed)
    y = (torch.rand(70, generator=g) < 0.3).float()
    x = torch.randn(70, 4, 2, generator=g) + y[:, None, None]
    return Batch(*(part.to(device) for part in (x, torch.randint(4, (70,), generator=g), y)))


def settings(**changes: Any) -> TrainingSettings:
    return TrainingSettings.of(MODEL | changes)


def run(chosen: TrainingSettings, *, device: str = "cpu", **arguments: Any) -> Trained:
    given: dict[str, Any] = {
        "shape": SHAPE,
        "settings": chosen,
        "training": batch(1, device),
        "validation": batch(2, device),
        "seed": 5,
    }
    return train(**given | arguments)


def same(a: Trained, b: Trained) -> bool:
    first, second = a.model.state_dict(), b.model.state_dict()
    equal = all(torch.equal(first[key], second[key]) for key in first)
    return equal and a.history == b.history and a.best_epoch == b.best_epoch
