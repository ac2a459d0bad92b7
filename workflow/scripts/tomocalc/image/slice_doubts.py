"""What is doubtful about slices: what looks unlike a breast, or unlike its neighbours."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.distance import pdist, squareform
from skimage.measure import label

from tomocalc.accounts.doubts import Doubt
from tomocalc.accounts.manifest import SliceFacts
from tomocalc.image.breast import Breast
from tomocalc.image.grey import Scale

DOUBTFUL: dict[str, Callable[[SliceFacts], bool]] = {
    "constant": lambda fact: fact.qc_flag == "constant",
    "capped": lambda fact: fact.qc_flag == "capped",
    "straight_line": lambda fact: fact.line_share > LINE,
    # 42 slices of tomosynthesis reach 0.002, 2 and, as phantoms, 1.5
    "clipped": lambda fact: fact.top_share > 0.004,
    "blank_area": lambda fact: fact.blank_mm2 > 3,
    "wrapped": lambda fact: fact.wrapped > 0,
    "slice_unlike": lambda fact: fact.apart > 3,
}
"""What is doubtful about a slice, from what was seen on it."""
TWO_REGIONS = 0.35
"""Share of the breast from which on another region may be one too: 102 real images reach 0.17."""
NO_AIR = 0.85
"""Share of a slice from which on what is taken for breast holds air too: real ones reach 0.78."""

ACROSS = -0.1
"""How upright a breast is at least: 307 real images are 0 to 0.9."""
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

DRAWN = 0.15
"""Deviation from the mean or largest value of all others, as a share of that from a neighbour,
below which a slice is drawn from them: phantoms and breasts stay above 0.5."""
ROUNDING = 1.0
"""Deviation from a neighbour, in stored values, up to which slices are alike."""
PROJECTED = 9.0
"""How far apart such a slice counts as."""
BLANK = (4, 5)
"""Steps within a millimetre and in a row, of pixels of one value, that make them an area: 25 pixels
within 1.25 mm. Slices of eight bits after JPEG have 2 mm² of those, films none."""

BESIDE = 3
"""Pixels to each side of a column with which it is compared: a detector line is thinner."""
SAMPLED = 64
"""Rows at which columns are looked at."""
LEAST = 16
"""Of them in the breast, at least, for anything to be told."""
EVERY = 4
"""Columns of which one tells the usual difference."""
ENDS = 2
"""Blocks at an end of the breast in which it may be cut by the edge of a film."""
LINE = 0.6
"""Share of a column from which on an edge along it is a line: 42 slices of tomosynthesis reach
0.26."""
EDGE = 3 * 1.4826
"""Times the median difference, of any pixel, above which there is an edge: three deviations."""
FAINTEST = 2.0
"""The same in grey levels."""


def doubts_of(facts: Sequence[SliceFacts]) -> Iterator[Doubt]:
    """Yield what is doubtful about a volume by what was seen on its slices."""
    for code, holds in DOUBTFUL.items():
        if slices := tuple(fact.slice for fact in facts if holds(fact)):
            yield Doubt(code=code, slices=slices)
    usual = {
        name: float(np.median([getattr(fact, name) for fact in facts] or [0.0]))
        for name in ("other_share", "breast_share", "upright")
    }
    if usual["other_share"] > TWO_REGIONS:
        yield Doubt(code="two_regions", values={"share": usual["other_share"]})
    if usual["breast_share"] > NO_AIR:
        yield Doubt(code="no_air")
    if usual["upright"] < ACROSS:
        yield Doubt(code="lies_across")


def top_share(raw: NDArray[np.unsignedinteger], breast: Breast) -> float:
    """Return the share of the breast's pixels that have the largest of their values, 0..1."""
    lines, inside = _sampled(raw, breast.mask, breast.block)
    values = lines[inside]
    return float((values == values.max()).mean()) if values.size else 0.0


def blank_mm2(
    raw: NDArray[np.unsignedinteger], breast: Breast, spacing_mm: tuple[float, float]
) -> float:
    """Return the size of the largest area of one exact value within the breast's outline, in mm².

    Noise lets no two pixels agree for long: what does was blanked, cut off, or is of metal. A
    dark hole at the border of the image, between parts of the breast, is within its outline.
    """
    step = max(1, round(breast.block / BLANK[0]))
    seen = np.ascontiguousarray(raw[::step, ::step])
    rows, columns = (size - BLANK[1] for size in seen.shape)
    if min(rows, columns) < 1:
        return 0.0
    across, down = seen[:, 1:] == seen[:, :-1], seen[1:] == seen[:-1]
    # A pixel from which on BLANK[1] steps down, and as many across on every line, change nothing.
    column = np.logical_and.reduce([down[shift : shift + rows] for shift in range(BLANK[1])])
    flat = column[:, :columns]
    for shift in range(BLANK[1]):
        flat = flat & across[:rows, shift : shift + columns] & column[:, 1 + shift :][:, :columns]
    if not flat.any():
        return 0.0
    # Air begins within the blocks of the skin.
    within = ndimage.binary_erosion(breast.outline(), np.ones((3, 3)), border_value=1)
    lines, places = (np.arange(size) * step // breast.block for size in flat.shape)
    areas = np.asarray(label(flat & np.asarray(within)[lines][:, places], connectivity=1))
    largest = int(np.bincount(areas.ravel())[1:].max(initial=0))
    return largest * step * step * spacing_mm[0] * spacing_mm[1]


def edge_share(raw: NDArray[np.unsignedinteger], breast: Breast, scale: Scale) -> float:
    """Return the largest share of a row or column in the breast along which an edge runs, 0..1.

    What is anatomy bends. A line of the detector, a frame, and the border of padding or of
    collimation run along the rows or columns of the image. One at which the breast ends above,
    below, or on a single side does not count: the edge of a film, beside which nothing is marked.
    """
    ways = ((raw, breast.mask, True), (raw.T, breast.mask.T, False))
    return max(
        _along_columns(*_sampled(image, mask, breast.block), scale, breast.block, sides=sides)
        for image, mask, sides in ways
    )


def _sampled(
    raw: NDArray[np.unsignedinteger], mask: NDArray[np.bool_], block: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return some rows of a slice, and which of their pixels are breast, (row, column)."""
    rows = np.arange(0, raw.shape[0], max(1, raw.shape[0] // SAMPLED))
    inside = np.repeat(mask[rows // block], block, axis=1)
    return raw[rows].astype(np.float32), inside[:, : raw.shape[1]]


def _along_columns(
    lines: NDArray[np.float32], inside: NDArray[np.bool_], scale: Scale, block: int, *, sides: bool
) -> float:
    """Return the largest share of a column along which an edge runs.

    Columns that hold less than half as much of the breast as the fullest say nothing: the skin
    touches them. Nor do those at its ends, unless it is cut at both *sides*.
    """
    inside = inside[:, BESIDE:-BESIDE]
    # Column c against the mean of c - BESIDE and c + BESIDE, for every c that has both.
    beside = (lines[:, : -2 * BESIDE] + lines[:, 2 * BESIDE :]) / 2
    step = lines[:, BESIDE:-BESIDE] - beside
    pixels = inside.sum(axis=0)
    told = pixels >= max(LEAST, int(pixels.max(initial=0)) / 2)
    if not told.any():
        return 0.0
    usual = float(np.median(np.abs(step[:, ::EVERY][inside[:, ::EVERY]])))
    limit = max(EDGE * usual, FAINTEST / scale.gain)
    brighter, darker = (((sign * step > limit) & inside).sum(axis=0) for sign in (1, -1))
    share = np.maximum(brighter, darker) * told / np.maximum(pixels, 1)
    held = np.flatnonzero(pixels)
    ends = (slice(held[0], held[0] + ENDS * block), slice(held[-1] - ENDS * block, held[-1] + 1))
    at_border = (bool(told[0]), bool(told[-1]))
    cut = [there or share[end].max() > LINE for end, there in zip(ends, at_border, strict=True)]
    if not (sides and all(cut)):
        for end in ends:
            share[end] = 0.0
    return float(share.max())


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


def pixels(raw: NDArray[np.unsignedinteger]) -> NDArray[np.float32]:
    """Return a regular sample of a slice's pixels, at most `SAMPLED` along each side."""
    return raw[tuple(slice(None, None, -(-size // SAMPLED)) for size in raw.shape)].astype(
        np.float32
    )


def drawn_from_others(samples: Sequence[NDArray[np.float32]]) -> list[bool]:
    """Return which slices are the mean or the largest of all others, whatever their grey scale.

    Every genuine slice has noise of its own. Two slices tell nothing, nor does a copy.

    Parameters
    ----------
    samples
        Of every slice in order its `pixels`.
    """
    if len(samples) < 3:
        return [False] * len(samples)
    total = np.zeros_like(samples[0])
    first = second = np.full_like(total, -np.inf)
    for own in samples:  # and no stack of them all, which would take their memory again
        total += own
        second = np.maximum(second, np.minimum(first, own))
        first = np.maximum(first, own)
    found = []
    for index, own in enumerate(samples):
        mean = (total - own) / np.float32(len(samples) - 1)
        from_others = min(
            _left_over(own, mean), _left_over(own, np.where(own < first, first, second))
        )
        beside = [samples[at] for at in (index - 1, index + 1) if 0 <= at < len(samples)]
        nearest = min(_left_over(own, other) for other in beside)
        found.append(nearest > ROUNDING and from_others < DRAWN * nearest)
    return found


def _left_over(values: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return what a straight line through *other* leaves of the deviation of *values*."""
    spread = float(other.std())
    if spread == 0:
        return float(values.std())
    slope = float(((values - values.mean()) * (other - other.mean())).mean()) / spread**2
    return float((values - slope * other).std())


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
