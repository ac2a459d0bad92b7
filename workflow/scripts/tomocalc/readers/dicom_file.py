"""Open a DICOM file: its transfer syntax, its allow-listed attributes, the place of its pixels."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

from tomocalc.errors import TomocalcError
from tomocalc.readers.dicom_header import (
    BadAttributeError,
    DicomHeader,
    PixelElement,
    keep_allowed,
)
from tomocalc.readers.dicom_lists import (
    ALLOWED,
    DEFLATED,
    OVERLAY_BIT_POSITIONS,
    SOP_CLASSES,
    TRANSFER_SYNTAXES,
)
from tomocalc.readers.plane import COPY_AGAIN, damaged, named, unsupported

MAX_META_BYTES = 1 << 16
MAX_HEADER_BYTES = 1 << 22
"""Bytes of allow-listed attributes; a volume of 200 frames needs about 0.4 MB."""
PIXEL_DATA = 0x7FE00010
TAGS = [Tag(name) for name in (*ALLOWED, *OVERLAY_BIT_POSITIONS)]
LONG_VR = {b"OB", b"OW", b"OF", b"SQ", b"UN", b"UT", b"OD", b"OL", b"UC", b"UR"}


class _Limited(io.RawIOBase):
    """A file of which at most `MAX_HEADER_BYTES` may be read; skipping is free."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle, self._left = handle, MAX_HEADER_BYTES

    def read(self, size: int = -1, /) -> bytes:
        data = self._handle.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError("too many attributes")
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._handle.seek(offset, whence)

    def tell(self) -> int:
        return self._handle.tell()


def read_header(path: Path) -> DicomHeader:
    """Read the allow-listed attributes of a DICOM file, not its pixels.

    The transfer syntax is looked at before anything else is: unpacking a deflated file could
    take all memory.

    Raises
    ------
    TomocalcError
        ``E202`` for a damaged or hostile header, ``E203`` for an object or transfer syntax that
        is not supported.
    """
    where = str(path)
    with _opened(path, TAGS) as (dataset, syntax, handle):
        pixels = _pixel_element(handle, dataset, where)
        try:
            return keep_allowed(dataset, syntax=syntax, pixels=pixels)
        except BadAttributeError as error:
            raise damaged(where, str(error)) from None


def image_dataset(path: Path, keywords: Sequence[str]) -> Dataset:
    """Read chosen attributes of an image, under the same guards as `read_header`.

    For callers that must know identifiers, and answer for where these go.
    """
    with _opened(path, [Tag(name) for name in keywords]) as (dataset, _, _):
        return dataset


def whole_header(path: Path) -> Dataset:
    """Read every attribute before the pixels, whatever the object is, within `MAX_HEADER_BYTES`.

    For objects that are no images of a volume, such as segmentations. Library messages are not
    kept from the caller, who must not show them.

    Raises
    ------
    TomocalcError
        ``E203`` for a transfer syntax that is not supported, deflated ones above all.
    """
    where = str(path)
    with path.open("rb") as handle:
        _check_syntax(_transfer_syntax(handle.read(MAX_META_BYTES), where), where)
        handle.seek(0)
        return pydicom.dcmread(_Limited(handle), stop_before_pixels=True)  # type: ignore[arg-type]


@contextlib.contextmanager
def _opened(path: Path, tags: list[BaseTag]) -> Iterator[tuple[Dataset, str, BinaryIO]]:
    """Yield the attributes *tags*, the transfer syntax, and the file where the header ended."""
    where = str(path)
    # No library message is quoted: it could repeat a value of the header.
    with (
        named(where, doing="a DICOM header cannot be read", quote=False),
        warnings.catch_warnings(),
        path.open("rb") as handle,
    ):
        warnings.simplefilter("ignore")
        syntax = _transfer_syntax(handle.read(MAX_META_BYTES), where)
        _check_syntax(syntax, where)
        handle.seek(0)
        dataset = pydicom.dcmread(
            _Limited(handle),  # type: ignore[arg-type]
            stop_before_pixels=True,
            specific_tags=tags,
        )
        sop_class = str(dataset.get("SOPClassUID", ""))
        if sop_class not in SOP_CLASSES:
            raise unsupported(
                where,
                f"it is {_uid_name(sop_class)}, not a tomosynthesis, mammography, CT, digital "
                "X-ray or Secondary Capture image",
                "take it out of the volume",
            )
        yield dataset, syntax, handle


def _transfer_syntax(head: bytes, where: str) -> str:
    """Walk the file meta information, explicit little endian in every file, to (0002,0010)."""
    at = 132
    while head[at : at + 2] == b"\x02\x00" and at + 12 <= len(head):
        element, vr, length = struct.unpack_from("<2xH2sH", head, at)
        at += 8
        if vr in LONG_VR:
            (length,) = struct.unpack_from("<I", head, at)
            at += 4
        if element == 0x10:
            return head[at : at + length].decode("ascii", errors="replace").strip("\0 ")
        at += length
    raise damaged(where, "its file meta information has no Transfer Syntax UID")


def _check_syntax(syntax: str, where: str) -> None:
    if syntax == DEFLATED:
        raise unsupported(
            where,
            "it is deflated, so its size is unknown before it is unpacked",
            "store it as explicit little endian or JPEG 2000",
        )
    if syntax not in TRANSFER_SYNTAXES:
        raise unsupported(
            where,
            f"its transfer syntax is {_uid_name(syntax)}",
            f"convert it to one of these: {', '.join(TRANSFER_SYNTAXES.values())}",
        )


def _uid_name(uid: str) -> str:
    """Return the standard's name of *uid*; an unknown text is not repeated."""
    name = UID(uid).name
    return name if uid and name != uid else "of an unknown kind"


def _pixel_element(handle: BinaryIO, dataset: Dataset, where: str) -> PixelElement:
    """Parse the element at which the header ended."""
    implicit, little = dataset.original_encoding
    order = "<" if little else ">"
    at = handle.tell()
    head = handle.read(12).ljust(12, b"\0")
    group, element = struct.unpack_from(f"{order}HH", head)
    if group << 16 | element != PIXEL_DATA:
        raise TomocalcError(
            "E202",
            what="a DICOM file has no pixel data",
            where=where,
            why=f"the {SOP_CLASSES[str(dataset.SOPClassUID)]} header ends without any: the file "
            "is cut short, or the object was stored without its image",
            fix=COPY_AGAIN,
        )
    vr = "OW" if implicit else head[4:6].decode("latin-1")
    start = at + 8 if implicit or vr not in ("OB", "OW", "UN") else at + 12
    (length,) = struct.unpack_from(f"{order}I", head, start - at - 4)
    return PixelElement(offset=start, length=None if length == 0xFFFFFFFF else length, vr=vr)
