"""The captured step's own logic, with a stand-in for the graph: padding, rates, undone warm-up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import ClassVar

import pytest
import torch

from support.model_data import MODEL
from tomocalc.model.cuda import GraphStep
from tomocalc.model.losses import class_weights
from tomocalc.model.lstm import Ensemble, Hyperparameters
from tomocalc.model.settings import training_settings
from tomocalc.model.steps import make_step

SETTINGS = training_settings(MODEL | {"batch_size": 8})


class Graph:
    """Replays by calling what was captured."""

    captured: ClassVar[list[Callable[[], None]]] = []

    def replay(self) -> None:
        self.captured[-1]()


class Stream:
    def wait_stream(self, other: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "current_stream", Stream)
    for name in ("graph", "stream"):
        monkeypatch.setattr(torch.cuda, name, lambda _: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "get_rng_state", torch.get_rng_state)
    monkeypatch.setattr(torch.cuda, "set_rng_state", torch.set_rng_state)
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())


def model_and_optimizer() -> tuple[Ensemble, torch.optim.Optimizer]:
    torch.manual_seed(1)
    model = Ensemble(Hyperparameters(inputs=2, units=(5, 3), dropout=0.0, members=2))
    return model, torch.optim.Adam(model.parameters(), lr=0.1, fused=True)


def refuse(_: object) -> None:
    raise RuntimeError("operation not permitted when stream is capturing\nmore")


@pytest.mark.parametrize(("steps", "captured"), [(1, True), (3, True), (3, False)])
def test_the_captured_step_learns_what_the_plain_one_learns(
    steps: int, captured: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if not captured:
        monkeypatch.setattr(torch.cuda, "graph", refuse)
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(20, steps, 2, generator=generator)
    last = torch.randint(steps, (20,), generator=generator)
    y = (torch.rand(20, generator=generator) < 0.4).float()
    weights = class_weights(y, "class_weights")
    plain, optimizer = model_and_optimizer()
    expected = make_step(plain, optimizer, SETTINGS, weights)
    model, optimizer = model_and_optimizer()
    found = GraphStep(model, optimizer, SETTINGS, weights)
    Graph.captured.append(found._forward_backward_update)
    for rows, rate in [(slice(0, 8), 0.1), (slice(8, 16), 0.05), (slice(16, 20), 0.2)]:
        batch = x[rows], last[rows], y[rows], rate
        assert torch.allclose(found(*batch), expected(*batch), rtol=1e-5)
    for a, b in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)
    warned = [record.getMessage() for record in caplog.records]
    assert len(warned) == (not captured)
    assert all(text.endswith("when stream is capturing") for text in warned)


def test_a_loaded_optimiser_is_kept() -> None:
    model, optimizer = model_and_optimizer()
    step = GraphStep(model, optimizer, SETTINGS, torch.ones(2))
    Graph.captured.append(step._forward_backward_update)
    batch = torch.randn(8, 1, 2), torch.zeros(8, dtype=torch.long), torch.ones(8)
    step(*batch, 0.1)
    optimizer.load_state_dict(optimizer.state_dict())  # as after a kill: with a rate of its own
    again = GraphStep(model, optimizer, SETTINGS, torch.ones(2))
    Graph.captured.append(again._forward_backward_update)
    again(*batch, 0.1)
    assert [group["lr"] is again.rate for group in optimizer.param_groups] == [True]
    assert all(float(state["step"]) == 2 for state in optimizer.state.values())
