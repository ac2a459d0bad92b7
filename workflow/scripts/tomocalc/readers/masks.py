"""Masks: images whose values are labels, through the same readers and limits as volumes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tomocalc.errors import TomocalcError, raise_all
from tomocalc.readers.dicom_file import segmentation_dataset, uid_name
from tomocalc.readers.file_stack import file_stack
from tomocalc.readers.plane import Plane, damaged, named, unsupported
from tomocalc.readers.segmentation import (
    SEGMENTATIONS,
    MaskFrame,
    bad_mask,
    check_size,
    fill_outlines,
    groups,
    segmentation_frames,
    touching,
)
from tomocalc.readers.sniff import Kind, sniff
from tomocalc.readers.sources import source_files

Flags = NDArray[np.bool_]

FINDINGS = 1000
"""Most findings of one mask: more values are a picture, not labels."""
FAINT = 32
"""Least grey level that a mask must reach where its levels are smoothed."""
WITHOUT_PIXELS = (
    "save the mask as DICOM Segmentation, NRRD, NIfTI, TIFF or PNG; 3D Slicer makes one of the "
    "outlines of an RT Structure Set"
)
CLEAR = 0.6
"""Least share of the border of a mask that its background has."""
MOST = 0.5
"""Largest share of the image that a mask may cover."""
BYTE = 255.0
FULL = (1.0, BYTE, 65535.0)
"""What stands for a whole in masks of floats."""
BLUR = 8
"""Pixels around a mark in which smoothing and JPEG leave grey levels."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskStack:
    """What a mask file, folder or pattern holds."""

    frames: tuple[MaskFrame, ...]
    """Those with a pixel set, in order."""
    pages: int
    soft: float | None = None
    """The grey level from which on a pixel is set, where the mask has grey levels."""
    outlines: int = 0
    """How many areas had holes, such as outlines, which are filled."""


def open_mask(path: str, axes: tuple[float, ...] | None = None) -> MaskStack:
    """Read a mask: background is what its border shows, and every other value is a finding.

    Values whose areas touch on a page are parts of one finding. Of grey levels, as smoothing,
    scaling and JPEG leave them, those from half of the largest on are set. Outlines are filled.

    Parameters
    ----------
    axes
        Of the DICOM volume that it belongs to, for files that say how they lie in the patient; see
        `tomocalc.readers.itk.itk_stack`.

    Raises
    ------
    TomocalcError
        ``E104`` and ``E2xx`` for its files; ``E303`` when it is empty, its background is unclear,
        it covers most of the image, or it has more than `FINDINGS` values.
    """
    files = source_files(path)
    with named(path, doing="a mask cannot be read"):
        is_dicom = sniff(files[0]) is Kind.DICOM
    if is_dicom and len(files) == 1:
        found = _segmentation(files[0])
        if found is not None:
            return found
    planes = file_stack(files, mask=True, axes=axes).planes
    raise_all([plane for plane in planes if isinstance(plane, TomocalcError)])
    sound = [plane for plane in planes if isinstance(plane, Plane)]
    if is_dicom and any(plane.channels > 1 for plane in sound):
        raise unsupported(path, "it is a mask of colours in DICOM", "save it as PNG or TIFF")
    return _labels(sound, path, in_patient=axes is not None)


def _segmentation(path: Path) -> MaskStack | None:
    """Return the frames of a DICOM segmentation; None for another object."""
    with (
        named(str(path), doing="a segmentation cannot be read", quote=False),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        dataset, found = segmentation_dataset(path)
        sop_class = str(dataset.get("SOPClassUID") or "")
        if found.pixels is None and sop_class:
            why = f"it is {uid_name(sop_class)}, and holds no pixels"
            raise unsupported(str(path), why, WITHOUT_PIXELS)
        if sop_class not in SEGMENTATIONS:
            return None
        frames = tuple(segmentation_frames(path, dataset, found))
    if not frames:
        raise bad_mask(str(path), "no pixel of it is set")
    pages = len({frame.number for frame in frames})
    return MaskStack(frames=frames, pages=pages)


def _labels(planes: list[Plane], path: str, *, in_patient: bool) -> MaskStack:
    shapes = {(plane.rows, plane.columns) for plane in planes}
    if len(shapes) > 1:
        raise bad_mask(path, "its pages differ in size")
    (shape,) = shapes
    check_size(path, len(planes), shape)
    values = _look_at(planes, path)
    numbers: dict[Any, int] = {}  # from 1, in the order of pages and values
    pairs: set[tuple[int, int]] = set()
    found = {}
    for index, plane in enumerate(planes):
        marked, those = values.marked(_stored(plane), plane.where)
        kinds, place = np.unique(those, return_inverse=True)
        for kind in kinds.tolist():
            numbers.setdefault(kind, len(numbers) + 1)
        if len(numbers) > FINDINGS:
            raise bad_mask(path, "it has as many values as pictures have, and labels do not")
        if kinds.size:
            labels = np.zeros(shape, np.uint8 if len(numbers) <= BYTE else np.uint16)
            labels[marked] = np.array([numbers[kind] for kind in kinds.tolist()])[place]
            pairs |= touching(labels) if kinds.size > 1 else set()
            found[index] = labels
    if not found:
        why = "no pixel of it is set"
        if values.full is not None and 0 < values.largest < values.full / 2:
            why += f": its largest value is {values.largest:g}, less than half of {values.full:g}"
        raise bad_mask(path, why)
    finding_of = groups(len(numbers), pairs)
    frames, outlines = [], 0
    for index, labels in found.items():
        plane, joined = planes[index], finding_of[labels]
        outlines += fill_outlines(joined)
        frames += [
            MaskFrame(
                labels=joined,
                label=label,
                number=index,
                page=index if len(planes) > 1 else None,
                sorted=plane.position_mm is not None or not plane.spans,
                stored=in_patient and not plane.spans,
            )
            for label in np.unique(joined[joined > 0]).tolist()
        ]
    soft = None if values.full is None else values.full / 2
    return MaskStack(frames=tuple(frames), pages=len(planes), soft=soft, outlines=outlines)


@dataclass(frozen=True, kw_only=True)
class _Values:
    """What the values of a mask mean."""

    background: Any
    """Value, of labels, that most of the border has."""
    full: float | None
    """Grey level that is set beyond doubt; None for labels."""
    largest: float
    rest: Any = None
    """Grey level of the background, where no other may lie far from what is marked."""

    def labels(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the labels of stored *values*; each grey level becomes one of two."""
        if self.full is None:
            return values
        if values.dtype != np.uint64:
            return values >= self.full / 2
        bits = np.uint64(16 if self.full > BYTE else 8)  # three colours: each is set, or is not
        parts = (values >> bits * np.uint64(place) for place in range(3))
        low = np.uint64(self.full)
        return np.sum(
            [((part & low) >= self.full / 2) << n for n, part in enumerate(parts)], axis=0
        )

    def marked(self, values: NDArray[Any], where: str) -> tuple[Flags, NDArray[Any]]:
        """Return which pixels of stored *values*, (row, column), are marked, and their labels."""
        labels = self.labels(values)
        image = labels != self.background
        if image.mean() > MOST:
            raise bad_mask(
                where,
                f"{image.mean():.0%} of its pixels are set, so what is marked and what is "
                "background cannot be told apart",
            )
        if self.rest is not None:
            around = np.asarray(
                ndimage.binary_dilation(image, np.ones((3, 3)), iterations=BLUR), np.bool_
            )
            far = int(np.count_nonzero((values != self.rest) & ~around))
            if far:
                raise bad_mask(
                    where,
                    f"it is neither of labels nor black and white: {far} pixels of other values "
                    "lie apart from what is marked",
                )
        return image, labels[image]


def _look_at(planes: list[Plane], path: str) -> _Values:
    """Look at every page once: labels or grey levels, and what is the background."""
    edges, largest, soft, floats = [], 0.0, False, False
    for plane in planes:
        values = _stored(plane)
        largest = max(largest, float(values.max()))
        if values.dtype.kind == "f":
            floats |= bool((values != np.rint(values)).any())
        else:
            soft |= plane.lossy or _is_soft(values)
        edges.append(np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]]))
    border = np.concatenate(edges)
    full = None
    if floats:
        full = next((value for value in FULL if largest <= value), largest)
    elif soft and max(plane.channels for plane in planes) > 1:
        full = float(np.iinfo(planes[0].dtype).max)
    elif soft:
        full = largest
        if full < FAINT:
            raise bad_mask(path, f"its grey levels reach {full:g} only, too faint to tell labels")
    raw = _Values(background=0, full=full, largest=largest)
    background = _most(raw.labels(border))
    if background is None:
        raise bad_mask(path, "no value is clearly its background: its border holds several")
    return replace(raw, background=background, rest=_most(border) if soft else None)


def _most(border: NDArray[Any]) -> Any:
    """Return the value that most of a border has, None where several share it."""
    values, counts = np.unique(border, return_counts=True)
    most = int(np.argmax(counts))
    return values[most] if counts[most] >= CLEAR * border.size else None


def _stored(plane: Plane) -> NDArray[Any]:
    with named(plane.where, doing="a mask cannot be decoded"):
        values = plane.decode().image
    if values.shape != (plane.rows, plane.columns):
        raise damaged(plane.where, f"its header says {(plane.rows, plane.columns)}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise unsupported(plane.where, "it holds NaN or infinite values", "save it as labels")
    return values


def _is_soft(values: NDArray[Any]) -> bool:
    """Return whether a mask has grey levels: edges that drawing, scaling or JPEG has smoothed.

    Labels count from 1, or lie in areas of one value each. Values that lie in lines or dots, every
    one beside a value farther from the background, are an edge that was scaled.
    """
    tones, counts = np.unique(values, return_counts=True)
    background = tones[np.argmax(counts)]
    others = tones[tones != background]
    if others.size < 2 or (others[0] <= 1 and others[-1] - others[0] == others.size - 1):
        return False
    alike = np.zeros(values.shape, np.uint8)
    across, down = values[:, 1:] == values[:, :-1], values[1:] == values[:-1]
    alike[:, 1:] += across
    alike[:, :-1] += across
    alike[1:] += down
    alike[:-1] += down
    solid = alike >= 2  # two neighbours of the same value
    if values.dtype != np.uint64:
        away = np.abs(values.astype(np.int64) - int(background))
        tops = np.unique(values[ndimage.maximum_filter(away, 3) == away])
        inside = np.unique(values[alike == 4])
        solid &= np.isin(values, tops) | np.isin(values, inside)
    return bool(2 * np.isin(others, np.unique(values[solid])).sum() < others.size)
