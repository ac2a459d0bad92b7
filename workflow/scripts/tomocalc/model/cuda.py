"""The optimiser's step as one captured CUDA graph: one launch instead of some hundred.

The model is small and its step bound by kernel launches. A graph has fixed shapes, so a short
last batch is padded with rows of weight zero; everything that changes from step to step (batch,
its size, learning rate) is copied into tensors that the graph reads. Where a step cannot be
captured, it runs kernel by kernel: slower, with the same results.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor

from tomocalc.model.losses import row_loss
from tomocalc.model.lstm import Ensemble
from tomocalc.model.settings import TrainingSettings

log = logging.getLogger(__name__)
WARM_UP_STEPS = 3
"""Steps before the capture, in which libraries choose and allocate; their effect is undone."""


class GraphStep:
    """A captured training step; called as `tomocalc.model.steps.Step`."""

    def __init__(
        self,
        model: Ensemble,
        optimizer: torch.optim.Optimizer,
        settings: TrainingSettings,
        weights: Tensor,
    ) -> None:
        self.model, self.optimizer, self.settings = model, optimizer, settings
        self.update: Callable[[], None] | None = None
        self.class_weights = weights
        self.inputs: tuple[Tensor, ...] = ()
        self.count = torch.ones((), device=weights.device)
        self.loss = torch.zeros((), device=weights.device)
        self.rate = torch.zeros((), device=weights.device)
        for group in optimizer.param_groups:
            group["lr"] = self.rate  # a number, or a loaded tensor, would stay as captured

    def __call__(self, x: Tensor, last: Tensor, y: Tensor, rate: float) -> Tensor:
        """Learn from one batch of at most `batch_size` rows; return the summed loss."""
        weight = self.class_weights[y.long()]
        if not self.inputs:
            rows = self.settings.batch_size
            self.inputs = tuple(v.new_zeros(rows, *v.shape[1:]) for v in (x, last, y, weight))
        for held, new in zip(self.inputs, (x, last, y, weight), strict=True):
            held[: len(new)].copy_(new)
            held[len(new) :].zero_()
        self.count.fill_(len(x))
        if self.update is None:
            self.update = self._prepare()
        self.rate.fill_(rate)
        self.update()
        return self.loss.clone()

    def _forward_backward_update(self) -> None:
        x, last, y, weight = self.inputs
        self.optimizer.zero_grad(set_to_none=False)
        half = self.settings.precision == "bf16"
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=half):
            logits = self.model(x, last).float()
        loss = (row_loss(logits, y, self.settings.imbalance) * weight).sum()
        (loss / self.count).backward()
        self.optimizer.step()
        self.loss.copy_(loss.detach() / len(self.model.members))

    def _prepare(self) -> Callable[[], None]:
        """Return the step to call; weights, optimiser and random state stay as they were."""
        self._begin_optimizer()
        changed = [*self.model.parameters(), *self._optimizer_tensors()]
        before = [tensor.detach().clone() for tensor in changed]
        random = torch.cuda.get_rng_state()
        try:
            step = self._capture().replay
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
            log.warning("no CUDA graph of the training step, so it is slower: %s", reason)
            step = self._forward_backward_update
        with torch.no_grad():
            for tensor, value in zip(changed, before, strict=True):
                tensor.copy_(value)
        torch.cuda.set_rng_state(random)
        return step

    def _capture(self) -> torch.cuda.CUDAGraph:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP_STEPS):
                self._forward_backward_update()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._forward_backward_update()
        return graph

    def _begin_optimizer(self) -> None:
        """Make the optimiser allocate its state, unless it has been loaded."""
        for parameter in self.model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        if self.optimizer.state:
            return
        self.rate.fill_(0.0)
        self.optimizer.step()
        for tensor in self._optimizer_tensors():
            tensor.zero_()

    def _optimizer_tensors(self) -> list[Tensor]:
        return [
            value
            for state in self.optimizer.state.values()
            for value in state.values()
            if isinstance(value, Tensor)
        ]
