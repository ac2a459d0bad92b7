"""The network that tells spots from what looks like them, as PyTorch trains it."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import avg_pool2d

from tomocalc.learned.search import MIDDLE, SIDE


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
