"""The size that a compressed image claims, read from its own header before any decoding.

A DICOM header and the codestream inside it may disagree, and the decoder believes the
codestream: without this look, a small file could ask for gigabytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Codestream:
    """What a JPEG, JPEG-LS or JPEG 2000 header says."""

    rows: int
    columns: int
    components: int
    bits: int
    process: int
    """The marker of the header: 0xC0 baseline, 0xC3 lossless JPEG, …, `JPEG_LS`, `JPEG_2000`."""


STANDALONE = {0x01, *range(0xD0, 0xD9)}
JPEG_LS = 0xF7
JPEG_2000 = 0x51
FRAMES = {*range(0xC0, 0xD0), JPEG_LS} - {0xC4, 0xC8, 0xCC}


def codestream(data: bytes) -> Codestream:
    """Read the header of *data*.

    Raises
    ------
    ValueError
        When it is none of the three kinds, or ends before its size.
    """
    if data[:4] == b"\xff\x4f\xff\x51":
        return _jpeg2000(data)
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    raise ValueError("the compressed data do not start as JPEG, JPEG-LS or JPEG 2000")


def _jpeg(data: bytes) -> Codestream:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError("the JPEG header is damaged")
        marker = data[at + 1]
        if marker == 0xFF or marker in STANDALONE:  # fill byte, or a marker without content
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in FRAMES:
            if at + 10 > len(data):
                break
            bits, rows, columns, components = struct.unpack_from(">BHHB", data, at + 4)
            return Codestream(
                rows=rows, columns=columns, components=components, bits=bits, process=marker
            )
        if marker in (0xD9, 0xDA):
            break
        at += 2 + length
    raise ValueError("the JPEG header has no size")


def _jpeg2000(data: bytes) -> Codestream:
    if len(data) < 45:
        raise ValueError("the JPEG 2000 header is cut short")
    right, bottom, left, top, *_tiles, components = struct.unpack_from(">8IH", data, 8)
    if len(data) < 42 + 3 * components:
        raise ValueError("the JPEG 2000 header is cut short")
    layout = {data[42 + 3 * index : 45 + 3 * index] for index in range(components)}
    if len(layout) != 1 or next(iter(layout))[1:] != b"\x01\x01":
        raise ValueError("the JPEG 2000 components differ in size or depth")
    return Codestream(
        rows=bottom - top,
        columns=right - left,
        components=components,
        bits=(data[42] & 0x7F) + 1,
        process=JPEG_2000,
    )
