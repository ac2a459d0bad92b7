"""Train one network of the comparison on one split, within a budget for a CPU.

Beside the networks stands a classifier without one of its own: fuzzy and Gabor filters on a patch,
features chosen by a decision tree, a small network on them, after the description of such a system
by Maghsoodzadeh Sarvestani et al. 2023; sizes are ours.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import torch
from numpy.fft import irfft2, rfft2
from numpy.typing import NDArray
from skimage.filters import gabor_kernel
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

FREQUENCIES = (0.1, 0.2, 0.35)
"""Cycles per pixel."""
ANGLES = 4
DEPTH = 4
"""Of the tree whose splits say which features the network reads."""
CHUNK = 512


class GaborANN:
    """A classifier of patches (patch, slice, row, column)."""

    def __init__(self, seed: int) -> None:
        self.tree = DecisionTreeClassifier(max_depth=DEPTH, random_state=seed)
        self.scaler = StandardScaler()
        self.network = MLPClassifier((32,), max_iter=200, random_state=seed)
        self.chosen: NDArray[np.intp] = np.zeros(0, np.intp)

    def fit(self, patches: NDArray[np.uint8], label: NDArray[np.float32]) -> GaborANN:
        """Choose features and train on them."""
        x = gabor_features(patches)
        self.tree.fit(x, label)
        self.chosen = np.flatnonzero(self.tree.feature_importances_)
        if not self.chosen.size:  # one class, or nothing that splits it
            self.chosen = np.arange(x.shape[1])
        with warnings.catch_warnings():  # a fixed number of passes is the budget
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.network.fit(self.scaler.fit_transform(x[:, self.chosen]), label)
        return self

    def score(self, patches: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the probability of a calcification of every patch."""
        if not len(patches):
            return np.zeros(0)
        x = self.scaler.transform(gabor_features(patches)[:, self.chosen])
        return np.asarray(self.network.predict_proba(x), np.float64)[:, 1]

    @property
    def weights(self) -> int:
        """Number of the network's weights."""
        return sum(part.size for part in (*self.network.coefs_, *self.network.intercepts_))


def enhanced(patches: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the fuzzy membership "bright" of the middle slice's pixels, its contrast intensified.

    The membership μ is the grey value's place between the patch's least and greatest; what is
    below one half becomes 2 μ², what is above it 1 - 2 (1 - μ)² (Pal and King 1981).
    """
    middle = patches[:, patches.shape[1] // 2].astype(np.float64)
    low = middle.min(axis=(1, 2), keepdims=True)
    reach = middle.max(axis=(1, 2), keepdims=True) - low
    bright = (middle - low) / np.where(reach > 0, reach, 1)
    return np.where(bright <= 0.5, 2 * bright**2, 1 - 2 * (1 - bright) ** 2)


def gabor_features(patches: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return mean, deviation and centre of every filter's response, (patch, feature)."""
    side = patches.shape[-1]
    kernels = [
        gabor_kernel(frequency, theta=np.pi * angle / ANGLES).real  # pyright: ignore[reportArgumentType]
        for frequency in FREQUENCIES
        for angle in range(ANGLES)
    ]
    rows = []
    for first in range(0, len(patches), CHUNK):
        images = enhanced(patches[first : first + CHUNK])
        spectrum = rfft2(images - images.mean(axis=(1, 2), keepdims=True))
        columns = []
        for kernel in kernels:
            # the kernel's centre at (0, 0), its arms wrapped around the patch
            wrapped = np.zeros((side, side))
            at = [np.arange(size) - size // 2 for size in kernel.shape]
            np.add.at(wrapped, np.ix_(at[0] % side, at[1] % side), kernel - kernel.mean())
            response = irfft2(spectrum * rfft2(wrapped), s=(side, side))
            centre = response[:, side // 2 - 1 : side // 2 + 1, side // 2 - 1 : side // 2 + 1]
            magnitude = np.abs(response)
            columns += [magnitude.mean(axis=(1, 2)), response.std(axis=(1, 2))]
            columns += [centre.mean(axis=(1, 2))]
        rows.append(np.column_stack(columns))
    return np.concatenate(rows) if rows else np.zeros((0, 3 * len(kernels)))


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
