"""The network that tells spots from what looks like them, and its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from tomocalc.accounts.search import SearchAccount
from tomocalc.errors import TomocalcError
from tomocalc.files import file_sha256, write_bytes
from tomocalc.learned.patches import SIDE

MIDDLE = 12
"""Pixels of the patch's middle that the second branch sees at full resolution."""
BATCH = 256
"""Patches that are scored at once: their maps stay in the cache."""
WEIGHTS, ACCOUNT = "search.safetensors", "search.json"


class SpotNetwork(nn.Module):
    """Two branches of convolutions, one over the patch and one over its middle, and a score.

    The first sees what an object lies in (a vessel's end, a crossing of lines), the second its
    shape. About 70,000 weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.around = nn.Sequential(
            *_layer(2, 16, stride=1),
            *_layer(16, 24, stride=2),
            *_layer(24, 32, stride=2),
            *_layer(32, 32, stride=2),
            nn.Flatten(),
        )  # (patch, 32 · 4 · 4)
        self.middle = nn.Sequential(
            *_layer(2, 16, stride=1),
            *_layer(16, 24, stride=2),
            *_layer(24, 32, stride=2),
            nn.Flatten(),
        )  # (patch, 32 · 3 · 3)
        self.score = nn.Sequential(
            nn.Linear(32 * 16 + 32 * 9, 48), nn.ReLU(), nn.Dropout(0.2), nn.Linear(48, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the log-odds of a spot for x (patch, plane, row, column), shape (patch,)."""
        edge = (SIDE - MIDDLE) // 2
        near = x[:, :, edge:-edge, edge:-edge]
        return self.score(torch.cat([self.around(x), self.middle(near)], dim=1))[:, 0]


def _layer(inputs: int, outputs: int, *, stride: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), nn.ReLU()


def spot_scores(network: SpotNetwork, patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log-odds that each patch (patch, plane, row, column) has a spot in its middle."""
    network.eval()
    with torch.inference_mode():
        parts = [network(part) for part in torch.from_numpy(patches).split(BATCH)]
        return torch.cat(parts).numpy() if parts else np.zeros(0, np.float32)


def save_search(folder: str | Path, network: SpotNetwork, account: SearchAccount) -> None:
    """Write weights and account to *folder*, each whole or not at all, the account last."""
    weights = Path(folder) / WEIGHTS
    write_bytes(weights, save(network.state_dict()))
    account.with_weights(file_sha256(weights)).write(Path(folder) / ACCOUNT)


def load_search(folder: str | Path) -> tuple[SpotNetwork, SearchAccount]:
    """Load what `save_search` wrote; nothing of the files is executed.

    Raises
    ------
    TomocalcError
        ``E307`` for the account, ``E404`` when the weights are missing, damaged or not its own.
    """
    folder = Path(folder)
    account = SearchAccount.read(folder / ACCOUNT)
    weights = folder / WEIGHTS
    try:
        if file_sha256(weights) != account.weights_sha256:
            raise _misfit(weights, f"its SHA-256 differs from the one in {ACCOUNT}")
        with safe_open(weights, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        network = SpotNetwork()
        network.load_state_dict(tensors)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise _misfit(weights, f"it holds no such network ({error})") from error
    return network.eval(), account


def _misfit(path: Path, why: str) -> TomocalcError:
    return TomocalcError(
        "E404",
        what="a learned search cannot be used",
        where=str(path),
        why=why,
        fix="take both files of one search, unaltered, or train it again",
    )
