"""The network that tells spots from what looks like them, and how PyTorch fits it."""

import logging
import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits

from tomocalc.errors import fault
from tomocalc.learned.search import MIDDLE, SIDE, planes

log = logging.getLogger(__name__)

FIRST_CHANCE = 0.4
"""Of an object to be seen in the first epoch."""
PER_ERROR, LEAST_CHANCE = 2.5, 0.08
"""Later it is the first times its error when last seen, |probability − truth|, but the second at
least: most of what is no spot is soon told apart, and is seen no more than now and then."""
LEAST_STEPS = 10
"""Steps of an epoch, where there are so many objects."""


class SpotNetwork(nn.Module):
    """Two branches of convolutions, one over the patch and one over its middle, and a score.

    The first sees, at half the resolution, what an object lies in (a vessel's end, a crossing of
    lines), the second its shape. About 70,000 weights. `search.LearnedSearch.scores` computes the
    same without PyTorch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.around = nn.Sequential(
            *_layer(2, 16, stride=1),
            *_layer(16, 24, stride=2),
            *_layer(24, 32, stride=2),
            *_layer(32, 32, stride=2),
            nn.Flatten(),
        )  # (patch, 32 · 3 · 3)
        self.middle = nn.Sequential(
            *_layer(2, 16, stride=1),
            *_layer(16, 24, stride=2),
            *_layer(24, 32, stride=2),
            nn.Flatten(),
        )  # (patch, 32 · 4 · 4)
        self.score = nn.Sequential(
            nn.Linear(32 * 9 + 32 * 16, 48), nn.ReLU(), nn.Dropout(0.2), nn.Linear(48, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the log-odds of a spot for x (patch, plane, row, column), shape (patch,)."""
        edge = (SIDE - MIDDLE) // 2
        near = x[:, :, edge:-edge, edge:-edge]
        return self.score(torch.cat([self.around(avg_pool2d(x, 2)), self.middle(near)], dim=1))[
            :, 0
        ]


def _layer(inputs: int, outputs: int, *, stride: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), nn.ReLU()


def fit_network(
    x: NDArray[np.float16],
    y: torch.Tensor,
    *,
    epochs: int,
    batch: int,
    learning_rate: float,
    seed: int,
) -> tuple[SpotNetwork, tuple[float, ...]]:
    """Fit a network to patches; return it and the mean loss of every epoch.

    An epoch sees what is drawn by chance, and weighs it with the inverse of its chance: the mean
    gradient is that of all objects, at a fraction of the cost.

    Parameters
    ----------
    x
        Patches as `search.patches` cuts them, (object, row, column).
    y
        1 for a spot, 0 for none, (object,).
    epochs, batch, learning_rate
        Of Adam with one cycle of the learning rate, whose largest is given.
    seed
        Root of every random choice.

    Raises
    ------
    TomocalcError
        ``E402`` when the training diverges.
    """
    torch.set_num_threads(1)  # one thread adds in one order
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        # Channels side by side in memory: a sixth faster with as few as these.
        network = SpotNetwork()
        network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        network.train()
        optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate, fused=True)
        least = max(LEAST_CHANCE, LEAST_STEPS * batch / len(x))
        chance = torch.full((len(x),), max(FIRST_CHANCE, least)).clamp(max=1.0)
        losses: list[float] = []
        for epoch in range(epochs):
            drawn = torch.nonzero(torch.rand(len(x)) < chance)[:, 0]
            parts = drawn[torch.randperm(len(drawn))].split(batch)
            weight = len(drawn) / len(x) / chance  # about 1 in the mean of what is drawn
            total = 0.0
            for step, part in enumerate(parts):
                done = (epoch + step / len(parts)) / epochs
                optimiser.param_groups[0]["lr"] = learning_rate * _one_cycle(done)
                # (patch, plane, row, column) of what has its planes side by side in memory
                seen = torch.from_numpy(planes(x[part.numpy()])).permute(0, 3, 1, 2)
                seen = _turned(seen, int(torch.randint(8, ())))
                odds = network(seen.contiguous(memory_format=torch.channels_last))
                loss = binary_cross_entropy_with_logits(odds, y[part], weight[part])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                error = (odds.detach().sigmoid() - y[part]).abs()
                chance[part] = (PER_ERROR * error).clamp(least, 1.0)
                total += float(loss.detach()) * len(part)
            losses.append(total / len(drawn))
            log.info("epoch %d: %d objects, loss %.4f", epoch, len(drawn), losses[-1])
            if not np.isfinite(losses[-1]):
                raise fault("search_diverged", f"epoch {epoch}", f"the loss is {losses[-1]}")
    return network.to(memory_format=torch.contiguous_format).eval(), tuple(losses)


def _one_cycle(done: float) -> float:
    """Return the learning rate over its largest: up in the first three tenths, down to nothing."""
    low, part = (0.04, done / 0.3) if done < 0.3 else (1e-5, (1 - done) / 0.7)
    return low + (1 - low) * (1 - math.cos(math.pi * part)) / 2


def _turned(x: torch.Tensor, way: int) -> torch.Tensor:
    """Return patches in one of the eight ways in which a square can lie: spots have no up."""
    x = torch.rot90(x, way % 4, dims=(2, 3))
    return x.flip(3) if way >= 4 else x
