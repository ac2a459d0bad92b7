"""Textbook searches for blobs as scikit-image has them, tuned on the tiles of training patients."""

from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from skimage.feature import blob_dog, hessian_matrix
from skimage.filters import gaussian

from tomocalc.detectors.marks import SliceMarks
from tomocalc.detectors.tiles import Tiles

RATIO = 1.6
"""Of the two Gaussians' standard deviations."""
NARROWEST_PX, WIDEST_PX = (0.7, 1.0, 1.5), (2.5, 4.0)
"""Standard deviations among which the first and the last scale are chosen."""
HESSIAN = (0.0, 1.4)
"""Of determinant over squared trace: 0, only what is convex stays; 1.4 is HDoGReg's."""
LEAST = 0.02
"""Response below which nothing is marked, in units of a detector's planes."""
MOST = 50
"""Marks of a tile or slice."""
OVERLAP = 0.5
"""Share of two blobs' area from which on they are one; both methods' default."""
NEAR_PX = 3.0
"""A mark this close to the centre of a box is on it, where settings are chosen."""


@dataclass(frozen=True, kw_only=True)
class BlobSearch:
    """Marks the peaks of a difference of Gaussians over some scales by their height.

    Attributes
    ----------
    narrowest_px, widest_px
        Standard deviations of the first scale, and at most of the last.
    hessian
        None: all peaks. Else those alone where the Hessian of the response has a negative trace
        and, over its squared trace, a determinant that is positive or in absolute value below this:
        the blob stage of HDoGReg (Marasinou et al., IEEE Access 2021).
    """

    narrowest_px: float
    widest_px: float
    hessian: float | None

    def marks(self, planes: NDArray[np.float32]) -> SliceMarks:
        """Search the middle one of some planes (plane, row, column)."""
        image = planes[len(planes) // 2].astype(np.float64)
        blobs = blob_dog(
            image,
            min_sigma=self.narrowest_px,  # type: ignore[arg-type]
            max_sigma=self.widest_px,  # type: ignore[arg-type]
            sigma_ratio=RATIO,
            threshold=LEAST,
            overlap=OVERLAP,
        )
        row, col, sigma = blobs[:, 0].astype(int), blobs[:, 1].astype(int), blobs[:, 2]
        score, keep = np.zeros(len(row)), np.ones(len(row), bool)
        for width in np.unique(sigma):
            # (σ₂ − σ₁) / σ₁ = RATIO − 1 at every scale: heights are comparable.
            response = (gaussian(image, width) - gaussian(image, RATIO * width)) / (RATIO - 1)
            at = sigma == width
            score[at] = response[row[at], col[at]]
            if self.hessian is not None:
                keep[at] = _blob_like(response, self.hessian)[row[at], col[at]]
        best = np.flatnonzero(keep)[np.argsort(-score[keep], kind="stable")][:MOST]
        return SliceMarks(row[best].astype(float), col[best].astype(float), score[best])


def _blob_like(response: NDArray[np.float64], limit: float) -> NDArray[np.bool_]:
    """Return where the Hessian of a response is that of a bright blob, (row, column)."""
    down, mixed, across = hessian_matrix(
        response, sigma=0, order="rc", use_gaussian_derivatives=False
    )
    trace, determinant = down + across, down * across - mixed**2
    return (trace < 0) & ((determinant > 0) | (np.abs(determinant) < limit * trace**2))


def tune_blobs(kind: Literal["blob_dog", "hdogreg"], tiles: Tiles) -> BlobSearch:
    """Return the settings that rank the calcifications of some tiles best."""
    limits = HESSIAN if kind == "hdogreg" else (None,)
    searches = [
        BlobSearch(narrowest_px=narrowest, widest_px=widest, hessian=limit)
        for narrowest, widest, limit in product(NARROWEST_PX, WIDEST_PX, limits)
    ]
    return max(searches, key=lambda search: precision(search, tiles))


def precision(search: BlobSearch, tiles: Tiles) -> float:
    """Return the average precision of the marks of all tiles; a missed calcification counts 0."""
    scores, hits, missing = list[float](), list[bool](), 0
    for image, boxes in zip(tiles.x, tiles.boxes, strict=True):
        marks = search.marks(image)
        centres = np.column_stack([boxes[:, 1] + boxes[:, 3], boxes[:, 0] + boxes[:, 2]]) / 2 - 0.5
        places = np.column_stack([marks.row, marks.col])
        # (mark, calcification); marks come best first, and the first one on a place counts.
        apart = np.linalg.norm(places[:, None] - centres[None], axis=2) <= NEAR_PX
        first = np.where(apart.any(axis=0), apart.argmax(axis=0), -1) if len(apart) else ()
        on = apart.any(axis=1)
        chosen = np.zeros(len(on), bool)
        chosen[[place for place in first if place >= 0]] = True
        keep = chosen | ~on  # a second mark on one calcification is neither right nor wrong
        scores += marks.score[keep].tolist()
        hits += chosen[keep].tolist()
        missing += len(centres)
    order = np.argsort(-np.array(scores), kind="stable")
    right = np.array(hits, bool)[order]
    at_each = np.cumsum(right) / np.arange(1, len(right) + 1)
    return float(at_each[right].sum() / max(missing, 1))
