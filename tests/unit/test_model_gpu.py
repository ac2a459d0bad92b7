"""Training on a real CUDA device: its agreement with a CPU, and its bits."""

from pathlib import Path
from typing import Any

import pytest
import torch
from msgspec.structs import replace

from support.trainings import SHAPE, Killed, run, same, settings
from tomocalc.model.device import choose_device
from tomocalc.model.training import Checkpoint, Row, Trained

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def run_on(device: str, **arguments: Any) -> Trained:
    choose_device(device)  # which asks for equal bits
    chosen = settings(patience=0, schedule="one_cycle")
    return run(chosen, device=device, **arguments)


def test_two_runs_have_the_same_bits() -> None:
    assert same(run_on("cuda"), run_on("cuda"))


def test_the_losses_are_those_of_a_cpu() -> None:
    steady = replace(SHAPE, dropout=0.0)
    on_cpu, on_gpu = (run_on(device, shape=steady).history for device in ("cpu", "cuda"))
    for a, b in zip(on_cpu, on_gpu, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-4)
        assert a["validation_loss"] == pytest.approx(b["validation_loss"], rel=1e-4)


def test_a_killed_training_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "state", "key")

    def kill(row: Row) -> None:
        if row["epoch"] == 3:
            raise Killed

    with pytest.raises(Killed):
        run_on("cuda", checkpoint=checkpoint, report=kill)
    assert same(run_on("cuda", checkpoint=checkpoint), run_on("cuda"))
