"""The DICOM attributes that a reader may know, and nothing else.

Text is kept only when it is one of the listed words, so no name, date, identifier or private
value can reach an output, a log or an error message.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from tomocalc.readers.dicom_lists import OVERLAY_BIT_POSITIONS, PHOTOMETRIC, VIEW_CODES, VIEWS

MAX_FRAMES = 10_000


@dataclass(frozen=True, kw_only=True)
class PixelElement:
    """Where the pixel data of a file lie."""

    offset: int
    """Of the first byte of the value."""
    length: int | None
    """None for encapsulated (compressed) pixel data."""
    vr: str


@dataclass(frozen=True, kw_only=True)
class DicomHeader:
    """What a reader keeps of one DICOM file. Lengths in mm."""

    sop_class: str
    transfer_syntax: str
    rows: int
    columns: int
    frames: int
    samples: int
    planar: bool
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    overlay_bits: bool
    rescale: tuple[tuple[float, float], ...]
    """Slope and intercept: one pair for all frames, or one per frame."""
    spacing: tuple[float, float] | None
    imager_spacing: tuple[float, float] | None
    slice_spacing: float | None
    positions: tuple[tuple[float, float, float] | None, ...]
    """Of each frame's first pixel, when the per-frame items fit the frames."""
    orientation: tuple[float, ...] | None
    instance: int | None
    series: str
    laterality: str | None
    view: str | None
    burned_in: bool
    per_frame_items: int
    pixels: PixelElement


class BadAttributeError(ValueError):
    """An attribute that cannot be used; the message repeats no value."""


def keep_allowed(dataset: Dataset, *, syntax: str, pixels: PixelElement) -> DicomHeader:
    """Keep of *dataset* what a reader may know.

    Raises
    ------
    BadAttributeError
        For values that are not numbers, contradict each other or make no image.
    """
    frames = _whole(dataset, "NumberOfFrames", 1)
    rows, columns = _whole(dataset, "Rows", 0), _whole(dataset, "Columns", 0)
    if not (0 < frames <= MAX_FRAMES and rows > 0 and columns > 0):
        raise BadAttributeError(f"it claims {frames} frames of {rows} × {columns} pixels")
    items = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    # Items of another number than the frames cannot be told apart: none of them is believed.
    own = items if len(items) == frames else []
    shared = list(dataset.get("SharedFunctionalGroupsSequence") or [])[:1]
    groups = [*shared, *own]
    bits = _whole(dataset, "BitsAllocated", 0)
    stored = _whole(dataset, "BitsStored", bits)
    return DicomHeader(
        sop_class=str(dataset.SOPClassUID),
        transfer_syntax=syntax,
        rows=rows,
        columns=columns,
        frames=frames,
        samples=_whole(dataset, "SamplesPerPixel", 1),
        planar=_whole(dataset, "PlanarConfiguration", 0) == 1,
        bits_allocated=bits,
        bits_stored=stored,
        high_bit=_whole(dataset, "HighBit", stored - 1),
        signed=_whole(dataset, "PixelRepresentation", 0) == 1,
        photometric=_word(dataset, "PhotometricInterpretation", PHOTOMETRIC) or "",
        overlay_bits=any(_whole(dataset, tag, 0) > 0 for tag in OVERLAY_BIT_POSITIONS),
        rescale=_rescale(dataset, shared, own),
        spacing=_pixel_spacing(dataset, groups),
        imager_spacing=_pair(dataset, "ImagerPixelSpacing"),
        slice_spacing=_slice_spacing(dataset, groups),
        positions=_positions(dataset, own),
        orientation=_orientation(dataset, groups),
        instance=_whole(dataset, "InstanceNumber", None),
        series=str(dataset.get("SeriesInstanceUID", "")),
        laterality=laterality_of(dataset, groups),
        view=view_of(dataset),
        burned_in=_word(dataset, "BurnedInAnnotation", {"YES"}) is not None,
        per_frame_items=len(items),
        pixels=pixels,
    )


def _numbers(dataset: Dataset, keyword: str | int) -> tuple[float, ...]:
    """Return the numbers of an attribute; none when it is missing or empty."""
    try:
        value: Any = dataset.get(keyword)
        value = getattr(value, "value", value)  # a tag, unlike a keyword, gives the element
        if value is None or value == "":
            return ()
        parts = list(value) if isinstance(value, MultiValue | list | tuple) else [value]
        numbers = tuple(float(part) for part in parts)
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        raise BadAttributeError(f"its {_name(keyword)} is not a number") from None
    if not all(math.isfinite(number) for number in numbers):
        raise BadAttributeError(f"its {_name(keyword)} is not a finite number")
    return numbers


def _name(keyword: str | int) -> str:
    return keyword if isinstance(keyword, str) else "OverlayBitPosition"


def _whole(dataset: Dataset, keyword: str | int, default: Any) -> Any:
    numbers = _numbers(dataset, keyword)
    return int(numbers[0]) if numbers else default


def _word(dataset: Dataset, keyword: str, words: Collection[str]) -> str | None:
    value = str(dataset.get(keyword) or "").strip().upper()
    return value if value in words else None


def _macros(groups: list[Dataset], keyword: str) -> list[Dataset]:
    """Return the first item of the sequence *keyword* of every group that has it."""
    return [sequence[0] for group in groups if (sequence := group.get(keyword))]


def _pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    """Return a spacing as (row, column); [0, 0] stands for missing in real files."""
    numbers = _numbers(dataset, keyword)
    if len(numbers) != 2 or min(numbers) <= 0:
        return None
    return numbers[0], numbers[1]


def _pixel_spacing(dataset: Dataset, groups: list[Dataset]) -> tuple[float, float] | None:
    holders = [dataset, *_macros(groups, "PixelMeasuresSequence")]
    found = {pair for holder in holders if (pair := _pair(holder, "PixelSpacing"))}
    if len(found) > 1:
        raise BadAttributeError("its frames have different pixel spacings")
    return next(iter(found), None)


def _slice_spacing(dataset: Dataset, groups: list[Dataset]) -> float | None:
    for holder in (dataset, *_macros(groups, "PixelMeasuresSequence")):
        numbers = _numbers(holder, "SpacingBetweenSlices")
        if numbers and numbers[0] != 0:
            return abs(numbers[0])
    return None


def _positions(
    dataset: Dataset, own: list[Dataset]
) -> tuple[tuple[float, float, float] | None, ...]:
    holders = _macros(own, "PlanePositionSequence") if own else [dataset]
    found = []
    for holder in holders:
        numbers = _numbers(holder, "ImagePositionPatient")
        found.append((numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else None)
    return tuple(found)


def _orientation(dataset: Dataset, groups: list[Dataset]) -> tuple[float, ...] | None:
    for holder in (dataset, *_macros(groups, "PlaneOrientationSequence")):
        numbers = _numbers(holder, "ImageOrientationPatient")
        if len(numbers) == 6:
            return numbers
    return None


def _rescale(
    dataset: Dataset, shared: list[Dataset], own: list[Dataset]
) -> tuple[tuple[float, float], ...]:
    """Return the rule of each frame, or one pair when all have the same."""
    macro = "PixelValueTransformationSequence"
    common = (_macros(shared, macro) or [dataset])[0]
    pairs = []
    for group in own or shared or [dataset]:
        holder = (_macros([group], macro) or [common])[0]
        slope = (_numbers(holder, "RescaleSlope") or (1.0,))[0]
        if slope == 0:
            raise BadAttributeError("its RescaleSlope is 0")
        pairs.append((slope, (_numbers(holder, "RescaleIntercept") or (0.0,))[0]))
    return tuple(pairs[:1] if len(set(pairs)) == 1 else pairs)


def view_of(dataset: Dataset) -> str | None:
    """Return the view of an image, when it is one of the listed ones."""
    codes = _macros([dataset], "ViewCodeSequence")
    code = _word(codes[0], "CodeValue", VIEW_CODES) if codes else None
    return _word(dataset, "ViewPosition", VIEWS) or VIEW_CODES.get(code or "")


def laterality_of(dataset: Dataset, groups: list[Dataset]) -> str | None:
    """Return L or R as the header or the functional *groups* say."""
    sides = {"L", "R"}
    holders = [
        (dataset, "ImageLaterality"),
        (dataset, "Laterality"),
        *((item, "FrameLaterality") for item in _macros(groups, "FrameAnatomySequence")),
    ]
    found = (_word(holder, keyword, sides) for holder, keyword in holders)
    return next((side for side in found if side), None)
