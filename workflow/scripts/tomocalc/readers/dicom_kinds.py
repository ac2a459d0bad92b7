"""What an image is: a slice of a breast, or one of the pictures that are stored beside slices."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.dataset import Dataset

from tomocalc.readers.dicom_lists import (
    FOR_PROCESSING,
    LOCALIZERS,
    MAMMOGRAPHY,
    PROJECTIONS,
    SLABS,
    SYNTHETIC,
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
