"""A volume of slices behind one small interface, whatever files it is stored in."""

from __future__ import annotations

import contextlib
import copy
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.base import Shown
from tomocalc.accounts.doubts import Doubt
from tomocalc.accounts.manifest import SliceSource
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.readers.colour import colour_doubts
from tomocalc.readers.file_stack import checked_planes, file_stack
from tomocalc.readers.geometry import resolve_geometry, side_of, turned
from tomocalc.readers.padding import (
    bright_outside,
    fill_padding,
    frame_width,
    outside,
    without_frame,
)
from tomocalc.readers.plane import Origin, Plane, damaged, named, read_spans, source_key
from tomocalc.readers.scale import Scale, VolumeHeader, find_scale, is_swapped
from tomocalc.readers.sources import source_files

MAX_PIXELS = 100_000_000
"""Pixels of a slice above which a file is taken for damaged or hostile."""
MIN_SIZE = 16
"""Least side of a slice, in pixels."""


class Volume(Shown):
    """The slices of a volume, decoded one at a time.

    Nothing is kept open or in memory between reads, and a volume can be sent to another process.

    Attributes
    ----------
    header
        What is known of all slices.
    planes, scale
        How each slice is stored, or what is wrong with it, and how its values become integers.
    faults
        Slice index to what is wrong with it, as far as headers tell. Reading such a slice raises
        it; damage inside the pixels shows only then.
    """

    def __init__(
        self, *, header: VolumeHeader, planes: list[Plane | TomocalcError], scale: Scale | None
    ) -> None:
        self.header = header
        self.planes = planes
        self.scale = scale
        self.faults: Mapping[int, TomocalcError] = {
            index: plane for index, plane in enumerate(planes) if isinstance(plane, TomocalcError)
        }

    def __len__(self) -> int:
        return len(self.planes)

    def _facts(self) -> dict[str, object]:
        return {**self.header.shown(), "faults": len(self.faults) or None}

    def with_header(self, header: VolumeHeader) -> Volume:
        """Return the same slices under another *header*, whatever has been put into them."""
        other = copy.copy(self)
        other.header = header
        return other

    def where(self, index: int) -> str:
        """Return file and slice, for messages."""
        return self.planes[index].where

    def sources(self) -> tuple[SliceSource, ...]:
        """Return how every slice is named outside."""
        return tuple(
            SliceSource(
                stored=plane.stored,
                source=source_key(plane.source),
                position_mm=plane.position_mm,
                orientation=plane.orientation,
            )
            if isinstance(plane, Plane)
            else SliceSource(stored=index)
            for index, plane in enumerate(self.planes)
        )

    def path(self, index: int) -> Path:
        """Return the file that holds a slice.

        Raises
        ------
        TomocalcError
            The slice's fault.
        """
        return self._plane(index).path

    def read(self, index: int) -> NDArray[Any]:
        """Decode one slice.

        Returns
        -------
        NDArray
            (row, column), ``uint8`` or ``uint16``, C-contiguous, the caller's own. Brighter is
            more attenuating: MONOCHROME1 and negative rescale slopes are inverted, signed values
            shifted. All slices of a volume share one affine scale, which is otherwise arbitrary;
            a display window is never applied, because it clips.

        Raises
        ------
        TomocalcError
            The slice's fault.
        """
        plane = self._plane(index)
        with named(plane.where, doing="an image cannot be decoded"):
            image, padding, _ = plane.decode()
        if image.shape != (plane.rows, plane.columns):
            why = f"its header says {(plane.rows, plane.columns)}, decoded {image.shape}"
            raise damaged(plane.where, why)
        if self.scale is not None:
            image = self.scale.apply(image, padding, plane.where)
        if padding is not None:
            fill_padding(image, padding)
        if self.header.frame_px:
            image = without_frame(image, self.header.frame_px)
        if self.header.outside is not None:
            fill_padding(image, outside(image, self.header.outside))
        return turned(image) if self.header.turned else image

    def key(self, index: int) -> str:
        """Return a SHA-256, in hexadecimal, of everything that decides what `read` returns.

        It covers the slice's stored bytes, how they are decoded, and the facts of the header that
        a measurement in mm uses. Names and dates do not matter to it, nor do other slices, except
        where a common scale of floats hangs on them.
        """
        plane = self._plane(index)
        header = self.header
        facts = (
            plane.recipe,
            plane.rows,
            plane.columns,
            header.spacing_mm,
            header.slice_spacing_mm,
            header.turned,
            header.outside,
            header.frame_px,
            self.scale,
        )
        key = hashlib.sha256(repr(facts).encode())
        with named(plane.where, doing="an image cannot be read"):
            if plane.spans:
                key.update(read_spans(plane.path, plane.spans, plane.where))
            else:
                key.update(np.ascontiguousarray(plane.decode().image).data)
        return key.hexdigest()

    def _plane(self, index: int) -> Plane:
        if not 0 <= index < len(self.planes):
            raise IndexError(f"slice {index} of {len(self.planes)}")
        plane = self.planes[index]
        if isinstance(plane, TomocalcError):
            raise plane
        return plane


def open_volume(
    path: str | Path,
    *,
    pixel_spacing_mm: float | None = None,
    slice_spacing_mm: float | None = None,
    laterality: str | None = None,
    max_pixels: int = MAX_PIXELS,
    min_size: int = MIN_SIZE,
    side_mismatch: str = "keep",
) -> Volume:
    """Open a volume: read every header, no pixels but those of three slices and of colours.

    Parameters
    ----------
    path
        A file, a folder or a pattern, as in the sheet.
    pixel_spacing_mm, slice_spacing_mm
        The sheet's, used where the header has none; a DICOM file, a NIfTI, an NRRD say their own.
    laterality
        The sheet's, ``L`` or ``R``; compared with the image when given.
    max_pixels, min_size
        Limits of a slice, checked before anything is decoded.
    side_mismatch
        When the image shows the other side than the sheet: ``keep`` reads it as stored,
        ``repair`` turns it by 180° as the BCS-DBT reader does.

    Returns
    -------
    Volume
        With the slices that are sound and, in `Volume.faults`, those that are not.

    Raises
    ------
    TomocalcError
        When nothing of the volume can be used: all faults, if every slice has one (a kind that is
        not read once for all of them); else ``E104``
        (files), ``E205`` (spacing), ``E207`` (order, number or mixture of slices).
    """
    stack = file_stack(source_files(path))
    planes = checked_planes(stack.planes, max_pixels=max_pixels, min_size=min_size)
    sound = [plane for plane in planes if isinstance(plane, Plane)]
    if not sound:
        faults = [plane for plane in planes if isinstance(plane, TomocalcError)]
        (code, what, first, why, fix), *others = (error.args for error in faults)
        alike = all((*it[:2], *it[3:]) == ("E203", what, why, fix) for it in others)
        if others and alike and code == "E203":  # damage is told of every file
            raise TomocalcError(code, what, f"{first}, and {len(others)} more alike", why, fix)
        raise_all(faults)
    facts, where = stack.facts, str(path)
    geometry = resolve_geometry(
        facts,
        slices=len(planes),
        rows=sound[0].rows,
        columns=sound[0].columns,
        pixel_spacing_mm=pixel_spacing_mm,
        slice_spacing_mm=slice_spacing_mm,
        where=where,
    )
    scale = find_scale(sound)
    said = {name: getattr(facts, name) for name in Origin.__dataclass_fields__} | vars(geometry)
    said["laterality"] = laterality or facts.laterality
    said["doubts"] = (*geometry.doubts, *colour_doubts(planes))
    header = VolumeHeader(
        **said,
        slices=len(planes),
        rows=sound[0].rows,
        columns=sound[0].columns,
        dtype=sound[0].dtype if scale is None else "uint16",
        bits=sound[0].bits if scale is None else 16,
    )
    volume = Volume(header=header, planes=planes, scale=scale)
    return _as_seen(volume, laterality, stated=facts.laterality, policy=side_mismatch)


def _as_seen(volume: Volume, expected: str | None, *, stated: str | None, policy: str) -> Volume:
    """Look at three slices for a frame, a bright outside, and at the middle one for the side."""
    images = _looked_at(volume)
    if width := min(map(frame_width, images), default=0):
        volume = doubted(volume, "framed", {"width": width}, frame_px=width)
        images = [without_frame(image, width) for image in images]
    bright = [found for image in images if (found := bright_outside(image))]
    if bright:
        share = {"share": max(share for _, share in bright)}
        value = min(value for value, _ in bright)
        volume = doubted(volume, "bright_outside", share, outside=value)
        images = _looked_at(volume)
    if images and is_swapped(images[0]):
        volume = doubted(volume, "bytes_swapped", {})
    shown = side_of(images[0]) if images else None
    said = expected or stated
    if said in (shown, None) or (shown is None and stated in (None, said)):
        return volume
    repair = policy == "repair" and None not in (shown, expected)
    code = "side_unclear" if shown is None else "side_turned" if repair else "side_differs"
    return doubted(volume, code, {}, turned=repair)


def _looked_at(volume: Volume) -> list[NDArray[Any]]:
    """Return the readable slice nearest to the middle, and the first and the last one."""
    count = len(volume)
    images = []
    for index in sorted(range(count), key=lambda at: abs(at - count // 2)):
        with contextlib.suppress(TomocalcError):
            images.append(volume.read(index))
            break
    for index in sorted({0, count - 1} - {count // 2}):
        with contextlib.suppress(TomocalcError):
            images.append(volume.read(index))
    return images


def doubted(volume: Volume, code: str, values: dict[str, float], **facts: Any) -> Volume:
    """Return the same slices with one doubt more, and other *facts* in their header."""
    doubts = (*volume.header.doubts, Doubt(code=code, values=values))
    return volume.with_header(replace(volume.header, doubts=doubts, **facts))
