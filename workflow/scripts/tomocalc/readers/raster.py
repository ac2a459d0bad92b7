"""PNG, JPEG and PGM: one slice a file."""

import re
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from tomocalc.readers.colour import TRANSPOSED, coloured, grey, labels, upright
from tomocalc.readers.frames import JPEG_LS, codestream
from tomocalc.readers.plane import Decoded, Plane, damaged, read_spans, same_values, unsupported
from tomocalc.readers.sniff import Kind

PNG_COLOURS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}
PNG_END = b"IEND\xaeB`\x82"
HEADER_BYTES = 1 << 20
"""How far into a JPEG its size may stand: profiles and previews come first."""
ORIENTATION = 0x0112
INCH_MM = 25.4
HABITS = (1, 72, 90, 96, 100, 120, 144, 150, 200, 240, 300, 350, 400, 600, 1200)
"""Dots per inch of screens and printers."""
SAVE_EACH = "save each picture as a file of its own"
SAVE_GREY = "save it as 8-bit or 16-bit greyscale"


def raster_plane(path: Path, kind: Kind, *, mask: bool = False) -> Plane:
    """Read the header of a PNG, JPEG or PGM file.

    Parameters
    ----------
    mask
        Whether the values are labels: then palettes and fewer than 8 bits are read too.

    Raises
    ------
    TomocalcError
        ``E202`` for a damaged header, ``E203`` for a colour model that cannot be used.
    """
    header: Callable[[bytes, str], tuple[int, int, int, int]]
    decode: Callable[[bytes, str], NDArray[Any]]
    header, decode = {
        Kind.PNG: (partial(_png_header, mask=mask), _png),
        Kind.JPEG: (_jpeg_header, _jpeg),
        Kind.PGM: (_pgm_header, _pgm),
    }[kind]
    where = str(path)
    with path.open("rb") as handle:
        head = handle.read(HEADER_BYTES)
    rows, columns, bits, channels = header(head, where)
    if kind is Kind.PGM:
        _check_single(path, head)
    orientation = _exif_orientation(head, kind)
    wide = bits > 8
    size = path.stat().st_size
    # No genuine file is larger than its own pixels and a few notes; padding is not read.
    limit = rows * columns * channels * (2 if wide else 1) * 2 + HEADER_BYTES
    if size > limit:
        raise damaged(where, f"{size} bytes are too many for {rows} × {columns} pixels")
    spans = ((0, size),)
    if orientation in TRANSPOSED:
        rows, columns = columns, rows
    return Plane(
        where=where,
        path=path,
        rows=rows,
        columns=columns,
        dtype="uint16" if wide else "uint8",
        bits=bits,
        recipe=f"{kind.value} {orientation}",
        decode=partial(_decode, decode, path, spans, orientation, labels if mask else grey),
        channels=channels,
        resolution_mm=_resolution(head, kind),
        lossy=kind is Kind.JPEG,
        spans=spans,
    )


def _decode(
    decode: Callable[[bytes, str], NDArray[Any]],
    path: Path,
    spans: tuple[tuple[int, int], ...],
    orientation: int,
    one_plane: Callable[[NDArray[Any], str], NDArray[Any]],
) -> Decoded:
    where = str(path)
    image = decode(read_spans(path, spans, where), where)
    plane = one_plane(image, where)
    return Decoded(same_values(upright(plane, orientation)), None, coloured(image))


def _exif_orientation(head: bytes, kind: Kind) -> int:
    """Return the orientation that the EXIF block of a PNG or JPEG says, else 1."""
    at = {Kind.JPEG: head.find(b"Exif\0\0") + 6, Kind.PNG: head.find(b"eXIf") + 4}.get(kind, 0)
    block = head[at : at + (1 << 16)]
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if at < 8 or order is None or len(block) < 8:
        return 1
    (directory,) = struct.unpack_from(f"{order}I", block, 4)
    if directory + 2 > len(block):
        return 1
    (entries,) = struct.unpack_from(f"{order}H", block, directory)
    for entry in range(directory + 2, min(directory + 2 + 12 * entries, len(block) - 12 + 1), 12):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", block, entry)
        if tag == ORIENTATION and value in range(1, 9):
            return int(value)
    return 1


def _resolution(head: bytes, kind: Kind) -> tuple[float, float, None] | None:
    """Return the distance of rows and of columns that a PNG or JPEG states."""
    across, down, unit = 0, 0, 0.0
    if kind is Kind.PNG and 8 < (at := head.find(b"pHYs")) < len(head) - 13:
        across, down, metre = struct.unpack_from(">IIB", head, at + 4)
        unit = 1000.0 if metre == 1 else 0.0
    elif kind is Kind.JPEG and head[6:11] == b"JFIF\0" and len(head) > 18:
        code, across, down = struct.unpack_from(">BHH", head, 13)
        unit = {1: INCH_MM, 2: 10.0}.get(code, 0.0)
    return stated(down, across, unit)


def stated(down: float, across: float, unit: float) -> tuple[float, float, None] | None:
    """Return the distances of rows and columns in mm, None for what programs write by habit.

    Parameters
    ----------
    down, across
        Pixels per *unit* of that many mm.
    """
    if not (unit > 0 and down > 0 and across > 0):
        return None
    found = unit / down, unit / across
    if all(any(abs(INCH_MM / step - dpi) < 0.5 for dpi in HABITS) for step in found):
        return None
    return float(f"{found[0]:.5g}"), float(f"{found[1]:.5g}"), None


def _png_header(head: bytes, where: str, *, mask: bool) -> tuple[int, int, int, int]:
    if len(head) < 33 or head[12:16] != b"IHDR":
        raise damaged(where, "the PNG header is cut short")
    columns, rows, bits, colour = struct.unpack(">IIBB", head[16:26])
    name = PNG_COLOURS.get(colour)
    if name is None or rows == 0 or columns == 0:
        raise damaged(where, "the PNG header holds impossible values")
    if b"acTL" in head[:4096]:
        why = "it is an animated PNG, which holds several pictures"
        raise unsupported(where, why, SAVE_EACH)
    if colour == 3 and not mask:
        raise unsupported(where, "it is a palette PNG: its values are not grey levels", SAVE_GREY)
    if bits not in (8, 16) and not (mask and bits in (1, 2, 4)):
        raise unsupported(where, f"it is a {bits}-bit PNG", SAVE_GREY)
    return rows, columns, bits, {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]


def _png(data: bytes, where: str) -> NDArray[Any]:
    if PNG_END not in data[-4096:]:
        raise damaged(where, "the PNG has no end mark")
    # A transparent grey level arrives as an alpha channel.
    return imagecodecs.png_decode(data)


def _jpeg_header(head: bytes, where: str) -> tuple[int, int, int, int]:
    try:
        found = codestream(head)
    except ValueError as error:
        raise damaged(where, str(error)) from error
    if found.process == JPEG_LS:
        raise unsupported(where, "it is JPEG-LS, which is read in DICOM only", SAVE_GREY)
    if found.components not in (1, 3):
        raise unsupported(where, f"it is a JPEG of {found.components} colours (CMYK)", SAVE_GREY)
    if found.bits > 16:
        raise damaged(where, f"its header says {found.bits} bits")
    return found.rows, found.columns, found.bits, found.components


def _jpeg(data: bytes, where: str) -> NDArray[Any]:
    check_end_of_jpeg(data, where)
    found = codestream(data[:HEADER_BYTES])
    return imagecodecs.jpeg8_decode(data, outcolorspace="RGB" if found.components > 1 else None)


def check_end_of_jpeg(data: bytes, where: str) -> None:
    """Refuse a JPEG or JPEG-LS image without its end marker.

    JPEG decoders paint what is missing in grey, the JPEG-LS one searches it for many seconds.
    """
    if b"\xff\xd9" not in data[-4096:]:
        raise damaged(where, "the JPEG has no end marker")


PGM_HEADER = re.compile(
    rb"P5(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})"
    rb"(?:\s|#[^\n]*\n)+(\d{1,5})\s"
)


def _pgm_match(data: bytes, where: str) -> tuple[int, int, int, int]:
    match = PGM_HEADER.match(data[:4096])
    if match is None:
        raise damaged(where, "the PGM header is damaged")
    columns, rows, largest = (int(number) for number in match.groups())
    if not (rows and columns and 0 < largest < 65536):
        raise damaged(where, "the PGM header holds impossible values")
    return rows, columns, largest, match.end()


def _check_single(path: Path, head: bytes) -> None:
    """Refuse a PGM file in which another image follows the first."""
    rows, columns, largest, start = _pgm_match(head, str(path))
    with path.open("rb") as handle:
        handle.seek(start + rows * columns * (1 if largest < 256 else 2))
        if handle.read(16).lstrip().startswith(b"P5"):
            raise unsupported(str(path), "it is a PGM file of several pictures", SAVE_EACH)


def _pgm_header(head: bytes, where: str) -> tuple[int, int, int, int]:
    rows, columns, largest, _ = _pgm_match(head, where)
    return rows, columns, largest.bit_length(), 1


def _pgm(data: bytes, where: str) -> NDArray[Any]:
    rows, columns, largest, start = _pgm_match(data, where)
    dtype = np.dtype(np.uint8 if largest < 256 else ">u2")
    missing = rows * columns * dtype.itemsize - (len(data) - start)
    if missing > 0:
        raise damaged(where, f"{missing} bytes are missing at the end")
    if missing < -1:
        raise damaged(where, f"{-missing} bytes are left over after the image")
    image = np.frombuffer(data, dtype, rows * columns, start).astype(dtype.newbyteorder("="))
    if largest not in (255, 65535) and int(image.max()) > largest:
        raise damaged(where, f"a value is above the {largest} that the header promises")
    return image.reshape(rows, columns)
