"""Spacing: the header's where it has one, else the sheet's, else an error; the side, as it is seen.

Headers are unreliable about the side. A left breast is shown with its chest wall on the left edge,
a right one on the right; the edge that breast tissue touches is the brighter one, the other shows
air. This is the rule of the BCS-DBT data set's own reader, with a band instead of one column.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.doubts import Doubt, doubt_sentence
from tomocalc.errors import TomocalcError, fault
from tomocalc.readers.plane import Facts

DISAGREE = 0.01
"""Relative difference above which the sheet's spacing and the header's disagree."""
PIXELS_MM = 0.015, 2.0
"""Smallest and largest pixel spacing that can be: films are read from 0.02 mm on, CT at 1 mm."""
SLICES_MM = 0.015, 50.0
"""The same between slices: slabs are up to 30 mm apart."""
BREAST_MM = 8.0, 200.0
"""Thickness of a breast, compressed or lying free."""
MANY = 20
"""Slices from which on all of a breast can be expected in them."""
CLOSE_MM = 0.2
"""Distance of slices below which they can only be many: the finest tomosynthesis has 0.5."""
BAND = 0.01
"""Width of the edge bands, as a share of the columns."""
MARGIN = 0.05
"""Least difference of the bands' means, as a share of the image's range, that decides."""
TURNED = 0.02
"""Difference of two direction cosines that rounding does not explain."""
ROUGHLY = 0.01
"""Relative difference above which two spacings disagree."""
FEW = 0.5
"""Share of the samples along any other axis below which those along one are few."""
ODD_SPACING = 0.01
"""Relative difference from the two others by which an axis is the depth."""


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Distances of neighbouring pixels and slices, in mm, and where they come from."""

    spacing_mm: tuple[float, float]
    """(row, column)."""
    spacing_source: str
    """``PixelSpacing``, ``ImagerPixelSpacing``, ``affine`` or ``sheet``."""
    slice_spacing_mm: float
    """1.0, without meaning, for a single slice."""
    slice_spacing_source: str
    """``ImagePositionPatient``, ``SpacingBetweenSlices``, ``sheet`` or ``single slice``."""
    doubts: tuple[Doubt, ...]


def resolve_geometry(
    facts: Facts,
    *,
    slices: int,
    rows: int,
    columns: int,
    pixel_spacing_mm: float | None,
    slice_spacing_mm: float | None,
    where: str,
) -> Geometry:
    """Choose the spacing of a volume.

    Pixels: PixelSpacing, else ImagerPixelSpacing, else the sheet. Slices: positions, else
    SpacingBetweenSlices, else the sheet; SliceThickness never, because real files put the
    thickness of the whole breast there. A header that contradicts itself is believed in nothing
    of this: both values must then come from the sheet.

    Raises
    ------
    TomocalcError
        ``E205`` when a spacing is nowhere, ``E207`` when the header contradicts itself and the
        sheet does not settle it.
    """
    doubts = list(facts.doubts)
    if facts.contradiction:
        _check_settled(facts.contradiction, pixel_spacing_mm, slice_spacing_mm, slices, where)
        doubts.append(facts.contradiction)
        facts = Facts()
    spacing, source = facts.spacing_mm, facts.spacing_source
    row, column, between = facts.resolution_mm or (None, None, None)
    _check_one_number(facts, pixel_spacing_mm, where)
    if facts.spacings_differ:
        doubts.append(Doubt(code="spacings_differ"))
        spacing = None
    if spacing is None:
        if pixel_spacing_mm is None:
            raise _missing("pixel", row, where)
        spacing, source = (pixel_spacing_mm, pixel_spacing_mm), "sheet"
        doubts += _disagreement("file", (row, column), pixel_spacing_mm)
    elif pixel_spacing_mm is not None:
        doubts += _disagreement("pixel", spacing, pixel_spacing_mm)
    depth, depth_source = facts.slice_spacing_mm, facts.slice_spacing_source
    if slices == 1:
        depth, depth_source = 1.0, "single slice"
    elif depth is None:
        if slice_spacing_mm is None:
            raise _missing("slice", between, where)
        depth, depth_source = slice_spacing_mm, "sheet"
        doubts += _disagreement("file", (between,), slice_spacing_mm)
    elif slice_spacing_mm is not None:
        doubts += _disagreement("slice", (depth,), slice_spacing_mm)
    _check_possible("pixel", spacing, source, PIXELS_MM, where)
    if abs(spacing[0] - spacing[1]) > DISAGREE * spacing[0]:
        doubts.append(
            Doubt(code="pixels_oblong", values={"down": spacing[0], "across": spacing[1]})
        )
    if slices > 1:
        _check_possible("slice", (depth,), depth_source, SLICES_MM, where)
        doubts += _of_depth(slices, depth, min(rows, columns))
    return Geometry(
        spacing_mm=(float(spacing[0]), float(spacing[1])),  # a sheet's 1 is an integer
        spacing_source=source,
        slice_spacing_mm=float(depth),
        slice_spacing_source=depth_source,
        doubts=tuple(doubts),
    )


def _check_one_number(facts: Facts, sheet: float | None, where: str) -> None:
    """Refuse a pixel spacing that one number of the sheet cannot say, or does not."""
    if facts.spacings_differ and sheet is None:
        why = "frames or files of the volume have different pixel spacings"
        fix = "fill pixel_spacing_mm in the sheet's row of this volume, or give each volume a row "
        fix += "of its own if these are several"
    elif facts.oblong:
        why = "its header says that pixels are not square (PixelAspectRatio)"
        fix = "store PixelSpacing in its header, which has a number for rows and for columns"
    else:
        return
    raise fault("spacing_manifold", where, why, fix)


def _check_settled(
    contradiction: Doubt,
    pixel_spacing_mm: float | None,
    slice_spacing_mm: float | None,
    slices: int,
    where: str,
) -> None:
    absent = []
    if pixel_spacing_mm is None:
        absent.append("pixel_spacing_mm")
    if slice_spacing_mm is None and slices > 1:
        absent.append("slice_spacing_mm")
    if absent:
        why = doubt_sentence(contradiction).partition(":")[0]
        raise fault("header_contradictory", where, why, columns=" and ".join(absent))


def _check_possible(
    name: str, found: tuple[float, ...], source: str, ends: tuple[float, float], where: str
) -> None:
    """Refuse a spacing that no image of a breast has: it stands in another unit, or for another."""
    if all(ends[0] <= step <= ends[1] for step in found):
        return
    why = (
        f"it is {found[0]:g} mm by {source}, and what is between {ends[0]:g} and {ends[1]:g} "
        "is possible: does it stand in another unit, such as µm or cm?"
    )
    raise fault("spacing_impossible", where, why, axis=name)


def _of_depth(slices: int, step: float, side: int) -> list[Doubt]:
    """Return a doubt where slices lie too deep for a breast, all too close, or are too many.

    *side* is the smaller number of rows and columns.
    """
    deep = slices * step
    thin = deep < BREAST_MM[0] and (slices >= MANY or step < CLOSE_MM)
    if thin or deep > BREAST_MM[1]:
        return [Doubt(code="depth_unlikely", values={"mm": round(deep, 3), "step": step})]
    if slices > side:
        return [Doubt(code="more_than_rows", values={"slices": slices, "side": side})]
    return []


def _missing(name: str, resolution: float | None, where: str) -> TomocalcError:
    why = (
        "neither the file nor the sheet has it, and sizes in mm need it"
        if resolution is None
        else f"the sheet has none, and the {resolution:g} mm of the file's resolution may be what "
        "a program writes by habit"
    )
    return fault("spacing_missing", where, why, axis=name)


def _disagreement(name: str, found: Sequence[float | None], sheet: float) -> list[Doubt]:
    known = [step for step in found if step is not None and abs(step - sheet) > DISAGREE * step]
    if not known:
        return []
    values = {"file" if name == "file" else "header": known[0], "sheet": sheet}
    return [Doubt(code=f"{name}_spacing_differs", values=values)]


def side_of(image: NDArray[Any]) -> str | None:
    """Return ``L`` or ``R`` for the breast that *image* shows, or None when it is not clear.

    Parameters
    ----------
    image
        (row, column), brighter is more attenuating.
    """
    width = max(1, round(image.shape[1] * BAND))
    left, right = float(image[:, :width].mean()), float(image[:, -width:].mean())
    # The range without the extremes: a marker or a hot pixel must not hide the breast.
    low, high = np.percentile(image[::8, ::8], (1, 99))
    if abs(left - right) <= MARGIN * float(high - low):
        return None
    return "L" if left > right else "R"


def turned(image: NDArray[Any]) -> NDArray[Any]:
    """Return *image* with both in-plane axes reversed, as the BCS-DBT reader repairs its volumes.

    A view stored upside down and mirrored is a turn of the detector by 180°; the annotations of
    that data set hold only after it.
    """
    return np.ascontiguousarray(image[::-1, ::-1])


def two_affines(head: bytes, order: str, *, second: bool) -> bool:
    """Return whether sform and qform, or sform and pixel sizes, of a NIfTI header differ."""
    number, at = ("d", (344, 348, 352, 400, 104)) if second else ("f", (252, 254, 256, 280, 76))
    qform, sform = (
        struct.unpack_from(f"{order}{'i' if second else 'h'}", head, place)[0] for place in at[:2]
    )
    if sform <= 0:
        return False
    sizes = struct.unpack_from(f"{order}4{number}", head, at[4])
    rows = np.reshape(struct.unpack_from(f"{order}12{number}", head, at[3]), (3, 4))[:, :3]
    steps = np.linalg.norm(rows, axis=0)
    if not np.allclose(steps, sizes[1:], rtol=ROUGHLY) or not steps.all():
        return True
    if qform <= 0:
        return False
    b, c, d = struct.unpack_from(f"{order}3{number}", head, at[2])
    a = math.sqrt(max(0.0, 1 - b * b - c * c - d * d))
    turn = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    turn[:, 2] *= -1 if sizes[0] < 0 else 1
    return not np.allclose(rows / steps, turn, atol=TURNED)


def alike(one: str | None, other: str | None) -> bool:
    """Return whether two lists of numbers agree, or one is missing."""
    if one is None or other is None:
        return True
    a, b = (np.array(text.split(), float) for text in (one, other))
    return a.shape == b.shape and np.allclose(a, b, rtol=ROUGHLY)


def depth_axis(steps: list[float], sizes: list[int]) -> int:
    """Return the axis of the patient along which slices follow each other.

    It is the one whose spacing differs from two equal ones, else the one with less than `FEW` of
    the samples of any other, else the last.
    """
    for axis in range(3):
        one, other = (steps[index] for index in range(3) if index != axis)
        nearest = ODD_SPACING * one
        # An unknown spacing (NaN) is not that of the two others.
        if abs(one - other) <= nearest and not abs(steps[axis] - one) <= nearest:
            return axis
    fewest, second, _ = sorted(range(3), key=lambda axis: sizes[axis])
    return fewest if sizes[fewest] < FEW * sizes[second] else 2
