"""What a slice must be to belong to its volume, as far as headers tell."""

from __future__ import annotations

from collections import Counter

from tomocalc.errors import TomocalcError
from tomocalc.readers.plane import Plane

Kind = tuple[int, int, str, int]
"""Rows, columns, type, bits."""


def checked_planes(
    planes: list[Plane | TomocalcError], *, max_pixels: int, min_size: int
) -> list[Plane | TomocalcError]:
    """Replace every slice outside the limits, or unlike most of its volume, by its fault."""
    sized = [
        (_size_fault(plane, max_pixels=max_pixels, min_size=min_size) or plane)
        if isinstance(plane, Plane)
        else plane
        for plane in planes
    ]
    counts = Counter(_kind(plane) for plane in sized if isinstance(plane, Plane))
    if len(counts) <= 1:
        return sized
    usual = counts.most_common(1)[0][0]
    return [
        _odd_one(plane, usual) if isinstance(plane, Plane) and _kind(plane) != usual else plane
        for plane in sized
    ]


def _kind(plane: Plane) -> Kind:
    return plane.rows, plane.columns, plane.dtype, plane.bits


def _size_fault(plane: Plane, *, max_pixels: int, min_size: int) -> TomocalcError | None:
    size = f"{plane.rows} × {plane.columns} pixels"
    if plane.rows * plane.columns > max_pixels:
        return TomocalcError(
            "E204",
            what="an image is larger than max_pixels",
            where=plane.where,
            why=f"it has {size}, more than {max_pixels} in all",
            fix="raise image.max_pixels if the image is genuine",
        )
    if min(plane.rows, plane.columns) < min_size:
        return TomocalcError(
            "E204",
            what="an image is smaller than min_size",
            where=plane.where,
            why=f"it has {size}, and each side must have at least {min_size}",
            fix="take it out of the volume, or lower image.min_size",
        )
    return None


def _odd_one(plane: Plane, usual: Kind) -> TomocalcError:
    found = "{} × {} pixels of {} with {} bits".format(*_kind(plane))
    most = "{} × {} of {} with {}".format(*usual)
    return TomocalcError(
        "E207",
        what="a slice differs from the others of its volume",
        where=plane.where,
        why=f"it has {found}, most have {most}",
        fix="take it out of the volume, or export the volume again",
    )
