"""TIFF: every page is a slice."""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError
from tomocalc.readers.colour import grey, unsigned
from tomocalc.readers.plane import Plane, damaged, named, same_values, unsupported

MAX_PAGES = 10_000
AXES = {"YX", "YXS", "SYX"}
GREY_OR_RGB = {"MINISWHITE", "MINISBLACK", "RGB", "YCBCR"}
DOING = "a TIFF cannot be read"


def tiff_planes(path: Path) -> list[Plane | TomocalcError]:
    """Read the header of every page; a page that cannot be used stands as its fault.

    Raises
    ------
    TomocalcError
        ``E202`` when the chain of pages is broken, so that their number is unknown.
    """
    where = str(path)
    offsets = _page_offsets(path)
    planes: list[Plane | TomocalcError] = []
    with named(where, doing=DOING), tifffile.TiffFile(path) as tif:
        for index, offset in enumerate(offsets):
            place = where if len(offsets) == 1 else f"{where}, page {index}"
            try:
                with named(place, doing=DOING):
                    planes.append(_plane(path, tif, index=index, offset=offset, where=place))
            except TomocalcError as error:
                planes.append(error)
    return planes


def _plane(path: Path, tif: tifffile.TiffFile, *, index: int, offset: int, where: str) -> Plane:
    page = _page(tif, index=index, offset=offset)
    _check_kind(page, where)
    dtype = page.dtype
    assert dtype is not None
    size = path.stat().st_size
    spans = tuple(zip(page.dataoffsets, page.databytecounts, strict=True))
    if any(length <= 0 or start <= 0 or start + length > size for start, length in spans):
        raise damaged(where, "a part of its pixels lies beyond the end of the file")
    inverted = page.photometric == tifffile.PHOTOMETRIC.MINISWHITE
    shifted = {"int8": "uint8", "int16": "uint16"}.get(dtype.name, dtype.name)
    return Plane(
        where=where,
        path=path,
        rows=page.imagelength,
        columns=page.imagewidth,
        dtype=shifted,
        bits=page.bitspersample,
        recipe=f"TIFF {int(page.compression)} {int(page.photometric)} {dtype.str}",
        decode=partial(_decode, path, index=index, offset=offset, where=where, inverted=inverted),
        spans=spans,
    )


def _decode(path: Path, *, index: int, offset: int, where: str, inverted: bool) -> NDArray[Any]:
    with tifffile.TiffFile(path) as tif:
        page = _page(tif, index=index, offset=offset)
        image = page.asarray(maxworkers=1)
        if page.axes == "SYX":
            image = np.moveaxis(image, 0, -1)
        bits = page.bitspersample
    image = same_values(unsigned(grey(image, where)))
    if not inverted:
        return image
    return image ^ image.dtype.type((1 << bits) - 1) if image.dtype.kind == "u" else -image


def _page(tif: tifffile.TiffFile, *, index: int, offset: int) -> tifffile.TiffPage:
    if index == 0:
        return tif.pages.first
    tif.filehandle.seek(offset)
    return tifffile.TiffPage(tif, index)


def _check_kind(page: tifffile.TiffPage, where: str) -> None:
    colours = getattr(page.photometric, "name", "unknown")
    fix = "save it as 8-bit or 16-bit greyscale, without a palette"
    if page.dtype is None or page.axes not in AXES:
        raise unsupported(where, "its pixels are not one plane of numbers", fix)
    if colours not in GREY_OR_RGB:
        raise unsupported(where, f"its colours are {colours.lower()}", fix)
    if page.dtype.kind == "b" or page.bitspersample < 8:
        raise unsupported(where, f"it has {page.bitspersample} bit per pixel", fix)
    if page.dtype.kind == "c":
        raise TomocalcError(
            "E206",
            what="an image has complex numbers",
            where=where,
            why="complex numbers have no order",
            fix="save their magnitude",
        )


def _page_offsets(path: Path) -> list[int]:
    """Follow the chain of page directories, which tifffile abandons without a word if broken."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(16)
        order = "<" if head[:2] == b"II" else ">"
        big = head[2:4] in (b"+\x00", b"\x00+")
        count_code, link_code, entry = ("Q", "Q", 20) if big else ("H", "I", 12)
        count_size, link_size = struct.calcsize(count_code), struct.calcsize(link_code)
        at = 8 if big else 4
        offsets: list[int] = []
        link = head[at : at + link_size]
        while len(link) == link_size:
            (offset,) = struct.unpack(order + link_code, link)
            if offset == 0 and offsets:
                return offsets
            if offset in offsets or len(offsets) == MAX_PAGES:
                raise damaged(str(path), f"its chain of pages does not end after {len(offsets)}")
            if not 8 <= offset < size:
                break
            offsets.append(offset)
            handle.seek(offset)
            entries = handle.read(count_size).ljust(count_size, b"\0")
            handle.seek(offset + count_size + struct.unpack(order + count_code, entries)[0] * entry)
            link = handle.read(link_size)
    raise damaged(str(path), f"its chain of pages breaks off after {len(offsets)}")
