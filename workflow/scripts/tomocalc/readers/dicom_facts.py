"""What the headers of a DICOM volume say of its geometry, and what is doubtful about them."""

import numpy as np

from tomocalc.accounts.doubts import Doubt
from tomocalc.readers.dicom_attributes import MAMMOGRAM, PROCESSING, PROJECTION, SLAB, SYNTHETIC_2D
from tomocalc.readers.dicom_header import DicomHeader, same_spacing
from tomocalc.readers.dicom_selection import Item, by_number, located
from tomocalc.readers.plane import Facts

FLAT = {MAMMOGRAM, PROCESSING, PROJECTION}
"""Images of the detector itself, not computed from them."""
SMALLEST = 0.4
"""Spacing in the breast over that of the detector: magnification is 2.5 at most."""
BINNED = 4.0
"""Largest number of detector pixels along one of a computed slice."""
ROUGHLY = 0.01
"""Relative difference above which two spacings disagree."""
GAP = 1.5
"""A step this many times the usual one means that slices are missing."""


def volume_facts(items: list[Item], places: list[int], *, complete: bool) -> Facts:
    """Return spacing, side and doubts of slices.

    Parameters
    ----------
    items
        Slices in order.
    places
        By which numbers annotations name them.
    complete
        Whether no file is missing from them for a fault of its own.
    """
    headers = list({id(item.header): item.header for item in items}.values())
    first = headers[0]
    doubts = _of_order(items, places)
    contradiction = None
    if len(headers) == 1 and first.per_frame_items not in (0, first.frames):
        counts = {"described": float(first.per_frame_items), "stored": float(first.frames)}
        contradiction = Doubt(code="header_contradicts", values=counts)
    found = [_spacing(header) for header in headers]
    spacing, source, magnification = found[0]
    differ = any(header.spacings_differ for header in headers) or any(
        (spacing is None) != (other is None)
        or (spacing is not None and other is not None and not same_spacing(spacing, other))
        for other, _, _ in found
    )
    if magnification is not None:
        doubts.append(Doubt(code="magnified", values={"factor": magnification}))
    elif spacing and source == "ImagerPixelSpacing":
        doubts.append(Doubt(code="detector_spacing"))
    doubts += _of_spacing(headers)
    slice_spacing, slice_source = first.slice_spacing, "SpacingBetweenSlices"
    depths = [item.depth for item in items if item.depth is not None]
    if len(depths) == len(items) > 1:
        steps = np.abs(np.diff(depths))
        usual = float(np.median(steps))
        if usual > 0:
            slice_spacing, slice_source = round(usual, 6), "ImagePositionPatient"
            doubts += _of_steps(items, usual)
            uneven = (steps > GAP * usual) | (steps < usual / GAP)
            gaps = np.flatnonzero(uneven) if complete else np.empty(0, int)
            if gaps.size:
                largest = {"mm": round(float(steps[gaps].max()), 6)}
                doubts.append(Doubt(code="gap", slices=tuple(gaps.tolist()), values=largest))
    if any(header.burned_in for header in headers):
        doubts.append(Doubt(code="burned_in"))
    if first.other_modality and first.laterality is None:
        doubts.append(Doubt(code="other_modality"))
    if not first.sop_class:
        doubts.append(Doubt(code="no_class"))
    if first.part and not any(header.part and header.part.total for header in headers):
        doubts.append(Doubt(code="parts_uncounted", values={"parts": float(len(headers))}))
    return Facts(
        spacing_mm=spacing,
        spacing_source=source if spacing else "",
        oblong=spacing is None and len({*first.aspect}) > 1,
        spacings_differ=differ,
        slice_spacing_mm=slice_spacing,
        slice_spacing_source=slice_source if slice_spacing else "",
        study=first.study,
        laterality=first.laterality,
        view=first.view,
        vendor=first.vendor,
        contradiction=contradiction,
        doubts=tuple(doubts),
        half_angle_deg=first.half_angle,
        projections=first.projections,
    )


def _spacing(header: DicomHeader) -> tuple[tuple[float, float] | None, str, float | None]:
    """Return spacing, its source, and the magnification that it was divided by, if any.

    ImagerPixelSpacing is that of the detector, and PixelSpacing of a projection is often a copy of
    it: both are divided by the magnification that the header estimates.
    """
    spacing, source = header.spacing, "PixelSpacing"
    if spacing is None:
        spacing, source = header.imager_spacing, "ImagerPixelSpacing"
    factor, imager = header.magnification, header.imager_spacing
    if spacing is None or imager is None or factor in (None, 1.0):
        return spacing, source, None
    if not same_spacing(spacing, imager):
        return spacing, source, None
    return (spacing[0] / factor, spacing[1] / factor), source, factor


def _of_spacing(headers: list[DicomHeader]) -> list[Doubt]:
    """Return a doubt where PixelSpacing cannot come from pixels of the detector."""
    for header in headers:
        one, other = header.spacing, header.imager_spacing
        if one is not None and other is not None:
            largest = 1.0 if header.kinds[0] in FLAT else BINNED
            if not SMALLEST <= one[0] / other[0] <= largest + ROUGHLY:
                values = {"pixel": one[0], "imager": other[0]}
                return [Doubt(code="imager_spacing_differs", values=values)]
    return []


def _of_steps(items: list[Item], step: float) -> list[Doubt]:
    """Return what headers say of the distance of slices against their positions."""
    said = {item.header.slice_spacing for item in items} - {None}
    wrong = [value for value in said if value and abs(value - step) > ROUGHLY * step]
    if wrong:
        values = {"positions": round(step, 6), "header": max(wrong)}
        return [Doubt(code="positions_differ", values=values)]
    thick = [item.thickness for item in items if item.thickness is not None]
    if thick and step > GAP * max(thick):
        values = {"step": round(step, 6), "thickness": max(thick)}
        return [Doubt(code="slices_apart", values=values)]
    return []


def _of_order(items: list[Item], places: list[int]) -> list[Doubt]:
    """Return what is to be said of the order of slices, and of what kind they are."""
    doubts = []
    if places != sorted(places):
        doubts.append(Doubt(code="frames_reordered"))
    single = len({item.file for item in items}) == len(items) > 1
    numbered = by_number(items) if single else None
    if numbered is not None and numbered == items[::-1]:
        doubts.append(Doubt(code="order_reversed"))
    elif (numbered is not None and numbered != items) or (single and _located_otherwise(items)):
        doubts.append(Doubt(code="order_differs"))
    depths = {item.depth for item in items}
    if not single and len(items) > 1 and len(depths) == 1 and None not in depths:
        doubts.append(Doubt(code="one_position"))
    doubts += _of_numbers(items) if single else []
    doubts += [Doubt(code=kind) for kind in (SLAB, SYNTHETIC_2D) if items[0].kind == kind]
    return doubts


def _located_otherwise(items: list[Item]) -> bool:
    """Return whether single images lie otherwise by SliceLocation, or positions of no plane."""
    at = [] if any(item.depth is not None for item in items) else located(items)
    return at not in (sorted(at), sorted(at, reverse=True))


def _of_numbers(items: list[Item]) -> list[Doubt]:
    """Return what is doubtful about the Instance Numbers of single slices."""
    numbers = [item.header.instance for item in items if item.header.instance is not None]
    if 1 < len(set(numbers)) < len(numbers):
        return [Doubt(code="numbers_repeat")]
    if any(item.depth is None for item in items) and len(numbers) == len(items):
        steps = np.diff(numbers)  # sorted by them
        skipped = np.flatnonzero(steps > GAP * np.median(steps))
        if skipped.size:
            return [Doubt(code="numbers_skip", slices=tuple(skipped.tolist()))]
    return []
