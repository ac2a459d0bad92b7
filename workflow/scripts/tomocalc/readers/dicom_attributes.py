"""Attributes of a DICOM header as numbers and listed words, those of pixel values, and its kind.

The kind tells a slice of a breast from the pictures that are stored beside slices.
"""

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from tomocalc.readers.dicom_lists import (
    FOR_PROCESSING,
    LOCALIZERS,
    MAKERS,
    MAMMOGRAPHY,
    OTHER_MAKER,
    PROJECTIONS,
    SLABS,
    SYNTHETIC,
    VIEW_CODES,
    VIEWS,
)

SLICE, SLAB, PROCESSING, MAMMOGRAM, SYNTHETIC_2D, PROJECTION, LOCALIZER = (
    "slice",
    "slab",
    "for_processing",
    "mammogram",
    "synthetic_2d",
    "projection",
    "localizer",
)
PREFERRED = (SLICE, SLAB, MAMMOGRAM, PROCESSING, SYNTHETIC_2D)
"""Where a place holds several kinds, the first of these is the volume and the others are not."""
KIND_NAMES = {
    SLICE: "a slice",
    SLAB: "a slab of several slices",
    PROCESSING: "an image for processing",
    MAMMOGRAM: "a two-dimensional mammogram",
    SYNTHETIC_2D: "a synthetic two-dimensional image",
    PROJECTION: "a projection",
    LOCALIZER: "a localiser",
}
MAX_MAGNIFICATION = 10.0


class BadAttributeError(ValueError):
    """An attribute that cannot be used; the message repeats no value."""


@dataclass(frozen=True, kw_only=True)
class ModalityTable:
    """A Modality LUT: what replaces each stored value from *first* on; the ends continue."""

    first: int
    bits: int
    values: bytes
    """``uint16`` in the machine's order."""


def numbers_of(dataset: Dataset, keyword: str | int) -> tuple[float, ...]:
    """Return the numbers of an attribute; none when it is missing or empty."""
    try:
        value: Any = dataset.get(keyword)
        value = getattr(value, "value", value)  # a tag, unlike a keyword, gives the element
        if value is None or value == "":
            return ()
        if isinstance(value, bytes):  # a type that depends on another attribute stays bytes
            value = np.frombuffer(value, "<u2").tolist()
        parts = list(value) if isinstance(value, MultiValue | list | tuple) else [value]
        numbers = tuple(float(part) for part in parts)
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        raise BadAttributeError(f"its {_name(keyword)} is not a number") from None
    if not all(math.isfinite(number) for number in numbers):
        raise BadAttributeError(f"its {_name(keyword)} is not a finite number")
    return numbers


def _name(keyword: str | int) -> str:
    return keyword if isinstance(keyword, str) else "OverlayBitPosition"


def whole_of(dataset: Dataset, keyword: str | int, default: Any) -> Any:
    """Return the first number of an attribute as an integer, else *default*."""
    numbers = numbers_of(dataset, keyword)
    return int(numbers[0]) if numbers else default


def word_of(dataset: Dataset, keyword: str, words: Collection[str]) -> str | None:
    """Return the text of an attribute where it is one of *words*."""
    value = str(dataset.get(keyword) or "").strip().upper()
    return value if value in words else None


def macros_of(groups: list[Dataset], keyword: str) -> list[Dataset]:
    """Return the first item of the sequence *keyword* of every group that has it."""
    return [sequence[0] for group in groups if (sequence := group.get(keyword))]


def pair_of(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    """Return a spacing as (row, column); [0, 0] stands for missing in real files."""
    numbers = numbers_of(dataset, keyword)
    if len(numbers) != 2 or min(numbers) <= 0:
        return None
    return numbers[0], numbers[1]


def magnification_of(dataset: Dataset) -> float | None:
    """Return how much larger the detector shows the breast, where that is possible."""
    numbers = numbers_of(dataset, "EstimatedRadiographicMagnificationFactor")
    return numbers[0] if numbers and 1.0 <= numbers[0] < MAX_MAGNIFICATION else None


def padding(dataset: Dataset, *, signed: bool) -> tuple[float, float] | None:
    """Return the range of Pixel Padding; a value may have been written with the other sign."""
    for prefix in ("", "Float", "DoubleFloat"):
        value = numbers_of(dataset, f"{prefix}PixelPaddingValue")
        limit = numbers_of(dataset, f"{prefix}PixelPaddingRangeLimit")
        if value:
            ends = [value[0], (limit or value)[0]]
            if signed and not prefix:
                ends = [end - (1 << 16) if end >= 1 << 15 else end for end in ends]
            elif not prefix:
                ends = [end + (1 << 16) if end < 0 else end for end in ends]
            return min(ends), max(ends)
    return None


def modality_table(dataset: Dataset, *, signed: bool) -> ModalityTable | None:
    """Return the Modality LUT, if the header has one."""
    items = dataset.get("ModalityLUTSequence")
    if not items:
        return None
    descriptor = [int(number) for number in numbers_of(items[0], "LUTDescriptor")]
    data = items[0].get("LUTData")
    if len(descriptor) != 3 or data is None or not 1 <= descriptor[2] <= 16:
        raise BadAttributeError("its Modality LUT is damaged")
    entries, first = descriptor[0] % (1 << 16) or 1 << 16, descriptor[1]
    if signed and first >= 1 << 15:
        first -= 1 << 16
    if isinstance(data, bytes):
        order = "<" if dataset.original_encoding[1] is not False else ">"
        values = np.frombuffer(data, np.uint8 if len(data) // 2 < entries else f"{order}u2")
    else:
        values = np.atleast_1d(np.asarray(data))
    if not entries <= values.size <= entries + 1:
        raise BadAttributeError("its Modality LUT has not the entries that it says")
    table = values[:entries].astype(np.uint16)
    return ModalityTable(first=first, bits=descriptor[2], values=table.tobytes())


def view_of(dataset: Dataset) -> str | None:
    """Return the view of an image, when it is one of the listed ones."""
    codes = macros_of([dataset], "ViewCodeSequence")
    code = word_of(codes[0], "CodeValue", VIEW_CODES) if codes else None
    return word_of(dataset, "ViewPosition", VIEWS) or VIEW_CODES.get(code or "")


def maker_of(dataset: Dataset) -> str | None:
    """Return the maker of the system by a listed name, whatever the header calls it."""
    text = str(dataset.get("Manufacturer") or "").upper().replace(".", "")
    words = re.findall(r"[A-Z]+", text)
    return next((MAKERS[word] for word in words if word in MAKERS), OTHER_MAKER if words else None)


def laterality_of(dataset: Dataset, groups: list[Dataset]) -> str | None:
    """Return L or R as the header or the functional *groups* say."""
    sides = {"L", "R"}
    holders = [
        (dataset, "ImageLaterality"),
        (dataset, "Laterality"),
        *((item, "FrameLaterality") for item in macros_of(groups, "FrameAnatomySequence")),
    ]
    found = (word_of(holder, keyword, sides) for holder, keyword in holders)
    return next((side for side in found if side), None)


def image_kind(dataset: Dataset) -> str:
    """Return a key of `KIND_NAMES` for an image, by Image Type, intent and class."""
    return _kind(
        _words([dataset], "ImageType"),
        sop_class=str(dataset.get("SOPClassUID") or ""),
        intent=str(dataset.get("PresentationIntentType") or "").strip().upper(),
    )


def type_words(dataset: Dataset) -> list[str]:
    """Return the words of ImageType that are not empty."""
    return [word for word in _words([dataset], "ImageType") if word]


def frame_kinds(dataset: Dataset, shared: list[Dataset], own: list[Dataset]) -> tuple[str, ...]:
    """Return the kind of every frame, or one for all, from functional groups and the image."""
    whole = image_kind(dataset)
    common = _frame_words(shared)
    kinds = []
    for group in own or [Dataset()]:
        words = _frame_words([group]) or common
        kind = _kind(words, sop_class="", intent="")
        kinds.append(whole if kind == SLICE else kind)
    return tuple(kinds[:1] if len(set(kinds)) == 1 else kinds)


def _kind(words: list[str], *, sop_class: str, intent: str) -> str:
    plain = [word.translate({ord(mark): None for mark in " _-"}) for word in words]
    if any(word.endswith(LOCALIZERS) for word in plain):
        return LOCALIZER
    if any(word.startswith(SYNTHETIC) or word.endswith("2D") for word in plain):
        return SYNTHETIC_2D
    if sop_class in PROJECTIONS or any("PROJ" in word for word in plain):
        return PROJECTION
    if any(word in SLABS or "SLAB" in word for word in (*words, *plain)):
        return SLAB
    if sop_class in FOR_PROCESSING or intent == "FOR PROCESSING":
        return PROCESSING
    return MAMMOGRAM if sop_class == MAMMOGRAPHY else SLICE


def _frame_words(groups: Iterable[Dataset]) -> list[str]:
    """Return the words of every frame type sequence (of X-ray, CT, …) in functional *groups*."""
    found: list[str] = []
    for group in groups:
        for element in group:
            if element.keyword.endswith("FrameTypeSequence") and element.value:
                found += _words(element.value[:1], "FrameType")
                found += _words(element.value[:1], "VolumeBasedCalculationTechnique")
    return found


def _words(datasets: Iterable[Dataset], keyword: str) -> list[str]:
    found: list[str] = []
    for dataset in datasets:
        value = dataset.get(keyword) or []
        values = [value] if isinstance(value, str) else list(value)
        found += [str(word).strip().upper() for word in values]
    return found
