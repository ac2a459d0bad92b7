"""Train one network on image patches of one split, within a budget for a CPU."""

from __future__ import annotations

import logging

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
    patches: NDArray[np.uint8],
    label: NDArray[np.float32],
    *,
    epochs: int,
    seed: int,
) -> nn.Module:
    """Train on patches (row, slice, row, column) with labels (row,), and return the network.

    Classes count equally; patches are turned and mirrored at random. One thread: the same
    arguments give the same weights.
    """
    torch.manual_seed(seed)  # dropout
    order = torch.Generator().manual_seed(seed)
    y = torch.as_tensor(label)
    weight = 0.5 / torch.stack([1 - y.mean(), y.mean()])
    optimizer = torch.optim.Adam(network.parameters(), lr=PEAK_RATE, fused=True)
    steps = epochs * -(-len(y) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps)
    for epoch in range(epochs):
        network.train()
        total = 0.0
        for rows in torch.randperm(len(y), generator=order).split(BATCH):
            if len(rows) == 1:  # batch normalisation needs two
                rows = torch.cat([rows, rows])
            x = turned(scaled(patches[rows.numpy()]), order)
            loss = binary_cross_entropy_with_logits(
                network(x).squeeze(1), y[rows], weight=weight[y[rows].long()]
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(rows)
        log.info("epoch %d of %d: loss %.4f", epoch + 1, epochs, total / len(y))
    return network.eval()


@torch.no_grad()
def predict(network: nn.Module, patches: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the probability of a calcification of every patch."""
    network.eval()
    parts = [
        network(scaled(patches[first : first + 256])).squeeze(1).double().sigmoid()
        for first in range(0, len(patches), 256)
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
