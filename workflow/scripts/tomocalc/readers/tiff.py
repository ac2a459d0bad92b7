"""TIFF: every page is a slice."""

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from tifffile import COMPRESSION, PHOTOMETRIC

from tomocalc.errors import TomocalcError, fault
from tomocalc.readers.colour import TRANSPOSED, coloured, grey, labels, unsigned, upright
from tomocalc.readers.frames import codestream
from tomocalc.readers.plane import (
    Decoded,
    Plane,
    damaged,
    named,
    read_spans,
    same_values,
    unsupported,
)
from tomocalc.readers.raster import check_end_of_jpeg
from tomocalc.readers.tiff_layout import Layout, check_layout, described, page_offsets, stated_mm

NOT_A_SLICE = 1 | 4
"""Bits of NewSubfileType: a reduced copy, a transparency mask."""
MAX_TILE = 1 << 24
"""Pixels of a tile, which may be larger than the image it is a part of."""
AXES = {"YX", "YXS", "SYX"}
COLOURED = 0.01
"""Share of coloured pixels from which on planes stored one by one are no picture."""
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


def tiff_planes(path: Path, *, mask: bool = False) -> list[Plane | TomocalcError]:
    """Read the header of every page; a page that cannot be used stands as its fault.

    Reduced copies and transparency masks of other pages are no slices.

    Parameters
    ----------
    mask
        Whether the values are labels: then palettes and fewer than 8 bits are read too.

    Raises
    ------
    TomocalcError
        ``E202`` when the chain of pages is broken, so that their number is unknown; ``E203`` and
        ``E207`` for a description that says something else than the pages, see `check_layout`.
    """
    where = str(path)
    offsets = page_offsets(path)
    found: list[Plane | TomocalcError] = []
    layouts: list[Layout | None] = []
    with named(where, doing=DOING), tifffile.TiffFile(path) as tif:
        for index, offset in enumerate(offsets):
            place = where if len(offsets) == 1 else f"{where}, page {index}"
            try:
                with named(place, doing=DOING):
                    page = _page(tif, index=index, offset=offset)
                    if index and page.subfiletype & NOT_A_SLICE:
                        continue
                    layouts.append(described(page.description, samples=page.samplesperpixel))
                    found.append(
                        _plane(path, page, index=index, offset=offset, where=place, mask=mask)
                    )
            except TomocalcError as error:
                found.append(error)
        planes = check_layout(layouts, pages=len(found), where=where)
        if len(found) == 1 and isinstance(found[0], Plane):
            return _behind(path, tif.pages.first, found[0], planes=planes)
    order = layouts[0].order if layouts and layouts[0] else None
    if order is None or sorted(order) != [*range(len(found))]:
        return found
    return [found[page] for page in order]


def _plane(
    path: Path, page: tifffile.TiffPage, *, index: int, offset: int, where: str, mask: bool
) -> Plane:
    numbers = (page.imagelength, page.imagewidth, page.samplesperpixel, page.bitspersample)
    if not all(isinstance(number, int) and number > 0 for number in numbers):
        raise damaged(where, "its size or bits are not positive numbers")
    _check_kind(page, where, mask=mask)
    _check_layout(page, where, size=path.stat().st_size)
    dtype = np.dtype(page.dtype)
    orientation = _orientation(page)
    rows, columns = page.imagelength, page.imagewidth
    if orientation in TRANSPOSED:
        rows, columns = columns, rows
    return Plane(
        where=where,
        path=path,
        rows=rows,
        columns=columns,
        dtype={"int8": "uint8", "int16": "uint16"}.get(dtype.name, dtype.name),
        bits=page.bitspersample,
        recipe=f"TIFF {_recipe(page)}",
        decode=partial(_decode, path, index=index, offset=offset, where=where, mask=mask),
        channels=page.samplesperpixel,
        resolution_mm=stated_mm(page),
        lossy=page.compression == COMPRESSION.JPEG,
        spans=_spans(page),
        stored=index,
    )


def _behind(
    path: Path, page: tifffile.TiffPage, plane: Plane, *, planes: int
) -> list[Plane | TomocalcError]:
    """Return the planes that follow the only page of a file without pages of their own."""
    size, first = page.nbytes, page.dataoffsets[0]
    plain = page.compression == COMPRESSION.NONE and page.is_contiguous and page.is_final
    rest = path.stat().st_size - first
    if planes == 1:
        if plain and rest >= 2 * size:
            why = f"its one page takes {size} bytes, and {rest} follow"
            raise fault("tiff_incomplete", plane.where, why)
        return [plane]
    if not plain or rest < planes * size:
        why = f"its description says {planes} planes of {size} bytes, and {rest} bytes are there"
        raise fault("tiff_incomplete", plane.where, why)
    return [
        replace(
            plane,
            where=f"{plane.where}, plane {index}",
            decode=partial(plane.decode, ahead=index),  # type: ignore[call-arg]
            spans=((first + index * size, size),),
            stored=index,
        )
        for index in range(planes)
    ]


def _decode(
    path: Path, *, index: int, offset: int, where: str, mask: bool, ahead: int = 0
) -> Decoded:
    with tifffile.TiffFile(path) as tif:
        page = _page(tif, index=index, offset=offset)
        if page.compression == COMPRESSION.JPEG:
            _check_jpeg(page, path, where)
        if ahead:
            at = page.dataoffsets[0] + ahead * page.nbytes
            kind = np.dtype(page.dtype).newbyteorder(tif.byteorder)
            image = np.fromfile(path, kind, math.prod(page.shape), offset=at).reshape(page.shape)
        else:
            image = page.asarray(maxworkers=1)
        if page.axes == "SYX":
            image = np.moveaxis(image, 0, -1)
        if image.dtype == np.bool_:
            image = image.view(np.uint8)
        white_is_zero = page.photometric == PHOTOMETRIC.MINISWHITE
        largest = (1 << page.bitspersample) - 1
        orientation = _orientation(page)
        planar = page.axes == "SYX"
    share = coloured(image)
    if planar and share > COLOURED and not mask:
        why = f"its {image.shape[2]} planes of colour differ on {share:.0%} of the pixels"
        raise unsupported(where, why, "save them as pages if they are slices, or as one grey plane")
    plane = (labels if mask else grey)(upright(image, orientation), where)
    image = same_values(unsigned(plane))
    if white_is_zero:
        image = image ^ image.dtype.type(largest) if image.dtype.kind == "u" else -image
    return Decoded(image, None, share)


def _orientation(page: tifffile.TiffPage) -> int:
    """Return tag 274; writers that give it once give it on the first page."""
    tag = page.tags.get("Orientation") or page.parent.pages.first.tags.get("Orientation")
    value = tag.value if tag is not None else 1
    return int(value) if value in range(1, 9) else 1


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
        _orientation(page),
    )


def _spans(page: tifffile.TiffPage) -> tuple[tuple[int, int], ...]:
    parts = tuple(zip(page.dataoffsets, page.databytecounts, strict=True))
    tables = page.tags.get("JPEGTables")
    return parts if tables is None else (*parts, (tables.valueoffset, tables.count))


def _check_kind(page: tifffile.TiffPage, where: str, *, mask: bool) -> None:
    if page.dtype is not None and np.dtype(page.dtype).kind == "c":
        raise fault("pixels_complex", where, "complex numbers have no order")
    labels = mask and page.photometric == PHOTOMETRIC.PALETTE
    if page.photometric not in GREY_OR_RGB and not labels:
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
    kinds, least = ("biuf", 1) if mask else ("iuf", 8)
    if page.dtype is None or np.dtype(page.dtype).kind not in kinds or not least <= bits <= 64:
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
