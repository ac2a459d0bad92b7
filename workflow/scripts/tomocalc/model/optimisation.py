"""What one step of the optimiser does: loss, imbalance, learning rate, update."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim.adam import adam

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


class Adam:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), as ``torch.optim.AdamW``.

    That class imports PyTorch's compiler, 1.3 s of processor time in every process that trains;
    the function beneath it does the same step without it.
    """

    def __init__(self, parameters: Iterable[Tensor], *, weight_decay: float) -> None:
        self.parameters = list(parameters)
        self.weight_decay = weight_decay
        self.steps = [torch.zeros((), device=p.device) for p in self.parameters]
        self.means = [torch.zeros_like(p) for p in self.parameters]
        self.squares = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Move the parameters by their gradients, and forget these."""
        rows = zip(self.parameters, self.means, self.squares, self.steps, strict=True)
        learnt = [(p, p.grad, *others) for p, *others in rows if p.grad is not None]
        parameters, gradients, means, squares, steps = map(list, zip(*learnt, strict=True))
        adam(
            parameters,
            gradients,
            means,
            squares,
            [],
            steps,
            fused=True,
            decoupled_weight_decay=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=learning_rate,
            weight_decay=self.weight_decay,
            eps=1e-8,
            maximize=False,
        )
        for p in self.parameters:
            p.grad = None

    def state(self) -> list[list[Tensor]]:
        """Return what the next step depends on beside the parameters."""
        return [self.steps, self.means, self.squares]

    @torch.no_grad()
    def resume(self, state: list[list[Tensor]]) -> None:
        """Go on from an earlier `state`."""
        for own, saved in zip(self.state(), state, strict=True):
            for value, earlier in zip(own, saved, strict=True):
                value.copy_(earlier)


def make_step(
    model: Ensemble, optimizer: Adam, settings: TrainingSettings, weights: Tensor
) -> Step:
    """Return the function that learns from one batch.

    *weights* (2,) are those of a negative and of a positive sample. The members' losses are
    added for the gradient, so that each member learns as if it were alone, and averaged for
    the report.
    """
    half = settings.precision == "bf16" and weights.device.type == "cuda"

    def step(x: Tensor, last: Tensor, y: Tensor, rate: float) -> Tensor:
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=half):
            logits = model(x, last)  # (member, batch)
        loss = (row_loss(logits.float(), y, settings.imbalance) * weights[y.long()]).sum()
        (loss / len(x)).backward()
        optimizer.step(rate)
        return loss.detach() / len(model.members)

    return step


def row_loss(logits: Tensor, y: Tensor, imbalance: str) -> Tensor:
    """Return the cross-entropy (nats) of every logit; focal: times (1 − p of the truth)^γ.

    *y* (batch,) is repeated along further leading axes of *logits*.
    """
    loss = binary_cross_entropy_with_logits(logits, y.expand_as(logits), reduction="none")
    return (1 - torch.exp(-loss)) ** FOCUS * loss if imbalance == "focal" else loss


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
