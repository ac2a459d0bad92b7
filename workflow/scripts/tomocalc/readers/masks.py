"""Masks: images whose values are labels, through the same readers and limits as volumes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError, raise_all
from tomocalc.readers.dicom_file import segmentation_dataset
from tomocalc.readers.file_stack import file_stack
from tomocalc.readers.plane import Plane, damaged, named, unsupported
from tomocalc.readers.segmentation import (
    SEGMENTATIONS,
    MaskFrame,
    bad_mask,
    check_size,
    segmentation_frames,
)
from tomocalc.readers.sniff import Kind, sniff
from tomocalc.readers.sources import source_files

Flags = NDArray[np.bool_]

CLEAR = 0.6
"""Least share of the border of a mask that its background has."""
TONES = 5
"""Grey levels between black and white from which on these are no labels."""
MOST = 0.5
"""Largest share of the image that a mask may cover."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskStack:
    """What a mask file, folder or pattern holds."""

    frames: tuple[MaskFrame, ...]
    """Those with a pixel set, in order."""
    pages: int
    shape: tuple[int, int]
    """Rows, columns."""


def open_mask(path: str) -> MaskStack:
    """Read a mask: all labels count, background is what its border shows.

    Raises
    ------
    TomocalcError
        ``E104`` and ``E2xx`` for its files; ``E303`` when it is empty, its background is unclear,
        or it covers most of the image.
    """
    files = source_files(path)
    if len(files) == 1:
        with named(path, doing="a mask cannot be read"):
            kind = sniff(files[0])
        if kind is Kind.DICOM:
            found = _segmentation(files[0])
            if found is not None:
                return found
    planes = file_stack(files, mask=True).planes
    raise_all([plane for plane in planes if isinstance(plane, TomocalcError)])
    return _labels([plane for plane in planes if isinstance(plane, Plane)], path)


def _segmentation(path: Path) -> MaskStack | None:
    """Return the frames of a DICOM segmentation; None for another object."""
    with (
        named(str(path), doing="a segmentation cannot be read", quote=False),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        dataset, found = segmentation_dataset(path)
        if str(dataset.get("SOPClassUID")) not in SEGMENTATIONS:
            return None
        frames = tuple(segmentation_frames(path, dataset, found))
    if not frames:
        raise bad_mask(str(path), "no pixel of it is set")
    return MaskStack(frames=frames, pages=len(frames), shape=frames[0].image.shape)


def _labels(planes: list[Plane], path: str) -> MaskStack:
    shapes = {(plane.rows, plane.columns) for plane in planes}
    if len(shapes) > 1:
        raise bad_mask(path, "its pages differ in size")
    (shape,) = shapes
    check_size(path, len(planes), shape)
    background = _background(planes, path)
    frames = []
    for index, plane in enumerate(planes):
        image = _values(plane) != background
        if image.any():
            if image.mean() > MOST:
                raise bad_mask(
                    plane.where,
                    f"{image.mean():.0%} of its pixels are set, so what is marked and what is "
                    "background cannot be told apart",
                )
            page = index if len(planes) > 1 else None
            placed = plane.position_mm is not None or not plane.spans
            frames.append(MaskFrame(image=image, page=page, sorted=placed))
    if not frames:
        raise bad_mask(path, "no pixel of it is set")
    return MaskStack(frames=tuple(frames), pages=len(planes), shape=shape)


def _values(plane: Plane) -> NDArray[Any]:
    """Return the labels of a page; grey levels and probabilities become two."""
    with named(plane.where, doing="a mask cannot be decoded"):
        values, _ = plane.decode()
    if values.shape != (plane.rows, plane.columns):
        raise damaged(plane.where, f"its header says {(plane.rows, plane.columns)}")
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise unsupported(plane.where, "it holds NaN or infinite values", "save it as labels")
        if (values != np.rint(values)).any():
            return values >= values.max() / 2
    elif plane.recipe.startswith(Kind.JPEG.value):
        return values > np.iinfo(values.dtype).max // 2  # lossy: neither 0 nor 255 are exact
    elif _is_soft(values):
        return values > np.iinfo(values.dtype).max // 2
    return values


def _is_soft(values: NDArray[Any]) -> bool:
    """Return whether a black and white mask has edges that drawing or scaling has smoothed."""
    if values.dtype.kind not in "iu" or values.dtype.itemsize > 2:
        return False
    tones = set(np.unique(values).tolist())
    between = tones - {0, int(np.iinfo(values.dtype).max)}
    numbered = between == set(range(1, len(between) + 1))  # labels count from 1
    return len(tones) - len(between) == 2 and len(between) >= TONES and not numbered


def _background(planes: list[Plane], path: str) -> Any:
    """Return the value that most of the border has; a mask may be inverted or start at 255."""
    counts: dict[Any, int] = {}
    for plane in planes:
        values = _values(plane)
        edges = np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])
        for value, count in zip(*np.unique(edges, return_counts=True), strict=True):
            counts[value] = counts.get(value, 0) + int(count)
    value, most = max(counts.items(), key=lambda item: item[1])
    if most < CLEAR * sum(counts.values()):
        raise bad_mask(path, "no value is clearly its background: its border holds several")
    return value
