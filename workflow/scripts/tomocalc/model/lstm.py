"""The stacked LSTM, and several of them trained side by side as one model."""

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import linear

from tomocalc.model.card import NetworkShape


class StackedLSTM(nn.Module):
    """LSTM layers (tanh) with dropout after each, read at the last valid step, then one unit.

    The layers run forward only, so that the output of the last valid step cannot depend on the
    padding behind it: a plain gather replaces packed sequences, and shapes stay fixed.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        sizes = [shape.inputs, *shape.units]
        self.layers = nn.ModuleList(
            nn.LSTM(size, units, batch_first=True) for size, units in pairwise(sizes)
        )
        self.dropout = nn.Dropout(shape.dropout)
        self.head = nn.Linear(sizes[-1], 1)
        self._start()

    def _start(self) -> None:
        """Draw the first weights as Keras does: Glorot, orthogonal, forget gate open."""
        for layer in self.layers:
            weights = dict(layer.named_parameters())
            nn.init.xavier_uniform_(weights["weight_ih_l0"])
            nn.init.orthogonal_(weights["weight_hh_l0"])
            nn.init.zeros_(weights["bias_hh_l0"])
            bias = nn.init.zeros_(weights["bias_ih_l0"])
            nn.init.ones_(bias.detach().chunk(4)[1])  # gates: input, forget, cell, output
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor, last: Tensor) -> Tensor:
        """Return logits (batch,) for x (batch, step, feature) and *last* valid steps (batch,)."""
        if x.shape[1] == 1:
            x = x[:, 0]
            for layer in self.layers:
                x = self.dropout(first_step(layer, x))  # (batch, units)
            return self.head(x).squeeze(-1)  # (batch,)
        for layer in self.layers[:-1]:
            x = self.dropout(layer(x)[0])  # (batch, step, units)
        x = self.layers[-1](x)[0]
        x = x[torch.arange(len(x), device=x.device), last]  # (batch, units)
        return self.head(self.dropout(x)).squeeze(-1)  # (batch,)


def first_step(layer: nn.Module, x: Tensor) -> Tensor:
    """Return the output (batch, units) of an LSTM *layer* after one step x (batch, feature).

    State and memory are zero before the first step, so recurrent weights and forget gate have
    no part in it; leaving them out makes an epoch of single steps more than twice as fast.
    """
    weights = dict(layer.named_parameters())
    bias = weights["bias_ih_l0"] + weights["bias_hh_l0"]
    i, _, g, o = weights["weight_ih_l0"].chunk(4)
    bias_i, _, bias_g, bias_o = bias.chunk(4)
    gates = linear(x, torch.cat([i, g, o]), torch.cat([bias_i, bias_g, bias_o]))
    gate_in, cell, gate_out = gates.chunk(3, dim=1)
    return gate_out.sigmoid() * (gate_in.sigmoid() * cell.tanh()).tanh()


class Ensemble(nn.Module):
    """*members* stacked LSTMs that read the same batch; each learns as if it were alone."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.members = nn.ModuleList(StackedLSTM(shape) for _ in range(shape.members))

    def forward(self, x: Tensor, last: Tensor) -> Tensor:
        """Return logits (member, batch)."""
        return torch.stack([member(x, last) for member in self.members])

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights by name, as a release holds them."""
        return {name: value.cpu().numpy() for name, value in self.state_dict().items()}

    @torch.no_grad()
    def probability(self, x: Tensor, last: Tensor, *, rows: int = 4096) -> Tensor:
        """Return the mean probability of the members, float64 (sample,), without dropout."""
        self.eval()
        chunks = [
            self(part, end).double().sigmoid().mean(dim=0)  # (batch,)
            for part, end in zip(x.split(rows), last.split(rows), strict=True)
        ]
        return torch.cat(chunks) if chunks else torch.zeros(0, dtype=torch.float64)
