"""Fuzzy and Gabor filters on a patch, features chosen by a decision tree, a neural network on them.

After the description of such a system by Maghsoodzadeh Sarvestani et al. 2023; sizes are ours.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.fft import irfft2, rfft2
from numpy.typing import NDArray
from skimage.filters import gabor_kernel
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

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
