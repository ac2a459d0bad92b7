"""Annotations drawn as masks: images of a slice's size, or DICOM segmentations."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from tomocalc.errors import TomocalcError
from tomocalc.readers.dicom_file import whole_header
from tomocalc.readers.sniff import Kind, sniff

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LARGEST = 4_000_000_000
"""Pixels of all frames of a mask."""

Mask = Mapping[int | None, NDArray[np.bool_]]
"""Slice to its mask, (row, column); None stands for the slice that the annotation names."""


@functools.lru_cache(maxsize=8)
def read_mask(path: str) -> Mask:
    """Read the mask at *path*: true where a pixel is not zero; all segments count.

    A plain image is the mask of the annotation's own slice. The frames of a DICOM segmentation
    belong to the slices whose frame they are derived from, else to the slices in order.

    Raises
    ------
    TomocalcError
        ``E104`` when it cannot be read, ``E303`` when it is empty or its slices are unknown.
    """
    try:
        kind = sniff(Path(path))
        mask = _dicom(path) if kind is Kind.DICOM else {None: _picture(path)}
    except (OSError, ValueError, AttributeError, RuntimeError, NotImplementedError) as error:
        # What a library says may repeat a header: it is not shown.
        why = f"it is not an image that can be read ({type(error).__name__})"
        raise _bad(path, why, code="E104") from None
    mask = {index: image for index, image in mask.items() if image.any()}
    if not mask:
        raise _bad(path, "no pixel of it is set")
    return mask


def _picture(path: str) -> NDArray[np.bool_]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as image:
                values = np.asarray(image)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _bad(path, "it is larger than an image may be", code="E104") from None
    set_ = values != 0
    return np.asarray(set_.any(axis=2) if set_.ndim == 3 else set_)


def _dicom(path: str) -> dict[int | None, NDArray[np.bool_]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = whole_header(Path(path))
        frames = int(header.get("NumberOfFrames") or 1)
        if frames * int(header.Rows) * int(header.Columns) > LARGEST:
            raise _bad(path, "it is larger than an image may be", code="E104")
        values = pydicom.dcmread(path).pixel_array
    values = values.reshape(frames, header.Rows, header.Columns) != 0
    if header.SOPClassUID != SEGMENTATION:
        if frames > 1:
            raise _bad(path, "it has several frames and is no segmentation")
        return {None: values[0]}
    slices: dict[int | None, NDArray[np.bool_]] = {}
    for frame, index in zip(values, _slices(header, path), strict=True):
        slices[index] = slices[index] | frame if index in slices else frame
    return slices


def _slices(header: Dataset, path: str) -> list[int | None]:
    """Return the slice, from 0, of every frame of a segmentation."""
    groups = list(header.get("PerFrameFunctionalGroupsSequence") or [])
    if len(groups) != int(header.get("NumberOfFrames") or 1):
        raise _bad(path, "its frames are not described")
    named = [_source_frame(group) for group in groups]
    if None not in named:
        return [number - 1 for number in named if number is not None]
    if len(groups) == 1:
        return [None]
    raise _bad(path, "it does not say from which frames of the volume its own are derived")


def _source_frame(group: Dataset) -> int | None:
    derivation = group.get("DerivationImageSequence")
    source = derivation[0].get("SourceImageSequence") if derivation else None
    number = source[0].get("ReferencedFrameNumber") if source else None
    return None if number is None else int(number)


def placed(annotations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return *annotations* with the bounding box of every mask in x, y, width and height.

    Rows with a mask also get its ``mask_shape`` (rows, columns) and the ``mask_slices`` it names.
    The slice of a segmentation is the middle one of its slices, where the sheet names none.
    """
    return [_boxed(row) if row.get("mask") else dict(row) for row in annotations]


def _boxed(row: Mapping[str, Any]) -> dict[str, Any]:
    mask = read_mask(row["mask"])
    union = np.logical_or.reduce(list(mask.values()))
    rows, columns = np.flatnonzero(union.any(axis=1)), np.flatnonzero(union.any(axis=0))
    slices = sorted(index for index in mask if index is not None)
    named = row["slice"]
    if named is None and slices:
        named = slices[len(slices) // 2]
    return {
        **row,
        "slice": named,
        "x": float(columns[0]),
        "y": float(rows[0]),
        "width": float(columns[-1] + 1 - columns[0]),
        "height": float(rows[-1] + 1 - rows[0]),
        "mask_shape": union.shape,
        "mask_slices": slices,
    }


def _bad(path: str, why: str, *, code: str = "E303") -> TomocalcError:
    return TomocalcError(
        code,
        what="a mask cannot be used",
        where=path,
        why=why,
        fix="give a mask of the size of the slices, or another shape",
    )
