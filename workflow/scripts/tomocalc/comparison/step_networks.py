"""Networks on a candidate's sequence that are compared with the stacked LSTM."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

PRIMARY, PRIMARY_SIZE = 8, 8
CLASS_SIZE = 16
ROUTES = 3
"""Capsules that the LSTM's output forms, their length, that of a class, and rounds of routing."""


class PlainRNN(nn.Module):
    """Layers of plain recurrent units (tanh), read at the last valid step, then one unit."""

    def __init__(self, inputs: int, units: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.RNN(size, hidden, batch_first=True) for size, hidden in pairwise([inputs, *units])
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(units[-1], 1)

    def forward(self, x: Tensor, last: Tensor) -> Tensor:
        """Return logits (batch, 1) for x (batch, step, feature) and *last* valid steps (batch,)."""
        for layer in self.layers:
            x = self.dropout(layer(x)[0])  # (batch, step, units)
        return self.head(x[torch.arange(len(x)), last])


class LSTMCapsules(nn.Module):
    """Stacked LSTM whose output forms capsules; their agreement routes them to two classes.

    After Sabour et al., NeurIPS 2017: a capsule is a vector whose length, below 1, says how sure
    its part is there. The log-odds are the difference of the lengths of the two classes, times a
    learned factor.
    """

    def __init__(self, inputs: int, units: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.LSTM(size, hidden, batch_first=True) for size, hidden in pairwise([inputs, *units])
        )
        self.dropout = nn.Dropout(dropout)
        self.primary = nn.Linear(units[-1], PRIMARY * PRIMARY_SIZE)
        self.votes = nn.Parameter(torch.randn(PRIMARY, 2, PRIMARY_SIZE, CLASS_SIZE) / 4)
        self.sharpness = nn.Parameter(torch.tensor(8.0))

    def forward(self, x: Tensor, last: Tensor) -> Tensor:
        """Return logits (batch, 1) for x (batch, step, feature) and *last* valid steps (batch,)."""
        for layer in self.layers:
            x = self.dropout(layer(x)[0])  # (batch, step, units)
        x = x[torch.arange(len(x)), last]
        parts = squash(self.primary(x).reshape(len(x), PRIMARY, PRIMARY_SIZE))
        length = route(torch.einsum("bpi,pcij->bpcj", parts, self.votes)).norm(dim=2)  # (batch, 2)
        return self.sharpness * (length[:, 1:] - length[:, :1])


def squash(x: Tensor) -> Tensor:
    """Shrink vectors (..., component) to a length below 1, long ones least."""
    squared = (x**2).sum(dim=-1, keepdim=True)
    return squared / (1 + squared) * x / (squared + 1e-9).sqrt()


def route(votes: Tensor) -> Tensor:
    """Return the capsule of each class, (batch, class, component), by dynamic routing.

    *votes* (batch, part, class, component): what every part says that the class looks like. Parts
    whose vote agrees with the outcome count more in the next round.
    """
    agreement = torch.zeros(votes.shape[:3])  # (batch, part, class)
    capsule = votes.new_zeros(0)
    for _ in range(ROUTES):
        share = agreement.softmax(dim=2)[..., None]
        capsule = squash((share * votes).sum(dim=1))
        agreement = agreement + (votes * capsule[:, None]).sum(dim=3)
    return capsule


STEP_NETWORKS = {"rnn": PlainRNN, "lstm_capsules": LSTMCapsules}
