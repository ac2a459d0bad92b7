"""What the description of a TIFF says of its planes: ImageJ, tifffile and OME write one.

ImageJ keeps one directory and puts all further planes behind the first once a file passes 4 GB,
as tifffile does where it is told to truncate; hyperstacks interleave channels and times.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tomocalc.errors import TomocalcError
from tomocalc.readers.plane import COPY_AGAIN, unsupported

MAX_PLANES = 10_000


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a description says."""

    writer: str
    planes: int
    channels: int = 1
    times: int = 1
    """Points in time, where there are slices beside them."""
    order: tuple[int, ...] | None = None
    """Page of every plane, where it is not the page of its number."""


def described(text: str, *, samples: int) -> Layout | None:
    """Read an Image Description; None where it says nothing of planes.

    Parameters
    ----------
    samples
        Values per pixel of a page.
    """
    if text.startswith("ImageJ="):
        return _imagej(text)
    if text.startswith('{"shape":'):
        return _tifffile(text, samples=samples)
    if "<OME" in text[:4096]:
        return _ome(text)
    return None


def _imagej(text: str) -> Layout | None:
    found = {name: int(value) for name, value in re.findall(r"(?m)^(\w+)=(\d{1,9})\s*$", text)}
    slices, times = found.get("slices", 1), found.get("frames", 1)
    channels = found.get("channels", 1)
    planes = found.get("images", slices * times * channels)
    return Layout(
        writer="ImageJ", planes=planes, channels=channels, times=times if slices > 1 else 1
    )


def _tifffile(text: str, *, samples: int) -> Layout | None:
    try:
        content = json.loads(text)
        shape = [int(size) for size in content["shape"]]
        axes = str(content.get("axes", ""))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    leading = len(shape) - (2 if samples == 1 else 3)
    if leading < 0 or any(size < 1 for size in shape):
        return None
    sizes = shape[:leading]
    names = axes[:leading] if len(axes) == len(shape) else "Z" * leading
    planes = math.prod(sizes)
    channels = math.prod(size for size, name in zip(sizes, names, strict=True) if name == "C")
    deep = [size for size, name in zip(sizes, names, strict=True) if name != "C" and size > 1]
    return Layout(
        writer="tifffile",
        planes=planes,
        channels=channels,
        times=deep[0] if len(deep) > 1 else 1,
    )


def _ome(text: str) -> Layout | None:
    images = re.findall(r"<(?:\w+:)?Pixels\b[^>]*>", text)
    if not images:
        return None
    sizes = [_numbers(image, ("SizeZ", "SizeC", "SizeT")) for image in images]
    slices, channels, times = (sizes[0].get(name, 1) for name in ("SizeZ", "SizeC", "SizeT"))
    per_channel = max(map(int, re.findall(r'SamplesPerPixel="(\d{1,3})"', text)), default=1)
    channels = max(channels // max(per_channel, 1), 1)
    planes = sum(
        size.get("SizeZ", 1) * size.get("SizeT", 1) * max(size.get("SizeC", 1) // per_channel, 1)
        for size in sizes
    )
    return Layout(
        writer="OME",
        planes=planes,
        channels=channels,
        times=times if slices > 1 or len(images) > 1 else 1,
        order=_ome_order(text, planes),
    )


def _ome_order(text: str, planes: int) -> tuple[int, ...] | None:
    """Return the page of each plane where TiffData elements say it, else None."""
    pages: dict[int, int] = {}
    for element in re.findall(r"<(?:\w+:)?TiffData\b[^>]*>", text)[: MAX_PLANES + 1]:
        found = _numbers(element, ("IFD", "FirstZ", "FirstT", "PlaneCount"))
        if "IFD" not in found:
            continue
        first = max(found.get("FirstZ", 0), found.get("FirstT", 0))
        for step in range(min(found.get("PlaneCount", 1), MAX_PLANES)):
            pages[first + step] = found["IFD"] + step
    if sorted(pages) != [*range(planes)]:
        return None
    return tuple(pages[plane] for plane in range(planes))


def _numbers(element: str, names: Sequence[str]) -> dict[str, int]:
    found = ((name, re.search(rf'\b{name}="(\d{{1,9}})"', element)) for name in names)
    return {name: int(match[1]) for name, match in found if match}


def check_layout(layouts: Sequence[Layout | None], *, pages: int, where: str) -> int:
    """Compare what descriptions say with the pages; return how many planes the file holds.

    Parameters
    ----------
    layouts
        One per page; tifffile describes every series on its first page.

    Raises
    ------
    TomocalcError
        ``E203`` for channels and times, ``E207`` where pages are missing or left over.
    """
    said = [layout for layout in layouts if layout is not None]
    fix = "save one channel and one time point as a stack of slices"
    for layout in said:
        if layout.channels > 1:
            raise unsupported(where, f"it has {layout.channels} channels beside its slices", fix)
        if layout.times > 1:
            raise unsupported(where, "it has another axis beside its slices, such as time", fix)
    if not said:
        return pages
    if said[0].writer == "tifffile" and len(said) > 1:
        planes = sum(layout.planes for layout in said)
    else:
        planes = said[0].planes
    if planes > MAX_PLANES or planes < 1 or (planes != pages and pages != 1):
        raise TomocalcError(
            "E207",
            what="a TIFF does not hold the slices it says",
            where=where,
            why=f"its description by {said[0].writer} says {planes} planes, and {pages} are stored",
            fix=f"{COPY_AGAIN}, or save it again without the description",
        )
    return planes
