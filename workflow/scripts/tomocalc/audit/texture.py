"""How like two slices are: by their texture, for breasts resemble each other in outline and grey.

Every slice is reduced to `SIDE` × `SIDE` cells, only what differs from its surroundings is kept,
and slices are compared by correlation in all turns and mirrors. Images of different women correlate
with less than 0.31 in 162 mammograms of mini-MIAS and with less than 0.15 in 42 tomosynthesis
slices of BCS-DBT; a copy in another size or as JPEG with more than 0.99.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, gaussian_filter, label

SIDE = 64
"""Cells along each side of what is kept of a slice."""
COPY = 0.85
"""Correlation from which on two slices are copies of one image."""
SAME = 0.45
"""Correlation from which on two slices show the same breast."""
AIR = 0.15
"""Share of the range of grey below which a cell is air."""
BLOCK = 512
"""Slices of the test part that are compared at once."""

Floats = NDArray[np.float32]


def texture(image: NDArray[Any]) -> Floats:
    """Return what tells a slice from those of other breasts, a vector of length 1.

    Inside the breast each cell is compared with its neighbourhood and measured in units of how
    much cells differ there; the rim, where every breast grows thin, is left out. All zeros for an
    image that shows nothing.
    """
    cells = _cells(image)
    low, high = np.percentile(cells, (2, 99))
    if high <= low:
        return np.zeros(SIDE * SIDE, np.float32)
    pieces = np.zeros(cells.shape, np.int32)
    label(cells > low + AIR * (high - low), output=pieces)
    breast = pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:])
    near = gaussian_filter(breast.astype(np.float64), 1.0) + 1e-9
    differs = cells - gaussian_filter(cells * breast, 1.0) / near
    inside = binary_erosion(breast, iterations=2, border_value=1)
    differs *= inside
    spread = np.sqrt(gaussian_filter(differs**2, 2.0) / (gaussian_filter(1.0 * inside, 2.0) + 1e-9))
    differs = np.clip(differs / (spread + 0.05 * spread.max() + 1e-12), -3, 3) * inside
    differs -= inside * differs.sum() / max(inside.sum(), 1)
    length = np.linalg.norm(differs)
    return (differs / length if length > 0 else differs).astype(np.float32).ravel()


def _cells(image: NDArray[Any]) -> NDArray[np.float64]:
    """Return the means of an image over `SIDE` × `SIDE` equal cells, parts of pixels counted."""
    cells = image.astype(np.float64)
    for _ in range(2):  # down the rows, then, turned, down the columns
        size = len(cells)
        total = np.concatenate([np.zeros((1, cells.shape[1])), cells.cumsum(axis=0)])
        edge = np.linspace(0, size, SIDE + 1)
        below = np.floor(edge).astype(int)
        share = (edge - below)[:, None]
        upto = (1 - share) * total[below] + share * total[np.minimum(below + 1, size)]
        cells = np.diff(upto, axis=0).T * SIDE / size
    return cells


def likest(asked: Floats, learnt: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Return of every texture the learnt one that is likest in any turn or mirror, and how like.

    Parameters
    ----------
    asked, learnt
        (slice, cell), as `texture` gives them.

    Returns
    -------
    place, correlation
        Of each asked one: a row of *learnt*, and the correlation with it.
    """
    best, twin = np.full(len(asked), -1.0, np.float32), np.zeros(len(asked), np.int64)
    for start in range(0, len(asked), BLOCK):
        here = slice(start, start + BLOCK)
        cells = asked[here].reshape(-1, SIDE, SIDE)
        rows = np.arange(len(cells))
        for way in range(8):  # four turns, each of them mirrored too
            turned = np.rot90(cells, way % 4, axes=(1, 2))
            turned = turned[:, :, ::-1] if way >= 4 else turned
            alike = turned.reshape(len(cells), -1) @ learnt.T  # (asked, learnt)
            place = alike.argmax(axis=1)
            value = alike[rows, place]
            twin[here] = np.where(value > best[here], place, twin[here])
            best[here] = np.maximum(value, best[here])
    return twin, best
