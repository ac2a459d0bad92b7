"""Training on a real CUDA device: its agreement with a CPU, and its bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from support.model_data import MODEL
from tomocalc.model.card import NetworkShape
from tomocalc.model.device import choose_device
from tomocalc.model.recipe import TrainingSettings
from tomocalc.model.training import Batch, Checkpoint, Row, Trained, train

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


class Killed(Exception):
    """Stands for a killed process."""


def run(device: str, *, dropout: float = 0.2, **arguments: Any) -> Trained:
    """Train on 70 sequences of 4 steps; the last batch of an epoch is shorter than the others."""
    place = choose_device(device)
    g = torch.Generator().manual_seed(1)
    y = (torch.rand(70, generator=g) < 0.3).float()
    x = torch.randn(70, 4, 2, generator=g) + y[:, None, None]
    data = Batch(*(v.to(place) for v in (x, torch.randint(4, (70,), generator=g), y)))
    return train(
        shape=NetworkShape(inputs=2, units=(6, 3), dropout=dropout, members=2),
        settings=TrainingSettings.of(MODEL | {"patience": 0, "schedule": "one_cycle"}),
        training=data,
        validation=data,
        seed=5,
        **arguments,
    )


def same(a: Trained, b: Trained) -> bool:
    first, second = a.model.state_dict(), b.model.state_dict()
    return all(torch.equal(first[key], second[key]) for key in first) and a.history == b.history


def test_two_runs_have_the_same_bits() -> None:
    assert same(run("cuda"), run("cuda"))


def test_the_losses_are_those_of_a_cpu() -> None:
    on_cpu, on_gpu = (run(device, dropout=0.0).history for device in ("cpu", "cuda"))
    for a, b in zip(on_cpu, on_gpu, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-4)
        assert a["validation_loss"] == pytest.approx(b["validation_loss"], rel=1e-4)


def test_a_killed_training_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "state", "key")

    def kill(row: Row) -> None:
        if row["epoch"] == 3:
            raise Killed

    with pytest.raises(Killed):
        run("cuda", checkpoint=checkpoint, report=kill)
    assert same(run("cuda", checkpoint=checkpoint), run("cuda"))
