"""What is kept of a volume to be looked at: slices and candidates, small enough for a page.

All is taken in passing, while a slice is decoded and prepared anyway; what a resumed run did not
pass is decoded for it. Everything is JPEG files in one table, ``previews.parquet``.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import DTypeLike, NDArray
from PIL import Image

from tomocalc.image.display import BRIGHTEN, PANEL

if TYPE_CHECKING:
    from tomocalc.image.objects import VolumeObjects
    from tomocalc.image.slices import Prepared
    from tomocalc.image.statistics import Grey
    from tomocalc.readers.scale import VolumeHeader
    from tomocalc.readers.volume import Volume

LONGEST = 900
"""Largest height and width of a frame in pixels."""

QUALITY = 60
"""Of the JPEG frames: 60 slices of a whole breast stay below 10 MB on a page."""

CROP_MM = 6.0
CROP_QUALITY = 88
MOST_CROPS = 1000
"""Candidates that get a crop: those that stand out most."""

PREVIEWS: Final = pl.Schema({"kind": pl.String(), "number": pl.Int32(), "jpeg": pl.Binary()})
"""Kinds of previews.

``slice`` by its index and ``candidate`` by its id, for a page to scroll through; and for the
picture of the volume its ``projection``, the slice ``in focus`` and the candidate that stands out
most, ``inset``.
"""

PREVIEWS_FILE = "previews.parquet"
"""Beside the shards."""


class Previews:
    """Previews of one volume, gathered in any order; slices can be shown from several threads.

    Parameters
    ----------
    header
        Size and spacing of the volume.
    page
        Whether slices and candidates are kept for a page too.
    """

    def __init__(self, header: VolumeHeader, *, page: bool) -> None:
        self._spacing_mm, self._page, self._lock = header.spacing_mm, page, Lock()
        self._factor = reduction(header.rows, header.columns)
        self._frame_factor = max(1, math.ceil(max(header.rows, header.columns) / LONGEST))
        self._projection: NDArray[np.uint8] | None = None
        self._seen: set[int] = set()
        self._frames: dict[int, bytes] = {}
        self._stills: dict[int, bytes] = {}
        self._crops: dict[int, bytes] = {}
        self._best, self._chosen = -1, np.zeros(0, np.int64)

    def choose(self, found: VolumeObjects) -> None:
        """Settle which slice is shown whole, and which candidates get a crop."""
        self._best = best_slice(found)
        self._chosen = most_visible(found, MOST_CROPS if self._page else 1)

    def see_slice(self, index: int, prepared: Prepared) -> None:
        """Keep a slice at the size of a screen, and its maximum."""
        top = reduce_max(prepared.grey, self._factor)
        with self._lock:
            before = self._projection
            self._projection = top if before is None else np.maximum(top, before)
            self._seen.add(index)
        if self._page:
            brightened = reduce_mean(prepared.grey, self._frame_factor) * BRIGHTEN
            self._frames[index] = jpeg(brightened, QUALITY)

    def see_candidates(self, index: int, prepared: Prepared, found: VolumeObjects) -> None:
        """Keep what surrounds the chosen candidates whose best focus is this slice."""
        if index == self._best:
            self._stills[index] = jpeg(reduce_mean(prepared.grey, self._factor), CROP_QUALITY)
        here = self._chosen[found.candidates.focus[self._chosen] == index]
        if not here.size:
            return
        objects = found.runs[index].take(found.candidates.focus_object[here])
        places = (values.tolist() for values in (here, *objects.centres()))
        for candidate, row, col in zip(*places, strict=True):
            around = crop(prepared.grey, row, col, self._spacing_mm)
            self._crops[candidate] = jpeg(around, CROP_QUALITY)

    def complete(self, stack: Volume, found: VolumeObjects) -> pl.DataFrame:
        """Return columns `PREVIEWS`; slices that were not shown are decoded for it."""
        lacking = self._chosen[~np.isin(self._chosen, list(self._crops))]
        foci = found.candidates.focus[lacking]
        for index in (facts.slice for facts in found.facts):
            again = index in foci or (index == self._best and index not in self._stills)
            if index in self._seen and not again:
                continue
            # a page is made of kept previews without the packages that prepare a slice
            from tomocalc.image.slices import prepare

            prepared = prepare(stack.read(index), self._spacing_mm)
            if prepared is None:
                continue
            if index not in self._seen:
                self.see_slice(index, prepared)
            if again:
                self.see_candidates(index, prepared, found)
        rows = [("in focus", index, image) for index, image in self._stills.items()]
        if self._projection is not None:
            rows += [("projection", 0, jpeg(self._projection, CROP_QUALITY))]
        strongest = most_visible(found, 1).tolist()
        rows += [("inset", number, self._crops[number]) for number in strongest]
        if self._page:
            rows += [("candidate", number, image) for number, image in sorted(self._crops.items())]
            rows += [("slice", index, image) for index, image in sorted(self._frames.items())]
        return pl.DataFrame(rows, schema=PREVIEWS, orient="row")


def images_of(table: pl.DataFrame, kind: str) -> Mapping[int, bytes]:
    """Return the JPEG files of one kind by their number."""
    return {number: image for name, number, image in table.iter_rows() if name == kind}


def best_slice(found: VolumeObjects) -> int:
    """Return the slice on which most candidates are in best focus, or else the middle one."""
    readable = [facts.slice for facts in found.facts]
    foci = np.bincount(found.candidates.focus, minlength=max(readable) + 1)[readable]
    return readable[int(np.argmax(foci)) if foci.any() else len(readable) // 2]


def most_visible(found: VolumeObjects, most: int) -> NDArray[np.int64]:
    """Return the ids of the candidates that stand out most, at most *most*."""
    return np.sort(np.argsort(-found.at_focus()[2], kind="stable")[:most])


def reduction(rows: int, columns: int) -> int:
    """Return how many pixels of a slice become one of a panel, along each axis."""
    return max(1, math.ceil(max(rows, columns) / PANEL))


def reduce_mean(grey: Grey, factor: int) -> NDArray[np.float32]:
    """Average the slice over blocks, as if it was fitted to the screen.

    The levels are averaged, and the few averages looked up: the grey scale is a straight line
    between its ends, so that gives the average of the grey values.
    """
    return grey.table[_joined(grey.levels, factor, np.add, np.uint32) // factor**2]


def reduce_max(grey: Grey, factor: int) -> NDArray[np.uint8]:
    """Take the largest value of each block, so that a calcification of one pixel stays.

    Larger levels have larger grey values, so the levels are reduced, and few are looked up.
    """
    top = _joined(grey.levels, factor, np.maximum, grey.levels.dtype)
    return np.rint(grey.table[top]).astype(np.uint8)


def _joined(
    levels: NDArray[np.unsignedinteger], factor: int, join: np.ufunc, dtype: DTypeLike
) -> NDArray[np.unsignedinteger]:
    """Return one value of *dtype* for every block of *factor* by *factor* levels."""
    pad = [(0, -size % factor) for size in levels.shape]
    padded = np.pad(levels, pad, mode="edge") if any(after for _, after in pad) else levels
    # Every factor-th row from each of the first rows: joined, rows first, then columns.
    down = padded[::factor].astype(dtype)
    for first in range(1, factor):
        join(down, padded[first::factor], out=down)
    across = down[:, ::factor].copy()
    for first in range(1, factor):
        join(across, down[:, first::factor], out=across)
    return across


def crop(grey: Grey, row: float, col: float, spacing_mm: tuple[float, float]) -> NDArray[np.uint8]:
    """Cut `CROP_MM` around a centre, in the slice's pixels, stretched to its own range of grey."""
    half = [max(8, round(CROP_MM / 2 / spacing)) for spacing in spacing_mm]
    centre = (round(row), round(col))
    bounds = [
        (max(0, at - reach), min(size, at + reach + 1))
        for at, reach, size in zip(centre, half, grey.shape, strict=True)
    ]
    (top, bottom), (left, right) = bounds
    values = grey.table[grey.levels[top:bottom, left:right]]
    low, high = np.percentile(values, [1, 99.9])
    scaled = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    # What lies outside the slice stays black; the centre is the middle of the crop.
    out = np.zeros([2 * reach + 1 for reach in half], np.uint8)
    y, x = top - (centre[0] - half[0]), left - (centre[1] - half[1])
    out[y : y + bottom - top, x : x + right - left] = np.rint(255 * scaled)
    return out


def jpeg(image: NDArray[np.generic], quality: int) -> bytes:
    """Return an image of grey values 0..255 as JPEG; what is brighter is white."""
    target, shown = io.BytesIO(), np.rint(np.minimum(image, 255)).astype(np.uint8)
    Image.fromarray(shown).save(target, "JPEG", quality=quality)
    return target.getvalue()
