"""What one step of the optimiser does: loss, imbalance, learning rate, update."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from tomocalc.model.lstm import Ensemble
from tomocalc.model.recipe import TrainingSettings

FOCUS = 2.0
"""Exponent γ of the focal loss (Lin et al. 2017)."""
WARM_UP = 0.3
START, END = 1 / 25, 1e-4
"""Share of steps in which the rate rises, and its first and last value relative to the peak
(Smith and Topin 2018, with the cosine of PyTorch's OneCycleLR)."""

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
    half = settings.precision == "bf16" and weights.device.type == "cuda"

    def step(x: Tensor, last: Tensor, y: Tensor, rate: float) -> Tensor:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=half):
            logits = model(x, last)  # (member, batch)
        loss = (row_loss(logits.float(), y, settings.imbalance) * weights[y.long()]).sum()
        (loss / len(x)).backward()
        optimizer.step()
        return loss.detach() / len(model.members)

    return step


def row_loss(logits: Tensor, y: Tensor, imbalance: str) -> Tensor:
    """Return the cross-entropy (nats) of every logit; focal: times (1 − p of the truth)^γ.

    *y* (batch,) is repeated along further leading axes of *logits*.
    """
    loss = binary_cross_entropy_with_logits(logits, y.expand_as(logits), reduction="none")
    if imbalance == "focal":
        return (1 - torch.exp(-loss)) ** FOCUS * loss
    return loss


def class_weights(y: Tensor, imbalance: str) -> Tensor:
    """Return the weight of a negative and of a positive sample, (2,).

    ``class_weights``: n / (2 n_class), so that both classes weigh the same in total.
    """
    counts = torch.bincount(y.long(), minlength=2)
    if imbalance != "class_weights" or not bool(counts.all()):
        return torch.ones(2, device=y.device)
    return (len(y) / (2 * counts)).float()


def oversampled(y: Tensor, imbalance: str, seed: int) -> Tensor:
    """Return row numbers: each once, and with ``oversample`` the rarer class up to balance."""
    rows = torch.arange(len(y), device=y.device)
    positives, negatives = rows[y > 0], rows[y <= 0]
    rare = min(positives, negatives, key=len)
    lacking = abs(len(positives) - len(negatives))
    if imbalance != "oversample" or not len(rare) or not lacking:
        return rows
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(rare), (lacking,), generator=generator).to(y.device)
    return torch.cat([rows, rare[drawn]])


def learning_rate(settings: TrainingSettings, step: int, steps: int) -> float:
    """Return the learning rate of *step* (from 0) of *steps*: no earlier one counts."""
    peak = settings.learning_rate
    if settings.schedule == "constant":
        return peak
    top = max(1.0, WARM_UP * steps)
    if step < top:
        return _cosine(START * peak, peak, step / top)
    return _cosine(peak, END * peak, (step - top) / max(1.0, steps - 1 - top))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(share, 1.0))) / 2
