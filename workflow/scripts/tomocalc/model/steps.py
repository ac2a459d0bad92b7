"""One step of the optimiser, on a CPU as it comes, on CUDA as one captured graph."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tomocalc.model.losses import row_loss
from tomocalc.model.lstm import Ensemble
from tomocalc.model.settings import TrainingSettings

Step = Callable[[Tensor, Tensor, Tensor, float], Tensor]
"""x (batch, step, feature), last valid step, label, learning rate → summed loss, detached."""


def make_step(
    model: Ensemble,
    optimizer: torch.optim.Optimizer,
    settings: TrainingSettings,
    weights: Tensor,
) -> Step:
    """Return the function that learns from one batch.

    *weights* (2,) are those of a negative and of a positive sample. The members' losses are
    added for the gradient, so that each member learns as if it were alone, and averaged for
    the report.
    """
    if next(model.parameters()).device.type == "cuda":
        from tomocalc.model.cuda import GraphStep

        return GraphStep(model, optimizer, settings, weights)

    def step(x: Tensor, last: Tensor, y: Tensor, rate: float) -> Tensor:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        loss = (row_loss(model(x, last), y, settings.imbalance) * weights[y.long()]).sum()
        (loss / len(x)).backward()
        optimizer.step()
        return loss.detach() / len(model.members)

    return step
