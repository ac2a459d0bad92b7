"""DICOM segmentations: which pixels they mark, and on which images these lie."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from scipy import ndimage
from skimage.measure import label as connected

from tomocalc.errors import TomocalcError, fault
from tomocalc.neighbours import components
from tomocalc.readers.dicom_attributes import BadAttributeError, macros_of, whole_of
from tomocalc.readers.dicom_elements import Elements
from tomocalc.readers.dicom_header import DicomHeader, keep_allowed
from tomocalc.readers.dicom_lists import UNCOMPRESSED
from tomocalc.readers.dicom_pixels import stored_values
from tomocalc.readers.dicom_selection import Item
from tomocalc.readers.frames import frame_spans
from tomocalc.readers.plane import damaged

SEGMENTATIONS = {"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"}
"""Segmentation and Label Map Segmentation."""
LARGEST = 4_000_000_000
"""Pixels of all pages of a mask."""
SHAPE = (
    "give a mask of the size of the slices, marked pixels on one background value, or another shape"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskFrame:
    """One page or frame of a mask that marks something, and what it says of its place."""

    labels: NDArray[np.unsignedinteger[Any]]
    """(row, column), which finding each pixel belongs to; 0 is background."""
    label: int
    """The finding that this frame is of."""
    number: int
    """Of its page or frame in the file, from 0."""
    page: int | None
    """Its number among the pages of a stack, from 0; None for a mask of one page."""
    sorted: bool = False
    """Pages are in the order of their positions, not as some program stores frames."""
    sources: tuple[tuple[str, int | None], ...] = ()
    """Images it is derived from: SOP Instance UID, for comparison only, and frame from 0."""
    position_mm: float | None = None
    """Along the normal of its plane."""
    stored: bool = False
    """It lies on the stored image, also where the volume was turned."""

    @property
    def image(self) -> NDArray[np.bool_]:
        """(row, column), true where it is set."""
        return np.asarray(self.labels == self.label, np.bool_)


def segmentation_frames(path: Path, dataset: Dataset, found: Elements) -> Iterator[MaskFrame]:
    """Yield the frames of a segmentation that mark something, those of each segment apart.

    A frame says its place by the images that it is derived from, or by its position.

    Raises
    ------
    TomocalcError
        ``E202`` for damage, ``E303`` where frames are not described.
    """
    where = str(path)
    if found.pixels is None:
        raise damaged(where, "it has no pixel data")
    if "PhotometricInterpretation" not in dataset:
        dataset.PhotometricInterpretation = "MONOCHROME2"
    try:
        header = keep_allowed(dataset, syntax=found.syntax, pixels=found.pixels)
    except BadAttributeError as error:
        raise damaged(where, str(error)) from None
    check_size(where, header.frames, (header.rows, header.columns))
    groups = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    if len(groups) != header.frames:
        raise bad_mask(where, "its frames are not described")
    form = str(dataset.get("SegmentationType") or "").strip().upper()
    least = 1
    if form == "FRACTIONAL":
        least = (int(dataset.get("MaximumFractionalValue") or 255) + 1) // 2
    shared = list(dataset.get("SharedFunctionalGroupsSequence") or [])[:1]
    for index, (values, group) in enumerate(zip(_values(path, header), groups, strict=True)):
        # The values of a label map are segments; other frames are each of one segment.
        labels = values if form == "LABELMAP" else (values >= least).astype(np.uint16)
        number = 0 if form == "LABELMAP" else _segment([group, *shared])
        for label in np.unique(labels[labels > 0]).tolist():
            yield MaskFrame(
                labels=labels if number == 0 else labels * np.uint16(number),
                label=number or label,
                number=index,
                page=None,
                sources=tuple(_sources([group, *shared])),
                position_mm=Item(path, header, index).depth,
                stored=True,
            )


def _segment(groups: list[Dataset]) -> int:
    """Return the number of the segment that a frame is of; 1 where it does not say."""
    named = macros_of(groups, "SegmentIdentificationSequence")
    number = whole_of(named[0], "ReferencedSegmentNumber", 1) if named else 1
    return number if 0 < number < 1 << 16 else 1


def _sources(groups: list[Dataset]) -> Iterator[tuple[str, int | None]]:
    """Yield the images that a frame is derived from, each with the number of a frame there."""
    for derivations in (group.get("DerivationImageSequence") for group in groups):
        for derivation in derivations or []:
            for source in derivation.get("SourceImageSequence") or []:
                uid = str(source.get("ReferencedSOPInstanceUID") or "")
                numbers = source.get("ReferencedFrameNumber")
                if numbers is None:
                    yield uid, None
                else:
                    for number in np.atleast_1d(np.asarray(numbers, int)).tolist():
                        yield uid, number - 1
        if derivations:
            return


def _values(path: Path, header: DicomHeader) -> Iterator[NDArray[Any]]:
    """Yield the values of every frame; those of one bit follow each other without a gap."""
    size = header.rows * header.columns
    if header.bits_allocated == 1 and header.transfer_syntax in UNCOMPRESSED:
        with path.open("rb") as handle:
            for frame in range(header.frames):
                first, last = frame * size // 8, -(-(frame + 1) * size // 8)
                handle.seek(header.pixels.offset + first)
                packed = np.frombuffer(handle.read(last - first), np.uint8)
                if packed.size < last - first:
                    raise damaged(str(path), f"the file ends before frame {frame} does")
                bits = np.unpackbits(packed, bitorder="little")[frame * size - 8 * first :]
                yield bits[:size].reshape(header.rows, header.columns)
        return
    # Label maps are stored as indices of a palette.
    plain = replace(header, photometric="MONOCHROME2", padding=None)
    for frame, spans in enumerate(frame_spans(path, plain)):
        where = f"{path}, frame {frame}"
        if not spans or spans[-1][0] + spans[-1][1] > path.stat().st_size:
            raise damaged(where, "the file ends before this frame does")
        yield stored_values(path, plain, spans, where)[0]


def touching(labels: NDArray[Any]) -> set[tuple[int, int]]:
    """Return pairs of labels, (row, column), that chain all those whose areas touch."""
    parts = np.asarray(connected(labels > 0, connectivity=2))
    # Every label of every connected part, sorted by part.
    part, label = np.unique([parts[labels > 0], labels[labels > 0]], axis=1)
    same = part[1:] == part[:-1]
    return {*zip(label[:-1][same].tolist(), label[1:][same].tolist(), strict=True)}


def groups(count: int, touching: set[tuple[int, int]]) -> NDArray[Any]:
    """Return the finding of every label from 0 on; labels that touch are of one, 0 is of none."""
    first, second = np.array([*touching], int).reshape(-1, 2).T
    found = np.unique(components(count, first - 1, second - 1), return_inverse=True)[1]
    return np.append(0, found + 1).astype(np.uint8 if count < 256 else np.uint16)


def fill_outlines(labels: NDArray[Any]) -> int:
    """Fill, in place, the holes of areas of *labels*, (row, column): many draw outlines alone.

    Returns
    -------
    int
        How many areas had any.
    """
    count = 0
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        whole = np.asarray(ndimage.binary_fill_holes(labels[box] == number), np.bool_)
        enclosed = whole & (labels[box] == 0)
        labels[box][enclosed] = number
        count += bool(enclosed.any())
    return count


def check_size(path: str, pages: int, shape: tuple[int, int]) -> None:
    """Refuse a mask of more than `LARGEST` pixels."""
    if pages * shape[0] * shape[1] > LARGEST:
        raise fault("mask_too_large", path, "it is larger than an image may be", SHAPE)


def bad_mask(path: str, why: str, *, fix: str = SHAPE) -> TomocalcError:
    """Name a mask that cannot be used."""
    return fault("mask_unusable", path, why, fix)
