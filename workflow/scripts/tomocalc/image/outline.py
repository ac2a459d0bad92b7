"""The outline of the breast in a volume, small enough to be kept beside its objects."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tomocalc.image.breast import Breast


@dataclass(frozen=True, eq=False)
class Outline:
    """First and one past the last block of the breast in every row of blocks.

    Attributes
    ----------
    block
        Side of a block in pixels.
    spans
        Shape (block row, 2); both zero where a row has none.
    """

    block: int
    spans: NDArray[np.int64]

    @classmethod
    def of(cls, breasts: list[Breast]) -> Outline | None:
        """Unite the breasts of several slices; None without any."""
        if not breasts:
            return None
        mask = np.logical_or.reduce([breast.mask for breast in breasts])
        first = np.where(mask.any(axis=1), mask.argmax(axis=1), 0)
        last = mask.shape[1] - mask[:, ::-1].argmax(axis=1)
        stop = np.where(mask.any(axis=1), last, 0)
        return cls(breasts[0].block, np.column_stack([first, stop]))

    def text(self) -> str:
        """Write the outline as text."""
        return json.dumps({"block": self.block, "spans": self.spans.tolist()})

    @classmethod
    def from_text(cls, text: str) -> Outline:
        """Read what `text` wrote."""
        parts = json.loads(text)
        return cls(parts["block"], np.array(parts["spans"], np.int64).reshape(-1, 2))

    @property
    def centre(self) -> tuple[float, float]:
        """Row and column of the centre of mass in pixels."""
        width = (self.spans[:, 1] - self.spans[:, 0]).astype(np.float64)
        row = np.average(np.arange(width.size) + 0.5, weights=width)
        col = np.average(self.spans.mean(axis=1), weights=width)
        return float(row * self.block), float(col * self.block)

    def holds(self, row: float, col: float) -> bool:
        """Return whether a point lies inside."""
        line, block = int(row // self.block), int(col // self.block)
        return bool(
            0 <= line < len(self.spans) and self.spans[line, 0] <= block < self.spans[line, 1]
        )
