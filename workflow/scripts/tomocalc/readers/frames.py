"""Where each frame of a DICOM file lies and what size it claims, without decoding its pixels.

A DICOM header and the codestream inside it may disagree, and the decoder believes the codestream:
without a look at its own header, a small file could ask for gigabytes.
"""

import struct
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from tomocalc.errors import fault
from tomocalc.readers.dicom_header import DicomHeader
from tomocalc.readers.dicom_lists import UNCOMPRESSED
from tomocalc.readers.plane import damaged


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
J2K, JP2 = b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n"
"""How a codestream of JPEG 2000 begins, and a file of it."""


def codestream(data: bytes) -> Codestream:
    """Read the header of *data*.

    Raises
    ------
    ValueError
        When it is none of the three kinds, or ends before its size.
    """
    if data[:12] == JP2:  # the codestream comes behind boxes that describe it
        start = data.find(J2K)
        data = b"" if start < 0 or b"pclr" in data[:start] else data[start:]
    if data[:4] == J2K:
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


MAX_FRAGMENTS = 1_000_000
ITEM = b"\xfe\xff\x00\xe0"
IMAGE_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51")
"""Of JPEG and JPEG-LS, and of JPEG 2000."""

Spans = tuple[tuple[int, int], ...]
"""Offset and length of the parts of one frame."""


def frame_spans(path: Path, header: DicomHeader) -> list[Spans]:
    """Return the place of every frame; an empty one where the file ends before it.

    Raises
    ------
    TomocalcError
        ``E202`` when transfer syntax and pixel data contradict each other, ``E207`` when the
        frames are not as many, or not as long, as the header says.
    """
    where = str(path)
    if (header.transfer_syntax in UNCOMPRESSED) != (header.pixels.length is not None):
        raise damaged(where, "the length of its pixel data does not fit its transfer syntax")
    if header.pixels.length is None:
        return _compressed(path, header, where)
    frame = header.rows * header.columns * header.samples * header.bits_allocated // 8
    needed = frame * header.frames
    # A few bytes more are padding; a whole frame more is a frame that the header does not know.
    if not needed <= header.pixels.length < needed + max(frame, 2):
        why = (
            f"{header.frames} frames of {header.rows} × {header.columns} pixels take {needed} "
            f"bytes, its pixel data has {header.pixels.length}"
        )
        raise fault("frames_differ", where, why)
    return [((header.pixels.offset + index * frame, frame),) for index in range(header.frames)]


def _compressed(path: Path, header: DicomHeader, where: str) -> list[Spans]:
    table, fragments, starts, complete = _fragments(path, header)
    if header.frames == 1 and fragments:
        return [tuple(fragments)]
    if len(fragments) == header.frames:
        return [(fragment,) for fragment in fragments]
    if len(starts) == header.frames and starts[0] == 0:
        # Tables of frames are often empty or wrong; the marks at which images start are not.
        ends = [*starts[1:], len(fragments)]
        return [tuple(fragments[a:b]) for a, b in zip(starts, ends, strict=True)]
    if len(table) == header.frames and fragments:
        found = _by_table(table, fragments)
        if complete and not all(found):
            why = "its table of frames does not fit its compressed pieces"
            raise fault("frames_differ", where, why)
        return found
    if not complete and len(fragments) < header.frames:
        # Cut short: one fragment per frame, as nearly every writer does, and the rest is missing.
        missing: list[Spans] = [()] * (header.frames - len(fragments))
        return [(fragment,) for fragment in fragments] + missing
    why = (
        f"its header says {header.frames} frames, and {len(fragments)} compressed pieces without "
        "a usable table of frames are stored"
    )
    raise fault("frames_differ", where, why)


def _fragments(
    path: Path, header: DicomHeader
) -> tuple[tuple[int, ...], list[tuple[int, int]], list[int], bool]:
    """Return the basic offset table, the fragments, and whether their end is marked.

    In between: which fragments start with the mark of an image.
    """
    table: tuple[int, ...] = ()
    fragments: list[tuple[int, int]] = []
    starts: list[int] = []
    at = header.pixels.offset
    with path.open("rb") as handle:
        first = True
        while len(fragments) < MAX_FRAGMENTS:
            handle.seek(at)
            item = handle.read(8)
            if len(item) < 8 or item[:4] != ITEM:
                return table, fragments, starts, len(item) == 8
            length = int.from_bytes(item[4:], "little")
            if not first:
                if handle.read(4).startswith(IMAGE_STARTS):
                    starts.append(len(fragments))
                fragments.append((at + 8, length))
            elif length == 4 * header.frames:
                content = handle.read(length)
                table = struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])
            first = False
            at += 8 + length
    raise damaged(str(path), f"its pixel data are in more than {MAX_FRAGMENTS} pieces")


def _by_table(table: tuple[int, ...], fragments: list[tuple[int, int]]) -> list[Spans]:
    """Give every fragment to the frame whose offset, from the first fragment's item, it follows."""
    origin = fragments[0][0]
    frames: list[list[tuple[int, int]]] = [[] for _ in table]
    starts = sorted(table)
    for offset, length in fragments:
        frames[max(bisect_right(starts, offset - origin) - 1, 0)].append((offset, length))
    return [tuple(frame) for frame in frames]
