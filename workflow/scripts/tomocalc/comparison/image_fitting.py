"""Train one network of the comparison on one split, within a budget for a CPU."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

log = logging.getLogger(__name__)

BATCH = 32
PEAK_RATE = 1e-3
"""Of the one-cycle schedule, for Adam."""
Rows = NDArray[np.int64]
Optimizer = Callable[..., torch.optim.Optimizer]
OPTIMIZERS: dict[str, tuple[Optimizer, float]] = {
    "cnn_sgd": (partial(torch.optim.SGD, momentum=0.9), 1e-2),
    "cnn_rmsprop": (torch.optim.RMSprop, PEAK_RATE),
    "cnn_adagrad": (torch.optim.Adagrad, 1e-2),
}
"""Of networks that are trained by another one than Adam, with its peak rate."""
ADAM: tuple[Optimizer, float] = (partial(torch.optim.Adam, fused=True), PEAK_RATE)


class Inputs(Protocol):
    """What a network reads of every sample."""

    def __len__(self) -> int: ...

    def batch(self, rows: Rows, generator: torch.Generator | None = None) -> tuple[Tensor, ...]:
        """Return the network's arguments for *rows*; a *generator* varies them for training."""
        ...


@dataclass(frozen=True, eq=False)
class Patches:
    """Patches (row, slice, row, column); in training they are turned and mirrored at random."""

    grey: NDArray[np.uint8]

    def __len__(self) -> int:
        """Return the number of patches."""
        return len(self.grey)

    def batch(self, rows: Rows, generator: torch.Generator | None = None) -> tuple[Tensor, ...]:
        """Return the patches of *rows*."""
        x = scaled(self.grey[rows])
        return (x if generator is None else turned(x, generator),)


@dataclass(frozen=True, eq=False)
class Steps:
    """Scaled sequences x (row, step, feature) and their *last* valid steps (row,)."""

    x: NDArray[np.float32]
    last: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of sequences."""
        return len(self.x)

    def batch(self, rows: Rows, generator: torch.Generator | None = None) -> tuple[Tensor, ...]:
        """Return the sequences of *rows*; nothing varies."""
        del generator
        return torch.as_tensor(self.x[rows]), torch.as_tensor(self.last[rows])


def chosen_rows(label: NDArray[np.float32], rows: Rows, *, samples: int, seed: int) -> Rows:
    """Return at most *samples* of *rows*: up to half of them calcifications, the rest at random."""
    if len(rows) <= samples:
        return rows
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(rows)
    positive, negative = (shuffled[label[shuffled] == kind] for kind in (1, 0))
    negative = negative[: samples - min(len(positive), samples // 2)]
    return np.sort(np.concatenate([positive[: samples - len(negative)], negative]))


def train_network(
    network: nn.Module,
    inputs: Inputs,
    label: NDArray[np.float32],
    *,
    epochs: int,
    seed: int,
    size: int = BATCH,
    optimizer: tuple[Optimizer, float] = ADAM,
) -> nn.Module:
    """Train on *inputs* with labels (row,), *size* rows a step, and return the network.

    Classes count equally. One thread: the same arguments give the same weights.

    Parameters
    ----------
    optimizer
        What makes it, and the peak rate of its one-cycle schedule.
    """
    torch.manual_seed(seed)  # dropout
    order = torch.Generator().manual_seed(seed)
    y = torch.as_tensor(label)
    weight = 0.5 / torch.stack([1 - y.mean(), y.mean()])
    make, peak = optimizer
    stepper = make(network.parameters(), lr=peak)
    steps = epochs * -(-len(y) // size)
    # the momentum stays as it is: not every optimiser has one
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        stepper, peak, total_steps=steps, cycle_momentum="betas" in stepper.defaults
    )
    for epoch in range(epochs):
        network.train()
        total = 0.0
        for rows in torch.randperm(len(y), generator=order).split(size):
            if len(rows) == 1:  # batch normalisation needs two
                rows = torch.cat([rows, rows])
            x = inputs.batch(rows.numpy(), order)
            loss = binary_cross_entropy_with_logits(
                network(*x).squeeze(1), y[rows], weight=weight[y[rows].long()]
            )
            stepper.zero_grad(set_to_none=True)
            loss.backward()
            stepper.step()
            schedule.step()
            total += loss.item() * len(rows)
        log.info("epoch %d of %d: loss %.4f", epoch + 1, epochs, total / len(y))
    return network.eval()


@torch.no_grad()
def predict(network: nn.Module, inputs: Inputs) -> NDArray[np.float64]:
    """Return the probability of a calcification of every sample."""
    network.eval()
    parts = [
        network(*inputs.batch(rows)).squeeze(1).double().sigmoid()
        for rows in np.split(np.arange(len(inputs)), range(256, len(inputs), 256))
        if rows.size
    ]
    return torch.cat(parts).numpy() if parts else np.zeros(0)


def scaled(patches: NDArray[np.uint8]) -> Tensor:
    """Return grey levels 0..255 as numbers of about -1 to 1; 100 is the brightest tissue."""
    return torch.as_tensor(patches).float().sub(75).div(75)


def turned(x: Tensor, generator: torch.Generator) -> Tensor:
    """Turn and mirror the whole batch by one of the eight symmetries of a square."""
    way = int(torch.randint(8, (1,), generator=generator))
    x = torch.rot90(x, way % 4, dims=(2, 3))
    return x.flip(3) if way >= 4 else x
