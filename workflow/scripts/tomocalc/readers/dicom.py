"""DICOM: one plane per frame, located in the file without reading its pixels."""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError
from tomocalc.readers.codestream import codestream
from tomocalc.readers.colour import grey
from tomocalc.readers.dicom_header import TRANSFER_SYNTAXES, DicomHeader
from tomocalc.readers.plane import Plane, damaged, named, read_spans, unsupported
from tomocalc.readers.raster import check_end_of_jpeg

RLE = "1.2.840.10008.1.2.5"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
FULL_COLOUR = {"RGB", "YBR_RCT", "YBR_ICT"}
MAX_FRAGMENTS = 1_000_000

Spans = tuple[tuple[int, int], ...]


def dicom_planes(path: Path, header: DicomHeader) -> list[Plane | TomocalcError]:
    """Return a plane per frame of *path*; a frame beyond the end of the file is a fault.

    Raises
    ------
    TomocalcError
        ``E202``/``E203``/``E207`` for what concerns every frame.
    """
    where = str(path)
    check_pixel_kind(header, where)
    if header.pixel_length is None:
        spans = _fragments(path, header, where)
    else:
        spans = _native(header, where)
    size = path.stat().st_size
    planes: list[Plane | TomocalcError] = []
    for index, parts in enumerate(spans):
        place = where if header.frames == 1 else f"{where}, slice {index}"
        end = parts[-1][0] + parts[-1][1]
        if end > size:
            planes.append(damaged(place, f"the file ends {end - size} bytes before the slice does"))
        else:
            planes.append(_plane(path, header, parts, place))
    return planes


def check_pixel_kind(header: DicomHeader, where: str) -> None:
    """Refuse pixels that are not grey or colour integers of 8 or 16 bits.

    Raises
    ------
    TomocalcError
        ``E203``.
    """
    fix = "store it as MONOCHROME2 with 8 or 16 bits allocated"
    colour = header.samples == 3 and not header.photometric.startswith("MONO")
    mono = header.samples == 1 and header.photometric.startswith("MONO")
    if not (colour or mono):
        raise unsupported(where, "its photometric interpretation is not grey, RGB or YBR", fix)
    if header.bits_allocated not in (8, 16) or (colour and header.bits_allocated != 8):
        raise unsupported(where, f"it has {header.bits_allocated} bits allocated per value", fix)
    if not 0 < header.bits_stored <= header.high_bit + 1 <= header.bits_allocated:
        raise damaged(where, "bits allocated, bits stored and high bit contradict each other")
    native = header.pixel_length is not None
    if native and (
        header.photometric == "YBR_FULL_422"
        or (header.transfer_syntax == BIG_ENDIAN and header.pixel_vr == "OW" != _vr8(header))
    ):
        raise unsupported(where, "its uncompressed layout is a rare one", fix)


def _vr8(header: DicomHeader) -> str:
    return "OB" if header.bits_allocated == 8 else "OW"


def _plane(path: Path, header: DicomHeader, spans: Spans, where: str) -> Plane:
    inverted = (header.photometric == "MONOCHROME1") != (header.rescale[0][0] < 0)
    facts = (
        header.transfer_syntax,
        header.bits_allocated,
        header.bits_stored,
        header.high_bit,
        header.signed,
        header.photometric,
        header.planar,
        inverted,
    )
    return Plane(
        where=where,
        path=path,
        rows=header.rows,
        columns=header.columns,
        dtype="uint8" if header.bits_allocated == 8 else "uint16",
        bits=header.bits_stored,
        recipe=f"DICOM {facts}",
        decode=partial(_decode, path, header, spans, where, inverted=inverted),
        spans=spans,
    )


def _decode(
    path: Path, header: DicomHeader, spans: Spans, where: str, *, inverted: bool
) -> NDArray[Any]:
    if header.pixel_length is not None:
        image = _read_native(path, header, spans, where)
    else:
        data = read_spans(path, spans, where)
        with named(where, doing="a compressed DICOM slice cannot be decoded"):
            image = _decompress(data, header, where)
    if header.samples == 3:
        image = grey(image, where) if header.photometric in FULL_COLOUR else image[:, :, 0].copy()
    return _unsigned(image, header, where, inverted=inverted)


def _unsigned(
    image: NDArray[Any], header: DicomHeader, where: str, *, inverted: bool
) -> NDArray[Any]:
    """Keep the stored bits, shift signed values by half their range, invert where black is dense.

    Rescale slope and intercept are one affine rule for the volume, which no feature depends on,
    so only the sign of the slope matters. The VOI window is a display setting and is not applied:
    it would clip.
    """
    kind = image.dtype.type
    largest = (1 << header.bits_stored) - 1
    shift = header.high_bit + 1 - header.bits_stored
    if shift:
        image = image >> kind(shift)
    flip = (largest if inverted else 0) ^ ((largest + 1) >> 1 if header.signed else 0)
    if header.signed or header.overlay_bits:
        image &= kind(largest)
    elif header.bits_stored < header.bits_allocated and int(image.max()) > largest:
        raise damaged(where, f"a value is above the {largest} of its {header.bits_stored} bits")
    if flip:
        image ^= kind(flip)
    return image


def _shape(header: DicomHeader) -> tuple[int, ...]:
    size = (header.rows, header.columns)
    return size if header.samples == 1 else (*size, header.samples)


def _native(header: DicomHeader, where: str) -> list[Spans]:
    frame = header.rows * header.columns * header.samples * header.bits_allocated // 8
    length = header.pixel_length or 0
    if length not in (frame * header.frames, frame * header.frames + 1):
        raise TomocalcError(
            "E207",
            what="a DICOM file does not hold what its header says",
            where=where,
            why=f"{header.frames} frames of {header.rows} × {header.columns} need "
            f"{frame * header.frames} bytes and its pixel data has {length}",
            fix="export the volume again",
        )
    start = header.pixel_offset
    return [((start + index * frame, frame),) for index in range(header.frames)]


def _read_native(path: Path, header: DicomHeader, spans: Spans, where: str) -> NDArray[Any]:
    order = ">" if header.transfer_syntax == BIG_ENDIAN else "<"
    dtype = np.dtype(np.uint8 if header.bits_allocated == 8 else f"{order}u2")
    ((offset, length),) = spans
    count = length // dtype.itemsize
    image = np.fromfile(path, dtype=dtype, count=count, offset=offset)
    if image.size < count:
        raise damaged(where, f"{length - image.nbytes} bytes are missing at the end")
    image = image.astype(dtype.newbyteorder("="), copy=False)
    if header.samples == 3 and header.planar:
        return np.moveaxis(image.reshape(3, header.rows, header.columns), 0, -1)
    return image.reshape(_shape(header))


def _fragments(path: Path, header: DicomHeader, where: str) -> list[Spans]:
    """Locate the coded frames from the item headers alone.

    One fragment per frame is the rule; several are told apart by the basic offset table.
    """
    with path.open("rb") as handle:
        handle.seek(header.pixel_offset)
        table, at = b"", header.pixel_offset
        items: list[tuple[int, int]] = []
        while len(item := handle.read(8)) == 8 and len(items) < MAX_FRAGMENTS:
            tag, length = struct.unpack("<4sI", item)
            if tag != b"\xfe\xff\x00\xe0":
                break
            at += 8
            if not table and not items and at == header.pixel_offset + 8:
                table = handle.read(length) if length <= 8 * header.frames else b""
                handle.seek(at + length)
            else:
                items.append((at, length))
                handle.seek(length, 1)
            at += length
    if len(items) == header.frames:
        return [(item,) for item in items]
    if header.frames == 1 and items:
        return [tuple(items)]
    starts = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])
    if len(starts) == header.frames and items:
        return _grouped(items, starts)
    raise TomocalcError(
        "E207",
        what="a DICOM file does not hold the frames it should",
        where=where,
        why=f"its header says {header.frames} frames and {len(items)} compressed ones are stored",
        fix="export the volume again",
    )


def _grouped(items: list[tuple[int, int]], starts: tuple[int, ...]) -> list[Spans]:
    first = items[0][0] - 8
    frames: list[list[tuple[int, int]]] = [[] for _ in starts]
    for offset, length in items:
        frame = sum(start <= offset - 8 - first for start in starts) - 1
        frames[frame].append((offset, length))
    return [tuple(frame) or ((0, 0),) for frame in frames]


def _decompress(data: bytes, header: DicomHeader, where: str) -> NDArray[Any]:
    if header.transfer_syntax == RLE:
        return _rle(data, header, where)
    try:
        claimed = codestream(data)
    except ValueError as error:
        raise damaged(where, str(error)) from error
    expected = (header.rows, header.columns, header.samples)
    if (claimed.rows, claimed.columns, claimed.components) != expected:
        why = (
            f"the header says {expected} rows, columns, colours and the compressed slice "
            f"{(claimed.rows, claimed.columns, claimed.components)}"
        )
        raise damaged(where, why)
    if claimed.bits > header.bits_allocated:
        raise damaged(where, f"the compressed slice has {claimed.bits} bits per value")
    image = _decoder(data, claimed.process, header, where)
    if image.shape != _shape(header):
        raise damaged(where, f"the decoded slice has the shape {image.shape}")
    container = np.uint8 if header.bits_allocated == 8 else np.uint16
    same_width = image.view(image.dtype.str.replace("i", "u"))
    return np.array(same_width, dtype=container, copy=None if same_width.flags.writeable else True)


def _decoder(data: bytes, process: int, header: DicomHeader, where: str) -> NDArray[Any]:
    if process == 0x51:
        return imagecodecs.jpeg2k_decode(data)
    if process == 0xF7:
        return imagecodecs.jpegls_decode(data)
    check_end_of_jpeg(data, where)
    if header.samples == 1:
        return imagecodecs.jpeg8_decode(data)
    colours = "RGB" if header.photometric == "RGB" else "YCBCR"
    wanted = "RGB" if header.photometric in FULL_COLOUR else "YCBCR"
    return imagecodecs.jpeg8_decode(data, colorspace=colours, outcolorspace=wanted)


def _rle(data: bytes, header: DicomHeader, where: str) -> NDArray[Any]:
    if len(data) < 64 or data[0] != header.samples * header.bits_allocated // 8:
        raise damaged(where, f"{TRANSFER_SYNTAXES[RLE]} data start with a wrong segment count")
    shape = (header.samples, header.rows, header.columns)
    dtype = np.dtype(np.uint8 if header.bits_allocated == 8 else np.uint16)
    size = header.samples * header.rows * header.columns * dtype.itemsize
    decoded = bytearray(size)
    imagecodecs.dicomrle_decode(data, dtype, out=decoded)
    image = np.frombuffer(decoded, dtype).reshape(shape)
    return image[0] if header.samples == 1 else np.moveaxis(image, 0, -1)
