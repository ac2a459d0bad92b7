"""A search that has learned: which objects of a slice it keeps, and its two files.

Only NumPy is needed to use one; the network that PyTorch trained is computed with its weights.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from tomocalc.accounts.settings import Settings
from tomocalc.accounts.study import SearchAccount
from tomocalc.errors import fault
from tomocalc.files import at_home, write_bytes
from tomocalc.image.generators import SliceObjects, local_objects
from tomocalc.image.slices import Prepared, Spacing

SIDE = 48
"""Pixels of a patch, in each direction; the network sees all of it at half the resolution."""
MIDDLE = 16
"""Pixels of its middle that the network sees at full resolution."""
LEVEL = 32
"""Pixels of its middle whose mean and deviation are those of the tissue around the object."""
QUIET = 0.5
"""Smallest deviation that is believed, in grey levels."""
ENDS = (-8.0, 16.0)
"""Standard deviations beyond which nothing more is told apart."""


def patches(
    prepared: Prepared, row: NDArray[np.floating], col: NDArray[np.floating]
) -> NDArray[np.float16]:
    """Cut the patches around some places of a slice.

    Beyond the border the slice is continued by reflection: an edge of zeros would look like an
    object's.

    Parameters
    ----------
    prepared
        The slice.
    row, col
        Centres in pixels, shape (object,).

    Returns
    -------
    numpy.ndarray
        Grey levels, (object, row, column); 16 bits tell a tenth of a level apart.
    """
    raw = prepared.raw
    table = prepared.scale.table(np.iinfo(raw.dtype).max + 1).astype(np.float16)
    # Pixels of every patch: (object, row) and (object, column), reflected into the slice.
    offset = np.arange(SIDE) - SIDE // 2
    down = _reflected(np.rint(row).astype(np.int64)[:, None] + offset, raw.shape[0])[:, :, None]
    across = _reflected(np.rint(col).astype(np.int64)[:, None] + offset, raw.shape[1])[:, None, :]
    return table[raw[down, across]]


def planes(grey: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return what the network sees of patches.

    Returns
    -------
    numpy.ndarray
        (object, row, column, plane), planes: (grey − mean) / deviation, both of the tissue around
        the object; grey / 100 − 0.5, so that −0.5..0.5 is the range of the breast's tissue.
    """
    levels = grey.astype(np.float32)
    edge = (SIDE - LEVEL) // 2
    near = levels[:, edge:-edge, edge:-edge].reshape(len(levels), -1)
    mean = near.mean(axis=1)[:, None, None]
    noise = np.maximum(near.std(axis=1), QUIET)[:, None, None]
    seen = np.empty((*levels.shape, 2), np.float32)
    np.clip((levels - mean) / noise, *ENDS, out=seen[..., 0])
    np.subtract(levels / np.float32(100), np.float32(0.5), out=seen[..., 1])
    return seen


def _reflected(index: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return indices into 0..size-1 by reflection about the first and the last pixel."""
    period = max(2 * (size - 1), 1)
    index = np.abs(index) % period
    return np.minimum(index, period - index)


BATCH = 64
"""Patches that are scored at once: their maps stay in the cache."""
WEIGHTS, ACCOUNT = "search.safetensors", "search.json"
BRANCHES = {"around": (1, 2, 2, 2), "middle": (1, 2, 2)}
"""Strides of the convolutions of both branches."""
Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class LearnedSearch:
    """A search that has learned which bright objects look like calcifications.

    Attributes
    ----------
    weights
        Of `network.SpotNetwork`, by name.
    account
        What it was trained on.
    """

    weights: Weights
    account: SearchAccount

    @property
    def key(self) -> str:
        """What tells it from every other search: the SHA-256 of its file of weights."""
        return self.account.weights_sha256

    def objects(self, prepared: Prepared, settings: Settings, spacing_mm: Spacing) -> SliceObjects:
        """Return the objects of a slice that look like calcifications.

        These are about as many as the classical search finds at ``settings.threshold_k``.
        """
        found, score = self.ranked(prepared, settings, spacing_mm)
        keep = np.flatnonzero(score >= self.account.cut)
        return replace(
            found,
            runs=found.runs.take(keep),
            strength=found.strength[keep],
            threshold=self.account.cut,
        )

    def ranked(
        self, prepared: Prepared, settings: Settings, spacing_mm: Spacing
    ) -> tuple[SliceObjects, NDArray[np.float32]]:
        """Return all objects among which it chooses, and their log-odds.

        Parameters
        ----------
        prepared
            The slice.
        settings
            Of the classical search, but for its threshold.
        spacing_mm
            Of rows and columns.

        Returns
        -------
        objects, score
            In the order of the classical search; score has shape (object,).
        """
        found = low_objects(prepared, settings, spacing_mm, self.account.threshold_k)
        return found, self.scores(patches(prepared, *found.runs.centres()))

    def scores(self, grey: NDArray[np.float16]) -> NDArray[np.float32]:
        """Return the log-odds that patches (patch, row, column) have a spot in their middle.

        This is `network.SpotNetwork` in NumPy.
        """
        parts = [self._score(planes(grey[i : i + BATCH])) for i in range(0, len(grey), BATCH)]
        return np.concatenate([np.zeros(0, np.float32), *parts])

    def _score(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the log-odds of x (patch, row, column, plane)."""
        edge = (SIDE - MIDDLE) // 2
        half = (x[:, ::2] + x[:, 1::2]) / 2  # mean of two rows, then of two columns
        half = (half[:, :, ::2] + half[:, :, 1::2]) / 2
        views = {"around": half, "middle": x[:, edge:-edge, edge:-edge]}
        flat = []
        for name, strides in BRANCHES.items():
            maps = views[name]
            for place, stride in enumerate(strides):
                layer = f"{name}.{2 * place}"  # every other module is a rectifier
                maps = self._convolved(maps, layer, stride)
            # the order of the linear layer's inputs: (patch, channel, row, column)
            flat.append(maps.transpose(0, 3, 1, 2).reshape(len(x), -1))
        w = self.weights
        hidden = np.concatenate(flat, axis=1) @ w["score.0.weight"].T + w["score.0.bias"]
        odds = np.maximum(hidden, 0) @ w["score.3.weight"].T + w["score.3.bias"]
        return odds[:, 0]

    def _convolved(self, x: NDArray[np.float32], layer: str, stride: int) -> NDArray[np.float32]:
        """Return the rectified convolution of x (patch, row, column, channel), 3 × 3, padded."""
        kernel, bias = self.weights[f"{layer}.weight"], self.weights[f"{layer}.bias"]
        channels = x.shape[3]
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        # The three pixels of a window's row lie side by side, with their channels: a window is 3
        # rows of 3 · channels numbers, and one further right starts `channels` numbers later.
        lines = padded.reshape(*padded.shape[:2], -1)
        windows = sliding_window_view(lines, (3, 3 * channels), axis=(1, 2))
        windows = windows[:, ::stride, :: stride * channels]  # (patch, row, column, 3, 3 · channel)
        rows = windows.reshape(-1, 9 * channels)
        # kernel: (output, channel, 3, 3), to be taken in the order of the windows
        found = rows @ kernel.transpose(2, 3, 1, 0).reshape(-1, len(kernel))
        found += bias
        np.maximum(found, 0, out=found)
        return found.reshape(*windows.shape[:3], len(kernel))


def low_objects(
    prepared: Prepared, settings: Settings, spacing_mm: Spacing, threshold_k: float
) -> SliceObjects:
    """Return the objects of the classical search at a threshold of its own."""
    low = replace(settings, threshold_k=threshold_k)
    return local_objects(prepared.raw, prepared.breast, prepared.scale, low, spacing_mm)


def serialise(weights: Weights) -> tuple[bytes, str]:
    """Return the file of weights and its SHA-256."""
    content = save({name: np.ascontiguousarray(array) for name, array in weights.items()})
    return content, hashlib.sha256(content).hexdigest()


def save_search(folder: str | Path, search: LearnedSearch) -> None:
    """Write weights and account to *folder*, each whole or not at all, the account last."""
    write_bytes(Path(folder) / WEIGHTS, serialise(search.weights)[0])
    search.account.write(Path(folder) / ACCOUNT)


def load_search(folder: str | Path) -> LearnedSearch:
    """Load what `save_search` wrote; nothing of the files is executed.

    Raises
    ------
    TomocalcError
        ``E307`` for the account, ``E404`` when the weights are missing, damaged or not its own.
    """
    account, path = SearchAccount.read(Path(folder) / ACCOUNT), at_home(folder) / WEIGHTS
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != account.weights_sha256:
            raise fault("search_unusable", path, f"its SHA-256 differs from the one in {ACCOUNT}")
        search = LearnedSearch(load(content), account)
        search.scores(np.zeros((1, SIDE, SIDE), np.float16))  # its tensors fit
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise fault("search_unusable", path, f"it holds no such network ({error})") from error
    return search


def released_search(
    folder: Path | None, key: str | None, settings: Settings
) -> LearnedSearch | None:
    """Return the search that lies beside a released model, where *settings* ask for one.

    Parameters
    ----------
    folder, key
        Of the model, and of the search that its card names.
    settings
        How a volume is measured.

    Raises
    ------
    TomocalcError
        ``E602`` when the model has none, ``E404`` when it is not the one that its card names.
    """
    if settings.generator != "learned":
        return None
    if key is None or folder is None:
        why = "candidates.generator is learned, and the model has no search"
        raise fault("model_without_search", "model.json, search", why)
    search = load_search(folder)
    if search.key != key:
        why = "its SHA-256 differs from the one in the model's card"
        raise fault("search_unusable", folder / WEIGHTS, why)
    return search
