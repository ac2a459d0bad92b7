"""Walk the elements of a DICOM file: keep the few that are wanted, step over all others.

Nothing that is not wanted is read, however large it is or however deeply it nests; a file without
preamble, without file meta information, or with a transfer syntax that names the other of implicit
and explicit value representations is walked as it is stored.
"""

import struct
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import BinaryIO

from tomocalc.readers.dicom_lists import BIG_ENDIAN, EXPLICIT, IMPLICIT

MAX_KEPT_BYTES = 1 << 22
"""Of all wanted elements; a volume of 200 frames needs about 0.4 MB."""
MAX_ELEMENTS = 500_000
MAX_DEPTH = 32
META_BYTES = 1 << 16
PIXELS = {0x7FE00008: "float32", 0x7FE00009: "float64", 0x7FE00010: ""}
"""Elements that hold an image; what type of values the tag itself tells."""
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
LONG_VR = {
    b"OB",
    b"OD",
    b"OF",
    b"OL",
    b"OV",
    b"OW",
    b"SQ",
    b"SV",
    b"UC",
    b"UN",
    b"UR",
    b"UT",
    b"UV",
}
VRS = LONG_VR | {
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT"),
    *(b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
}
LARGE_PRIVATE = 1 << 20
"""Bytes of private data that may be an image."""


class BadElementError(ValueError):
    """The elements cannot be followed; the message repeats no value."""


@dataclass(frozen=True, kw_only=True)
class PixelElement:
    """Where the pixel data of a file lie."""

    offset: int
    """Of the first byte of the value."""
    length: int | None
    """None for encapsulated (compressed) pixel data."""
    vr: str
    floats: str
    """``float32`` or ``float64`` for the elements of such values, else empty."""


@dataclass(kw_only=True)
class Elements:
    """What `walk` found."""

    syntax: str
    """Transfer syntax: the file's own, or what its elements show; empty when neither tells."""
    implicit: bool = False
    little: bool = True
    kept: bytearray = field(default_factory=bytearray)
    """The wanted elements as they are stored."""
    pixels: PixelElement | None = None
    private_bytes: int = 0
    """In private elements that are large enough for an image."""


def transfer_syntax(head: bytes) -> tuple[str, int]:
    """Walk the file meta information, explicit little endian in every file.

    Parameters
    ----------
    head
        The first `META_BYTES` of the file.

    Returns
    -------
    str
        (0002,0010), empty when there is none.
    int
        Where the data set starts.
    """
    at = 132 if head[128:132] == b"DICM" else 0
    syntax = ""
    while head[at : at + 2] == b"\x02\x00" and at + 12 <= len(head):
        element, vr, length = struct.unpack_from("<2xH2sH", head, at)
        at += 8
        if vr in LONG_VR:
            (length,) = struct.unpack_from("<I", head, at)
            at += 4
        if element == 0x10:
            syntax = head[at : at + length].decode("ascii", errors="replace").strip("\0 ")
        at += length
    return syntax, at


def walk(handle: BinaryIO, wanted: Collection[int], *, syntax: str, start: int) -> Elements:
    """Walk a data set up to its pixel data.

    Parameters
    ----------
    wanted
        Tags of top-level elements.
    syntax, start
        From `transfer_syntax`.

    Raises
    ------
    BadElementError
        When it cannot be followed, or the wanted elements are too large.
    """
    handle.seek(start)
    first = handle.read(6)
    found = Elements(syntax=syntax, little=syntax != BIG_ENDIAN)
    found.implicit = first[4:6] not in VRS
    if syntax in ("", IMPLICIT, EXPLICIT):
        found.syntax = IMPLICIT if found.implicit else EXPLICIT
    _Walker(handle, found).top_level(start, wanted)
    return found


class _Walker:
    def __init__(self, handle: BinaryIO, found: Elements) -> None:
        self.handle, self.found = handle, found
        self.order = "<" if found.little else ">"
        self.count = 0

    def top_level(self, at: int, wanted: Collection[int]) -> None:
        while (header := self.header(at, implicit=self.found.implicit)) is not None:
            tag, vr, length, value = header
            if tag in PIXELS:
                self.found.pixels = PixelElement(
                    offset=value,
                    length=None if length == UNDEFINED else length,
                    vr=vr.decode("latin-1"),
                    floats=PIXELS[tag],
                )
                return
            end = self.end_of(value, vr, length, implicit=self.found.implicit, depth=0)
            if tag in wanted:
                self.keep(at, end)
            elif tag >> 16 & 1 and end - value >= LARGE_PRIVATE:
                self.found.private_bytes += end - value
            at = end

    def keep(self, start: int, end: int) -> None:
        if len(self.found.kept) + end - start > MAX_KEPT_BYTES:
            raise BadElementError(f"its attributes take more than {MAX_KEPT_BYTES >> 20} MB")
        self.handle.seek(start)
        self.found.kept += self.handle.read(end - start)

    def header(self, at: int, *, implicit: bool) -> tuple[int, bytes, int, int] | None:
        """Return tag, VR, length and place of the value; None where the file ends."""
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise BadElementError(f"it has more than {MAX_ELEMENTS} elements")
        self.handle.seek(at)
        head = self.handle.read(12)
        if len(head) < 8:
            return None
        group, element = struct.unpack_from(f"{self.order}HH", head)
        tag = group << 16 | element
        if implicit or group == 0xFFFE:
            (length,) = struct.unpack_from(f"{self.order}I", head, 4)
            return tag, b"OW" if tag in PIXELS else b"", length, at + 8
        vr = head[4:6]
        if vr in LONG_VR:
            if len(head) < 12:
                return None
            (length,) = struct.unpack_from(f"{self.order}I", head, 8)
            return tag, vr, length, at + 12
        (length,) = struct.unpack_from(f"{self.order}H", head, 6)
        return tag, vr, length, at + 8

    def end_of(self, value: int, vr: bytes, length: int, *, implicit: bool, depth: int) -> int:
        """Return where an element ends; one of undefined length is a sequence of items."""
        if length != UNDEFINED:
            return value + length
        if depth > MAX_DEPTH:
            raise BadElementError("its sequences are nested too deeply")
        # A sequence of unknown type is written with implicit value representations (CP-246).
        implicit = implicit or vr == b"UN"
        at = value
        while (item := self.header(at, implicit=True)) is not None:
            tag, _, length, inside = item
            if tag == SEQUENCE_END:
                return inside
            if tag != ITEM:
                raise BadElementError("a sequence in its header is damaged")
            at = inside + length
            if length == UNDEFINED:
                at = self.end_of_item(inside, implicit=implicit, depth=depth + 1)
        raise BadElementError("it ends inside a sequence")

    def end_of_item(self, at: int, *, implicit: bool, depth: int) -> int:
        while (header := self.header(at, implicit=implicit)) is not None:
            tag, vr, length, value = header
            if tag == ITEM_END:
                return value
            at = self.end_of(value, vr, length, implicit=implicit, depth=depth)
        raise BadElementError("it ends inside a sequence")
