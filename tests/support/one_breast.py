"""The breast that the tests of encodings write, and what a way to write it says of itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from support.image_files import dicom
from support.image_slices import breast_slice

Frames = NDArray[Any]

SLICES, ROWS, COLUMNS, FOCUS = 6, 144, 104, 2
SPOTS = ((40, 30), (72, 50), (100, 26))
"""Annotated; (row, column)."""
OTHERS = ((56, 20), (86, 62), (58, 66))
SPACED = {"pixel_spacing_mm": 0.1, "slice_spacing_mm": 1.0}
ORDER = (3, 0, 5, 1, 4, 2)
"""Stored image k lies at depth ORDER[k], where images are shuffled."""
REVERSED = tuple(range(SLICES))[::-1]


def breast() -> Frames:
    """Return (slice, row, column) of 12 bits: six spots that are best seen on slice `FOCUS`."""
    row, col = np.mgrid[:ROWS, :COLUMNS]
    still = breast_slice(5, shape=(ROWS, COLUMNS), spots=[]).astype(float) * 0.6
    volume = np.empty((SLICES, ROWS, COLUMNS), np.uint16)
    rng = np.random.default_rng(2)
    for index in range(SLICES):
        image = still + 8 * rng.normal(size=still.shape)
        height = 900 * np.exp(-(((index - FOCUS) / 1.2) ** 2))
        for y, x in (*SPOTS, *OTHERS):
            image += height * np.exp(-((row - y) ** 2 + (col - x) ** 2) / (2 * 1.3**2))
        volume[index] = np.clip(np.rint(image), 0, 4095)
    return volume


BREAST = breast()
AIR = BREAST[FOCUS] < 500
BAND = np.zeros_like(AIR)
BAND[:, 96:] = True
CORNER = np.add.outer(np.arange(ROWS), np.arange(COLUMNS)[::-1]) < 40
SIGNED = BREAST.astype(np.int16)


@dataclass(frozen=True)
class Encoding:
    """One way to write the breast."""

    write: Callable[[Path], Path]
    """Write into an empty folder; return the path for the sheet."""
    options: dict[str, Any] = field(default_factory=dict)
    """Of the sheet's row."""
    order: Sequence[int] = tuple(range(SLICES))
    """Depth of every stored image: annotations name images as they are stored."""
    same: str = "values"
    """``values``: equal arrays; ``rows``: equal up to a scale; ``candidates``: air differs."""
    doubts: tuple[str, ...] = ()


def many(frames: Frames = BREAST, order: Sequence[int] | None = None, **options: Any) -> Dataset:
    """Return a multi-frame object; stored frame k is slice order[k]."""
    order = range(len(frames)) if order is None else order
    positions = [[-float(place), 0.0, 0.0] for place in order]
    given = {"bits": 12, "enhanced": True, "positions": positions, **options}
    return dicom([frames[place] for place in order], **given)


def saved(make: Callable[[], Dataset]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        make().save_as(folder / "a.dcm", enforce_file_format=True)
        return folder / "a.dcm"

    return write
