"""Where the breast is: a mask at about one millimetre, good enough to stay off film labels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.measure import label

Number = TypeVar("Number", bound=np.generic)

BLOCK_MM = 1.0
"""Side of the blocks on which the mask is found."""

SKIN_FRACTION = 0.6
"""Share of Otsu's threshold on the square root of the image that still counts as breast.

Otsu alone cuts at the fibroglandular tissue of many images and loses the fatty rim below the
skin; on film and tomosynthesis images alike the background stays well below this share.
"""


@dataclass(frozen=True, eq=False)
class Breast:
    """The breast on a grid of square blocks.

    Attributes
    ----------
    mask
        True where a block is breast, shape (block rows, block columns).
    block
        Side of a block in pixels; the last block of a row or column can be cut.
    other
        Area of the second largest bright region, as a share of that of the breast.
    bright
        True where a block is bright, thin parts and labels too; None where nothing was found.
    """

    mask: NDArray[np.bool_]
    block: int
    other: float = 0.0
    bright: NDArray[np.bool_] | None = None

    @property
    def share(self) -> float:
        """Share of the slice that is breast, 0..1."""
        return float(self.mask.mean())

    @property
    def upright(self) -> float:
        """How much more of the left or right side of its box it fills than of top or bottom, ±1.

        The chest wall is its broad side, and lies on the left or the right.
        """
        rows, columns = (np.flatnonzero(self.mask.any(axis=axis)) for axis in (1, 0))
        if not rows.size:
            return 0.0
        box = self.mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        ends = (box, box[::-1], box.T, box.T[::-1])
        top, bottom, left, right = (float(end[: -(-len(end) // 20)].mean()) for end in ends)
        return max(left, right) - max(top, bottom)

    def box(self, shape: tuple[int, int]) -> tuple[slice, slice]:
        """Return the pixel rows and columns that hold the breast, all of *shape* if none does."""
        spans = []
        for axis, size in enumerate(shape):
            hit = np.flatnonzero(self.mask.any(axis=1 - axis))
            first, last = (hit[0], hit[-1] + 1) if hit.size else (0, self.mask.shape[axis])
            spans.append(slice(int(first) * self.block, min(int(last) * self.block, size)))
        return spans[0], spans[1]

    def pixels(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the mask at full resolution."""
        full = np.repeat(np.repeat(self.mask, self.block, axis=0), self.block, axis=1)
        return full[: shape[0], : shape[1]]

    def outline(self) -> NDArray[np.bool_]:
        """Return the mask with its thin parts, and without holes, those at the border too."""
        whole = self.mask if self.bright is None else self.mask | self.bright
        padded = np.pad(whole, 1)
        for turn in range(4):
            edge, line = np.rot90(padded, turn)[0], np.rot90(whole, turn)[0]
            if (held := np.flatnonzero(line)).size:
                edge[1 + held[0] : 2 + held[-1]] = True
        around = np.asarray(label(~padded, connectivity=1))
        frame = np.concatenate([around[0], around[-1], around[:, 0], around[:, -1]])
        regions = np.asarray(label(~np.isin(around, frame[frame > 0])[1:-1, 1:-1], connectivity=1))
        return np.isin(regions, np.unique(regions[self.mask]))

    def at(self, blocks: NDArray[Number], row: NDArray[Any], col: NDArray[Any]) -> NDArray[Number]:
        """Look up a value per block at pixel positions."""
        return blocks[(row // self.block).astype(np.intp), (col // self.block).astype(np.intp)]

    def sample(self, image: NDArray[np.integer]) -> NDArray[np.integer]:
        """Return a regular sample of the breast's pixels, about three rows and columns of a block.

        Percentiles need no more. Blocks at the edge, which are partly air, are left out.
        """
        step = max(1, self.block // 3)
        inner = ndimage.binary_erosion(self.mask, np.ones((3, 3)), border_value=1)
        mask = np.asarray(inner if np.any(inner) else self.mask, np.bool_)
        rows, cols = (np.arange(0, size, step) // self.block for size in image.shape)
        return image[::step, ::step][mask[rows][:, cols]]

    @cached_property
    def depth(self) -> NDArray[np.float32]:
        """Return each block's distance to the nearest block outside the breast, in pixels.

        The image border does not count as skin, because the chest wall lies beyond it. In an
        image that is all breast the distance to the image border is taken instead.
        """
        padded = self.mask if not self.mask.all() else np.pad(self.mask, 1)
        distance = ndimage.distance_transform_edt(padded)
        assert isinstance(distance, np.ndarray)
        if padded is not self.mask:
            distance = distance[1:-1, 1:-1]
        return (np.maximum(distance - 0.5, 0) * self.block).astype(np.float32)


def find_breast(image: NDArray[np.integer], spacing_mm: tuple[float, float]) -> Breast:
    """Find the breast: the largest bright region after its narrow bridges are cut.

    Parameters
    ----------
    image
        Raw slice, shape (row, column).
    spacing_mm
        (row, column).

    Notes
    -----
    Blocks of about 1 mm are averaged. The square root of what they are above the darkest one (it
    evens out dark and bright tissue) is compared with 0.6 × Otsu's threshold, a 5 × 5 opening
    cuts labels and tape off, the largest 4-connected region is kept and its holes are filled. An
    image without contrast is all breast.
    """
    block = max(1, round(BLOCK_MM / max(spacing_mm)))
    tone = block_means(image, block)
    # Values are known up to a shift and a factor only: signed ones lie at half the range.
    tone -= tone.min()
    tone = np.sqrt(tone)
    if tone.max() <= 0:
        return Breast(np.ones(tone.shape, np.bool_), block)
    bright = tone > SKIN_FRACTION * threshold_otsu(tone)
    # Padding by reflection: the opening must not eat the breast where it meets the border.
    opened = ndimage.binary_opening(np.pad(bright, 2, mode="edge"), np.ones((5, 5)))[2:-2, 2:-2]
    labels = np.asarray(label(opened, connectivity=1))
    if not labels.any():
        return Breast(np.ones(tone.shape, np.bool_), block)
    sizes = np.bincount(labels.ravel())[1:]
    filled = ndimage.binary_fill_holes(labels == 1 + int(np.argmax(sizes)))
    second = float(np.sort(sizes)[-2] / sizes.max()) if sizes.size > 1 else 0.0
    return Breast(np.asarray(filled, np.bool_), block, second, bright)


def block_means(image: NDArray[np.integer], block: int) -> NDArray[np.float32]:
    """Average *image* over blocks; blocks cut by the border average what they have.

    Of a block about four rows and columns are read: its mean needs no more.
    """
    sums: NDArray[np.generic] = image
    counts = []
    for size in image.shape:
        # Rows first; turned over, the columns are the rows.
        total = np.zeros((-(-size // block), sums.shape[1]), np.float32)
        count = np.zeros(len(total), np.float32)
        for first in range(0, block, max(1, block // 4)):
            lines = sums[first::block]
            total[: len(lines)] += lines
            count[: len(lines)] += 1
        counts.append(count)
        sums = total.T
    return (sums / np.outer(*counts)).astype(np.float32)


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
