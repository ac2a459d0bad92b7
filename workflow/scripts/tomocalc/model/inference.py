"""The stacked LSTM with NumPy alone: a released model predicts without importing PyTorch.

The numbers are those of `tomocalc.model.lstm` to about 1e-8; a test holds the two together.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tomocalc.model.forest import probability

Floats = NDArray[np.float32]

ROWS = 1024
"""Samples computed at once: their states stay in the cache."""

GATES = 4
"""Input, forget, cell, output, in the order of PyTorch's rows."""


class Layer:
    """One LSTM layer that runs forward.

    Sigmoids are computed as (1 + tanh(x / 2)) / 2, which cannot overflow; the half is put into
    the weights, where it is exact, so that one tanh serves all four gates.

    Parameters
    ----------
    inward, recurrent
        (4 · unit, input) and (4 · unit, unit).
    bias
        (4 · unit,): the sum of both of PyTorch's.
    """

    def __init__(self, inward: Floats, recurrent: Floats, bias: Floats) -> None:
        self.units = recurrent.shape[1]
        half = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), self.units)
        self._inward = np.ascontiguousarray((inward * half[:, np.newaxis]).T)
        self._recurrent = np.ascontiguousarray((recurrent * half[:, np.newaxis]).T)
        self._bias = bias * half

    def __call__(self, x: Floats) -> Floats:
        """Return the outputs (step, sample, unit) for x (step, sample, input)."""
        given = x @ self._inward + self._bias  # (step, sample, 4 · unit)
        out = np.empty((*x.shape[:2], self.units), np.float32)
        cell = np.zeros(out.shape[1:], np.float32)
        for step, gates in enumerate(given):
            if step:
                gates += out[step - 1] @ self._recurrent
            np.tanh(gates, out=gates)
            gate_in, forget, fresh, gate_out = (
                gates[:, gate * self.units : (gate + 1) * self.units] for gate in range(GATES)
            )
            cell = (cell * (1 + forget) + fresh * (1 + gate_in)) / 2
            np.multiply(np.tanh(cell), (1 + gate_out) / 2, out=out[step])
        return out


class Member:
    """One stacked LSTM: its layers, then one unit that reads the last valid step."""

    def __init__(self, layers: Sequence[Layer], head: Floats, bias: float) -> None:
        self._layers = layers
        self._head, self._bias = head, bias

    def __call__(self, x: Floats, last: NDArray[np.int64]) -> Floats:
        """Return logits (sample,) for x (step, sample, feature) and *last* valid steps."""
        for layer in self._layers:
            x = layer(x)
        return x[last, np.arange(x.shape[1])] @ self._head + np.float32(self._bias)


class Network:
    """The members of a release, whose probabilities are averaged.

    Parameters
    ----------
    tensors
        Of the weights' file, by the names of `tomocalc.model.lstm.Ensemble`.
    inputs, units, members
        Shape of the network, as its card tells it.

    Attributes
    ----------
    tensors
        As given.

    Raises
    ------
    ValueError
        When names or shapes of the tensors are not those of this network.
    """

    def __init__(
        self, tensors: Mapping[str, Floats], *, inputs: int, units: Sequence[int], members: int
    ) -> None:
        wanted = _shapes(inputs, units, members)
        found = {name: tensor.shape for name, tensor in tensors.items()}
        if found != wanted:
            wrong = sorted({name for name, _ in set(found.items()) ^ set(wanted.items())})
            raise ValueError(f"other names or shapes: {', '.join(wrong)}")
        self.tensors = tensors
        self._members = [_member(tensors, f"members.{m}.", len(units)) for m in range(members)]

    def probability(self, x: Floats, last: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the members' mean probability (sample,).

        Parameters
        ----------
        x
            Scaled, (sample, step, feature); zero where masked.
        last
            Index of the last valid step of every sample.
        """
        found = np.zeros(len(x))
        for begin in range(0, len(x), ROWS):
            end = last[begin : begin + ROWS]
            part = x[begin : begin + ROWS, : int(end.max()) + 1]
            steps = np.ascontiguousarray(part.transpose(1, 0, 2))  # (step, sample, feature)
            with np.errstate(invalid="ignore"):  # some BLAS kernels flag what pads a short row
                logits = [member(steps, end).astype(np.float64) for member in self._members]
            found[begin : begin + ROWS] = np.mean([probability(logit) for logit in logits], axis=0)
        return found


def _shapes(inputs: int, units: Sequence[int], members: int) -> dict[str, tuple[int, ...]]:
    """Return name and shape of every tensor of a network."""
    shapes: dict[str, tuple[int, ...]] = {}
    for member in range(members):
        width = inputs
        for number, size in enumerate(units):
            layer = f"members.{member}.layers.{number}."
            shapes[f"{layer}weight_ih_l0"] = (GATES * size, width)
            shapes[f"{layer}weight_hh_l0"] = (GATES * size, size)
            shapes[f"{layer}bias_ih_l0"] = shapes[f"{layer}bias_hh_l0"] = (GATES * size,)
            width = size
        shapes[f"members.{member}.head.weight"] = (1, width)
        shapes[f"members.{member}.head.bias"] = (1,)
    return shapes


def _member(tensors: Mapping[str, Floats], prefix: str, layers: int) -> Member:
    stack = []
    for number in range(layers):
        weights, layer = {}, f"{prefix}layers.{number}."
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            weights[name] = tensors[layer + name].astype(np.float32)
        bias = weights["bias_ih_l0"] + weights["bias_hh_l0"]
        stack.append(Layer(weights["weight_ih_l0"], weights["weight_hh_l0"], bias))
    head = tensors[f"{prefix}head.weight"][0].astype(np.float32)
    return Member(stack, head, float(tensors[f"{prefix}head.bias"][0]))
