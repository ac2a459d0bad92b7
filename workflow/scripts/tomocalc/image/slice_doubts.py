"""What is doubtful about slices: what looks unlike a breast, or unlike its neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from tomocalc.accounts.doubts import Doubt
from tomocalc.accounts.manifest import SliceFacts
from tomocalc.image.breast import Breast
from tomocalc.image.grey import Scale

DOUBTFUL: dict[str, Callable[[SliceFacts], bool]] = {
    "constant": lambda fact: fact.qc_flag == "constant",
    "capped": lambda fact: fact.qc_flag == "capped",
    # 42 slices of tomosynthesis reach 0.25 and 0.002, phantoms 1.5
    "straight_line": lambda fact: fact.line_share > 0.6,
    "clipped": lambda fact: fact.top_share > 0.004,
    "slice_unlike": lambda fact: fact.apart > 3,
}
"""What is doubtful about a slice, from what was seen on it."""
TWO_REGIONS = 0.35
"""Share of the breast from which on another region may be one too: 102 real images reach 0.17."""
NO_AIR = 0.85
"""Share of a slice from which on what is taken for breast holds air too: real ones reach 0.78."""

COARSE = 48
"""Blocks along the longer side of the views by which slices are compared."""
FEW = 5
"""Slices below which nothing is told by how alike they are."""
MANY = 12
"""Slices from which on the most alike ones are neighbours, whatever the volume shows."""
UNLIKE = 1.4
"""How much farther apart than the most alike slices neighbours are where the order is wrong: in
phantoms at most 1.05, and 1.5 to 6 once they are shuffled, interleaved, or sorted as text."""
EVERY_OTHER = 0.8
"""Largest share of the distance of neighbours that every other slice has where two volumes
interleave."""

BESIDE = 3
"""Pixels to each side of a column with which it is compared: a detector line is thinner."""
SAMPLED = 64
"""Rows at which columns are looked at."""
LEAST = 16
"""Of them in the breast, at least, for anything to be told."""
EDGE = 3 * 1.4826
"""Times the median difference, of any pixel, above which there is an edge: three deviations."""
FAINTEST = 2.0
"""The same in grey levels."""


def doubts_of(facts: Sequence[SliceFacts]) -> Iterator[Doubt]:
    """Yield what is doubtful about a volume by what was seen on its slices."""
    for code, holds in DOUBTFUL.items():
        if slices := tuple(fact.slice for fact in facts if holds(fact)):
            yield Doubt(code=code, slices=slices)
    other = float(np.median([fact.other_share for fact in facts] or [0.0]))
    if other > TWO_REGIONS:
        yield Doubt(code="two_regions", values={"share": other})
    if float(np.median([fact.breast_share for fact in facts] or [0.0])) > NO_AIR:
        yield Doubt(code="no_air")


def top_share(raw: NDArray[np.unsignedinteger], breast: Breast) -> float:
    """Return the share of the breast's pixels that have the largest of their values, 0..1."""
    lines, inside = _sampled(raw, breast.mask, breast.block)
    values = lines[inside]
    return float((values == values.max()).mean()) if values.size else 0.0


def edge_share(raw: NDArray[np.unsignedinteger], breast: Breast, scale: Scale) -> float:
    """Return the largest share of a row or column in the breast along which an edge runs, 0..1.

    What is anatomy bends. A line of the detector, a frame, and the border of padding or of
    collimation run along the rows or columns of the image.
    """
    faintest = FAINTEST / scale.gain
    ways = ((raw, breast.mask), (raw.T, breast.mask.T))
    return max(_along_columns(*_sampled(*way, breast.block), faintest) for way in ways)


def _sampled(
    raw: NDArray[np.unsignedinteger], mask: NDArray[np.bool_], block: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return some rows of a slice, and which of their pixels are breast, (row, column)."""
    rows = np.arange(0, raw.shape[0], max(1, raw.shape[0] // SAMPLED))
    inside = np.repeat(mask[rows // block], block, axis=1)
    return raw[rows].astype(np.float32), inside[:, : raw.shape[1]]


def _along_columns(lines: NDArray[np.float32], inside: NDArray[np.bool_], faintest: float) -> float:
    """Return the largest share of a column along which an edge runs.

    Columns that hold less than half as much of the breast as the fullest say nothing: the skin
    touches them.
    """
    inside = inside[:, BESIDE:-BESIDE]
    # Column c against the mean of c - BESIDE and c + BESIDE, for every c that has both.
    beside = (lines[:, : -2 * BESIDE] + lines[:, 2 * BESIDE :]) / 2
    step = lines[:, BESIDE:-BESIDE] - beside
    pixels = inside.sum(axis=0)
    told = pixels >= max(LEAST, int(pixels.max(initial=0)) / 2)
    if not told.any():
        return 0.0
    limit = max(EDGE * float(np.median(np.abs(step[inside]))), faintest)
    brighter, darker = (((sign * step > limit) & inside).sum(axis=0) for sign in (1, -1))
    return float((np.maximum(brighter, darker)[told] / pixels[told]).max())


def steps(views: Sequence[NDArray[np.float32]]) -> list[float]:
    """Return how far each slice is from its nearer neighbour, over the usual distance.

    A projection among slices, one that is inverted or cut short, and one that is in a wrong place
    are far from both neighbours. Zeros for too few slices, and for copies.

    Parameters
    ----------
    views
        Of every slice in order its means over blocks.
    """
    apart = [float(np.linalg.norm(one - other)) for one, other in pairwise(views)]
    if len(views) < FEW or not any(apart):
        return [0.0] * len(views)
    # Two of few steps may lead to one odd slice, and a copy is no step.
    usual = float(np.quantile([step for step in apart if step], 0.25))
    ends = zip([np.inf, *apart], [*apart, np.inf], strict=True)
    return [min(before, after) / usual for before, after in ends]


def unlikeness(views: Sequence[NDArray[np.float32]]) -> float:
    """Return how many times as far apart as the most alike slices neighbours are, where doubtful.

    Neighbouring slices of a volume are the most alike ones. They are not where the order is wrong,
    or where two volumes interleave: then every other slice is more alike.

    Parameters
    ----------
    views
        Of every slice in order its means over blocks.

    Returns
    -------
    float
        0 where nothing is doubtful.
    """
    if len(views) < FEW:
        return 0.0
    apart = squareform(pdist(np.stack([image.ravel() for image in views])))
    beside, every_other = np.diagonal(apart, 1), np.diagonal(apart, 2)
    np.fill_diagonal(apart, np.inf)
    closest = float(apart.min(axis=1).mean())
    times = float(beside.mean()) / closest if closest > 0 else 0.0
    # Step k leads from slice k to k + 1; slice k and k + 2 lie on either side of two steps.
    two_steps = np.minimum(beside[:-1], beside[1:])
    interleaved = bool((every_other < EVERY_OTHER * two_steps).all())
    return times if interleaved or (len(views) >= MANY and times >= UNLIKE) else 0.0
