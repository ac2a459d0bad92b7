"""What a reader of the page of a volume sees: slices at screen size, candidates at full size.

Both are taken in passing, while a slice is decoded and prepared anyway; what a resumed run did
not pass is decoded for it. Frames and crops are JPEG files in one table, ``looks.parquet``.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image

from tomocalc.image.display import BRIGHTEN
from tomocalc.image.linking import Candidates
from tomocalc.image.objects import Search
from tomocalc.image.shards import current_table, write_table
from tomocalc.image.statistics import Grey

if TYPE_CHECKING:
    from tomocalc.image.search import Header, ReadSlice
    from tomocalc.image.slices import Prepared

LONGEST = 900
"""Largest height and width of a frame in pixels."""

QUALITY = 60
"""Of the JPEG frames: 60 slices of a whole breast stay below 10 MB on a page."""

CROP_MM = 6.0
CROP_QUALITY = 88
MOST_CROPS = 1000
"""Candidates that get a crop: those that stand out most."""

LOOKS: Final = pl.Schema({"kind": pl.String(), "number": pl.Int32(), "jpeg": pl.Binary()})
"""A ``slice`` by its index, or a ``candidate`` by its id."""


class Looks:
    """Frames of slices and crops of candidates of one volume, gathered in any order.

    Parameters
    ----------
    header
        Size and spacing of the volume.
    """

    def __init__(self, header: Header) -> None:
        self._header = header
        self._factor = frame_reduction(header.rows, header.columns)
        self._frames: dict[int, bytes] = {}
        self._crops: dict[int, bytes] = {}
        self._chosen = np.zeros(0, np.int64)

    def choose(self, found: Search, candidates: Candidates) -> None:
        """Settle which candidates get a crop: those that stand out most."""
        self._chosen = most_visible(found, candidates)

    def see_slice(self, index: int, prepared: Prepared) -> None:
        """Keep a slice at the size of a screen."""
        self._frames[index] = jpeg(frame(prepared.grey, self._factor), QUALITY)

    def see_candidates(
        self,
        prepared: Prepared,
        number: NDArray[np.integer],
        row: NDArray[np.floating],
        col: NDArray[np.floating],
    ) -> None:
        """Keep the surroundings of chosen candidates: ids and centres (pixels) on this slice."""
        wanted = np.isin(number, self._chosen)
        places = (values[wanted].tolist() for values in (number, row, col))
        for candidate, y, x in zip(*places, strict=True):
            around = crop(prepared.grey, y, x, self._header.spacing_mm)
            self._crops[candidate] = jpeg(around, CROP_QUALITY)

    def complete(self, read: ReadSlice, found: Search, candidates: Candidates) -> pl.DataFrame:
        """Return columns `LOOKS`; slices that were not seen are decoded for it."""
        # a page is made of kept looks without the packages that prepare a slice
        from tomocalc.image.slices import prepare

        chosen = self._chosen
        for index in (entry["slice"] for entry in found.facts):
            here = chosen[candidates.focus[chosen] == index]
            lacking = [number for number in here.tolist() if number not in self._crops]
            if index in self._frames and not lacking:
                continue
            prepared = prepare(read(index), self._header.spacing_mm)
            if prepared is None:
                continue
            self.see_slice(index, prepared)
            number = np.array(lacking, np.int64)
            objects = found.runs[index].take(candidates.focus_object[number]) if lacking else None
            if objects is not None:
                self.see_candidates(prepared, number, *objects.centres())
        rows = [("candidate", number, image) for number, image in sorted(self._crops.items())]
        rows += [("slice", index, image) for index, image in sorted(self._frames.items())]
        return pl.DataFrame(rows, schema=LOOKS, orient="row")


def write_looks(path: Path, table: pl.DataFrame, key: str) -> None:
    """Write a table of `LOOKS` with the content key of its volume."""
    write_table(path, table, key)


def kept_looks(path: Path, key: str) -> bool:
    """Return whether the looks at *path* are whole and of this content key."""
    return current_table(path, key) is not None


def frame_reduction(rows: int, columns: int) -> int:
    """Return how many pixels of a slice become one of a frame, along each axis."""
    return max(1, math.ceil(max(rows, columns) / LONGEST))


def most_visible(found: Search, candidates: Candidates) -> NDArray[np.int64]:
    """Return the ids of the candidates that stand out most, at most `MOST_CROPS`."""
    strength = np.array(
        [
            found.strength[int(focus)][number]
            for focus, number in zip(candidates.focus, candidates.focus_object, strict=True)
        ],
        np.float64,
    )
    return np.sort(np.argsort(-strength, kind="stable")[:MOST_CROPS])


def frame(grey: Grey, factor: int) -> NDArray[np.uint8]:
    """Average a slice over blocks of *factor* pixels, brightened for a screen.

    The levels are averaged, and the few averages looked up: the grey scale is a straight line
    between its ends, so that gives the average of the grey values.
    """
    levels = grey.levels
    pad = [(0, -size % factor) for size in levels.shape]
    if any(after for _, after in pad):
        levels = np.pad(levels, pad, mode="edge")
    down = levels[::factor].astype(np.uint32)
    for first in range(1, factor):
        down += levels[first::factor]
    across = down[:, ::factor].copy()
    for first in range(1, factor):
        across += down[:, first::factor]
    return _shown(grey.table)[across // factor**2]


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
    out = np.zeros([2 * reach + 1 for reach in half], np.uint8)
    y, x = top - (centre[0] - half[0]), left - (centre[1] - half[1])
    out[y : y + bottom - top, x : x + right - left] = np.rint(255 * scaled)
    return out


def jpeg(image: NDArray[np.uint8], quality: int) -> bytes:
    """Return a grey image as JPEG."""
    target = io.BytesIO()
    Image.fromarray(image).save(target, "JPEG", quality=quality)
    return target.getvalue()


def _shown(table: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(np.minimum(table * BRIGHTEN, 255)).astype(np.uint8)
