"""Train a detector on tiles, and search a volume with it."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tomocalc.detectors.marks import SliceMarks
from tomocalc.detectors.networks import STRIDE, Detector, build_detector
from tomocalc.detectors.tiles import Tiles
from tomocalc.errors import fault

log = logging.getLogger(__name__)

WHOLE_PX = 512
"""Side of the parts in which a larger slice is searched."""
MARGIN_PX = 32
"""Width by which they overlap at least, twice; marks there come from the part that sees more."""


@dataclass(frozen=True, kw_only=True)
class DetectorRecipe:
    """How a detector is trained: with Adam and one cycle of the learning rate."""

    epochs: int = 4
    batch: int = 4
    learning_rate: float = 3e-3
    seed: int = 1


def train_detector(key: str, tiles: Tiles, recipe: DetectorRecipe) -> tuple[nn.Module, list[float]]:
    """Train the detector called *key*; return it and the mean loss of every epoch.

    Equal tiles and recipe give the same weights to the bit, on one thread of a CPU.

    Raises
    ------
    TomocalcError
        ``E402`` when the training diverges, ``E406`` when torchvision is missing.
    """
    torch.set_num_threads(1)  # one thread adds in one order
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = build_detector(key).train()
        detector = cast("Detector", network)
        steps = -(-len(tiles.x) // recipe.batch)
        optimiser = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, recipe.learning_rate, epochs=recipe.epochs, steps_per_epoch=steps
        )
        losses: list[float] = []
        for epoch in range(recipe.epochs):
            total = 0.0
            for part in torch.randperm(len(tiles.x)).split(recipe.batch):
                loss = detector.loss(*_turned(tiles, part.tolist(), int(torch.randint(8, ()))))
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 5.0)
                optimiser.step()
                schedule.step()
                total += float(loss.detach()) * len(part)
            losses.append(total / len(tiles.x))
            log.info("epoch %d: loss %.4f", epoch, losses[-1])
            if not np.isfinite(losses[-1]):
                raise fault(
                    "detector_diverged", f"{key}, epoch {epoch}", f"the loss is {losses[-1]}"
                )
    return network.eval(), losses


def find_marks(network: nn.Module, planes: NDArray[np.float32]) -> SliceMarks:
    """Return what a trained detector marks on a slice (plane, row, column), in parts if large."""
    torch.set_num_threads(1)
    found = []
    for top, bottom in _spans(planes.shape[1]):
        for left, right in _spans(planes.shape[2]):
            row, col, score = _of_part(network, planes[:, top:bottom, left:right])
            # A mark near the inner border of a part is seen better by the part beyond.
            inside = _held(row, top, bottom, planes.shape[1]) & _held(
                col, left, right, planes.shape[2]
            )
            found.append(SliceMarks(row[inside] + top, col[inside] + left, score[inside]))
    return SliceMarks.joined(found)


def _of_part(network: nn.Module, planes: NDArray[np.float32]) -> tuple[NDArray[np.float64], ...]:
    rows, columns = planes.shape[1:]
    beyond = [(0, 0), (0, -rows % STRIDE), (0, -columns % STRIDE)]
    with torch.inference_mode():
        marks = cast("Detector", network).find(
            torch.from_numpy(np.pad(planes, beyond, "symmetric"))
        )
    row, col, score = (part.numpy().astype(np.float64) for part in marks)
    # Marks are places where the first pixel reaches from 0 to 1; its centre is 0 in the sheets.
    row, col = row - 0.5, col - 0.5
    inside = (row < rows - 0.5) & (col < columns - 0.5)
    return row[inside], col[inside], score[inside]


def _spans(size: int) -> Iterator[tuple[int, int]]:
    """Yield first and one past the last row of parts that cover *size* rows."""
    step = WHOLE_PX - 2 * MARGIN_PX
    for first in range(0, max(size - 2 * MARGIN_PX, 1), step):
        yield first, min(first + WHOLE_PX, size)


def _held(place: NDArray[np.float64], first: int, last: int, size: int) -> NDArray[np.bool_]:
    """Return which places of a part, counted from its first row, are its own and no other's."""
    low = MARGIN_PX if first > 0 else -1
    high = last - first - MARGIN_PX if last < size else size
    return (place >= low) & (place < high)


def _turned(tiles: Tiles, part: Sequence[int], way: int) -> tuple[Tensor, list[Tensor]]:
    """Return tiles and boxes in one of the eight ways in which a square can lie."""
    x = torch.from_numpy(tiles.x[list(part)])
    boxes = [torch.from_numpy(tiles.boxes[place].copy()) for place in part]
    side = x.shape[-1]
    if way & 1:  # left becomes right
        x = x.flip(3)
        boxes = [torch.stack([side - b[:, 2], b[:, 1], side - b[:, 0], b[:, 3]], 1) for b in boxes]
    if way & 2:  # top becomes bottom
        x = x.flip(2)
        boxes = [torch.stack([b[:, 0], side - b[:, 3], b[:, 2], side - b[:, 1]], 1) for b in boxes]
    if way & 4:  # rows become columns
        x = x.transpose(2, 3)
        boxes = [b[:, [1, 0, 3, 2]] for b in boxes]
    return x.contiguous(), boxes
