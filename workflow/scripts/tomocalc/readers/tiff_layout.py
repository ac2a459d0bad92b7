"""Where the pages of a TIFF lie, and what its description says of its planes.

ImageJ, tifffile and OME write one. ImageJ keeps one directory and puts all further planes behind
the first once a file passes 4 GB, as tifffile does where it is told to truncate; hyperstacks
interleave channels and times.
"""

import json
import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tifffile

from tomocalc.errors import fault
from tomocalc.readers.plane import damaged, unsupported
from tomocalc.readers.raster import INCH_MM, stated

UNITS_MM = {
    **dict.fromkeys(("um", "µm", "μm", "micron", "microns", "micrometer", "&#181;m"), 1e-3),
    **dict.fromkeys(("mm", "millimeter"), 1.0),
    **dict.fromkeys(("cm", "centimeter"), 10.0),
    **dict.fromkeys(("in", "inch"), INCH_MM),
    "m": 1000.0,
}
MAX_PLANES = 10_000
MAX_PAGES = 10_000


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
    return _ome(text) if "<OME" in text[:4096] else None


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


def stated_mm(page: tifffile.TiffPage) -> tuple[float, float, float | None] | None:
    """Return the distances of rows, columns and slices that tags and description state, in mm."""
    text = page.parent.pages.first.description
    if "<OME" in text[:4096]:
        return _ome_spacing(text)
    tags = page.tags
    across, down = (tags.valueof(name) for name in ("XResolution", "YResolution"))
    if not all(isinstance(value, tuple) and all(value) for value in (across, down)):
        return None
    said = dict(re.findall(r"(?m)^(unit|spacing)=(\S+)\s*$", text)) if text[:7] == "ImageJ=" else {}
    length = UNITS_MM.get(said.get("unit", "").casefold().replace("\\u00b5", "µ"), 0.0)
    tag = {2: INCH_MM, 3: 10.0}.get(int(tags.valueof("ResolutionUnit", 2)), 0.0)
    found = stated(down[0] / down[1], across[0] / across[1], length or tag)
    if found is None:
        return None
    between = _number(said.get("spacing", "")) * length
    return found[0], found[1], between or None


def _ome_spacing(text: str) -> tuple[float, float, float | None] | None:
    pixels = re.search(r"<(?:\w+:)?Pixels\b[^>]*>", text)
    sizes = []
    for axis in "YXZ":
        size = re.search(rf'\bPhysicalSize{axis}="([^"]{{1,30}})"', pixels[0] if pixels else "")
        unit = re.search(rf'\bPhysicalSize{axis}Unit="([^"]{{1,9}})"', pixels[0] if pixels else "")
        name = unit[1].casefold() if unit else "µm"
        sizes.append(_number(size[1] if size else "") * UNITS_MM.get(name, 0.0))
    return (sizes[0], sizes[1], sizes[2] or None) if sizes[0] > 0 and sizes[1] > 0 else None


def _number(text: str) -> float:
    """Return a positive number, 0 for anything else."""
    found = float(text) if re.fullmatch(r"\d+(\.\d*)?([eE][+-]?\d+)?", text) else 0.0
    return found if math.isfinite(found) else 0.0


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
        why = f"its description by {said[0].writer} says {planes} planes, and {pages} are stored"
        raise fault("tiff_description_differs", where, why)
    return planes


def page_offsets(path: Path) -> list[int]:
    """Follow the chain of page directories, which tifffile abandons without a word if broken."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(16)
        order = "<" if head[:2] == b"II" else ">"
        big = head[2:4] in (b"+\x00", b"\x00+")
        count_code, link_code, entry = ("Q", "Q", 20) if big else ("H", "I", 12)
        count_size, link_size = struct.calcsize(count_code), struct.calcsize(link_code)
        at = 8 if big else 4
        offsets: dict[int, None] = {}  # in order, and quick to search
        link = head[at : at + link_size]
        while len(link) == link_size:
            (offset,) = struct.unpack(order + link_code, link)
            if offset == 0 and offsets:
                return list(offsets)
            if offset in offsets or len(offsets) == MAX_PAGES:
                raise damaged(str(path), f"its chain of pages does not end after {len(offsets)}")
            if not 8 <= offset < size:
                break
            offsets[offset] = None
            handle.seek(offset)
            entries = handle.read(count_size).ljust(count_size, b"\0")
            handle.seek(offset + count_size + struct.unpack(order + count_code, entries)[0] * entry)
            link = handle.read(link_size)
    raise damaged(str(path), f"its chain of pages breaks off after {len(offsets)}")
