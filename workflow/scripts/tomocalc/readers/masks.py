"""Masks: images whose values are labels, through the same readers and limits as volumes."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError, raise_all
from tomocalc.readers.dicom_file import segmentation_dataset, uid_name
from tomocalc.readers.file_stack import file_stack
from tomocalc.readers.mask_values import ONE_VALUE, change_with_depth, look_at, stored_values
from tomocalc.readers.plane import Plane, named, unsupported
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
WITHOUT_PIXELS = (
    "save the mask as DICOM Segmentation, NRRD, NIfTI, TIFF or PNG; 3D Slicer makes one of the "
    "outlines of an RT Structure Set"
)


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
    values = look_at(planes, path)
    numbers: dict[Any, int] = {}  # from 1, in the order of pages and values
    pairs: set[tuple[int, int]] = set()
    found = {}
    for index, plane in enumerate(planes):
        marked, those = values.marked(stored_values(plane), plane.where)
        kinds, place = np.unique(those, return_inverse=True)
        for kind in kinds.tolist():
            numbers.setdefault(kind, len(numbers) + 1)
        if len(numbers) > FINDINGS:
            raise bad_mask(path, "it has as many values as pictures have, and labels do not")
        if kinds.size:
            labels = np.zeros(shape, np.uint8 if len(numbers) <= 255 else np.uint16)
            labels[marked] = np.array([numbers[kind] for kind in kinds.tolist()])[place]
            pairs |= touching(labels) if kinds.size > 1 else set()
            found[index] = labels
    if not found:
        why = "no pixel of it is set"
        if values.full is not None and 0 < values.largest < values.full / 2:
            why += f": its largest value is {values.largest:g}, less than half of {values.full:g}"
        raise bad_mask(path, why)
    finding_of = groups(len(numbers), pairs)
    findings = {index: finding_of[labels] for index, labels in found.items()}
    if change_with_depth(findings):
        why = "areas that lie in one place on neighbouring pages have different values"
        raise bad_mask(path, why, fix=ONE_VALUE)
    frames, outlines = [], 0
    for index, joined in findings.items():
        plane = planes[index]
        outlines += fill_outlines(joined)
        frames += [
            MaskFrame(
                labels=joined,
                label=label,
                number=index,
                page=index if len(planes) > 1 else None,
                sorted=plane.position_mm is not None or not plane.spans,
                stored=in_patient and not plane.spans,
                position_mm=plane.position_mm if in_patient else None,
            )
            for label in np.unique(joined[joined > 0]).tolist()
        ]
    soft = None if values.full is None else values.full / 2
    return MaskStack(frames=tuple(frames), pages=len(planes), soft=soft, outlines=outlines)
