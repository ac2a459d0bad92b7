"""TIFF: every page is a slice."""

from __future__ import annotations

import math
import struct
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from tifffile import COMPRESSION, PHOTOMETRIC

from tomocalc.errors import TomocalcError
from tomocalc.readers.codestream import codestream
from tomocalc.readers.colour import grey, unsigned
from tomocalc.readers.plane import Plane, damaged, named, read_spans, same_values, unsupported
from tomocalc.readers.raster import check_end_of_jpeg

MAX_PAGES = 10_000
MAX_TILE = 1 << 24
"""Pixels of a tile, which may be larger than the image it is a part of."""
AXES = {"YX", "YXS", "SYX"}
COMPRESSIONS = {
    COMPRESSION.NONE,
    COMPRESSION.LZW,
    COMPRESSION.JPEG,
    COMPRESSION.ADOBE_DEFLATE,
    COMPRESSION.DEFLATE,
    COMPRESSION.PACKBITS,
    COMPRESSION.ZSTD,
}
GREY_OR_RGB = {PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.RGB, PHOTOMETRIC.YCBCR}
DOING = "a TIFF cannot be read"
SAVE_GREY = "save it as 8-bit or 16-bit greyscale, without a palette"


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
    numbers = (page.imagelength, page.imagewidth, page.samplesperpixel, page.bitspersample)
    if not all(isinstance(number, int) and number > 0 for number in numbers):
        raise damaged(where, "its size or bits are not positive numbers")
    _check_kind(page, where)
    _check_layout(page, where, size=path.stat().st_size)
    dtype = np.dtype(page.dtype)
    return Plane(
        where=where,
        path=path,
        rows=page.imagelength,
        columns=page.imagewidth,
        dtype={"int8": "uint8", "int16": "uint16"}.get(dtype.name, dtype.name),
        bits=page.bitspersample,
        recipe=f"TIFF {_recipe(page)}",
        decode=partial(_decode, path, index=index, offset=offset, where=where),
        spans=_spans(page),
    )


def _decode(path: Path, *, index: int, offset: int, where: str) -> NDArray[Any]:
    with tifffile.TiffFile(path) as tif:
        page = _page(tif, index=index, offset=offset)
        if page.compression == COMPRESSION.JPEG:
            _check_jpeg(page, path, where)
        image = page.asarray(maxworkers=1)
        if page.axes == "SYX":
            image = np.moveaxis(image, 0, -1)
        white_is_zero = page.photometric == PHOTOMETRIC.MINISWHITE
        largest = (1 << page.bitspersample) - 1
    image = same_values(unsigned(grey(image, where)))
    if not white_is_zero:
        return image
    return image ^ image.dtype.type(largest) if image.dtype.kind == "u" else -image


def _page(tif: tifffile.TiffFile, *, index: int, offset: int) -> tifffile.TiffPage:
    if index == 0:
        return tif.pages.first
    tif.filehandle.seek(offset)
    return tifffile.TiffPage(tif, index)


def _recipe(page: tifffile.TiffPage) -> tuple[Any, ...]:
    return (
        int(page.compression),
        int(page.photometric),
        int(page.predictor),
        int(page.planarconfig),
        int(page.fillorder),
        page.samplesperpixel,
        page.bitspersample,
        np.dtype(page.dtype).str,
        page.parent.byteorder,
        page.chunks,
    )


def _spans(page: tifffile.TiffPage) -> tuple[tuple[int, int], ...]:
    parts = tuple(zip(page.dataoffsets, page.databytecounts, strict=True))
    tables = page.tags.get("JPEGTables")
    return parts if tables is None else (*parts, (tables.valueoffset, tables.count))


def _check_kind(page: tifffile.TiffPage, where: str) -> None:
    if page.dtype is not None and np.dtype(page.dtype).kind == "c":
        raise TomocalcError(
            "E206",
            what="an image has complex numbers",
            where=where,
            why="complex numbers have no order",
            fix="save their magnitude",
        )
    if page.photometric not in GREY_OR_RGB:
        name = getattr(page.photometric, "name", "unknown").lower()
        raise unsupported(where, f"its colours are of the kind {name}", SAVE_GREY)
    if page.compression not in COMPRESSIONS:
        name = getattr(page.compression, "name", "unknown")
        fix = "save it uncompressed or with deflate, LZW, zstd or JPEG"
        raise unsupported(where, f"its compression is {name}", fix)
    if page.photometric == PHOTOMETRIC.YCBCR and page.compression != COMPRESSION.JPEG:
        raise unsupported(where, "its colours are YCbCr without JPEG", SAVE_GREY)
    if page.axes not in AXES or page.samplesperpixel > 4 or page.parent.is_ndpi:
        raise unsupported(where, "it is not one plane of grey or RGB values", SAVE_GREY)
    bits = page.bitspersample
    if page.dtype is None or np.dtype(page.dtype).kind not in "iuf" or not 8 <= bits <= 64:
        raise unsupported(where, f"it has {bits} bit per value", SAVE_GREY)


def _check_layout(page: tifffile.TiffPage, where: str, *, size: int) -> None:
    """Refuse what the decoder would fill with zeros, or with whatever memory holds."""
    if page.is_tiled and page.tilelength * page.tilewidth > MAX_TILE:
        raise damaged(where, f"its tiles have {page.tilelength} × {page.tilewidth} pixels")
    offsets, lengths = page.dataoffsets, page.databytecounts
    expected = math.prod(page.chunked)
    whole = page.is_contiguous and len(offsets) == 1
    if len(offsets) != len(lengths) or (len(offsets) != expected and not whole):
        raise damaged(where, f"it has {len(offsets)} of {expected} parts")
    for offset, length in zip(offsets, lengths, strict=True):
        if offset <= 0 or length <= 0 or offset + length > size:
            raise damaged(where, "a part of its pixels lies beyond the end of the file")


def _check_jpeg(page: tifffile.TiffPage, path: Path, where: str) -> None:
    """Compare the size in every JPEG part with the part's own, before any is decoded."""
    tall, wide = page.chunks[page.axes.index("Y")], page.chunks[page.axes.index("X")]
    for span in zip(page.dataoffsets, page.databytecounts, strict=True):
        data = read_spans(path, (span,), where)
        found = codestream(data)
        if found.rows > tall or found.columns > wide:
            raise damaged(where, f"a part of it claims {found.rows} × {found.columns} pixels")
        check_end_of_jpeg(data, where)


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
