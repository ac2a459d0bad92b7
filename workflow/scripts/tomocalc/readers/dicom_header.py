"""The DICOM attributes that a reader may know, and nothing else.

Only the attributes listed here are read from the file; text among them is kept only when it is
one of the listed words. So no name, date, identifier or private value can reach an output, a log
or an error message.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info
from pydicom.tag import Tag
from pydicom.uid import UID

from tomocalc.errors import TomocalcError
from tomocalc.readers.plane import COPY_AGAIN, damaged, named, unsupported

SOP_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.13.1.3": "Breast Tomosynthesis",
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "Enhanced CT",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.2": "Multi-frame Grayscale Byte Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.3": "Multi-frame Grayscale Word Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame True Color Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.1.1": "Digital X-Ray for presentation",
    "1.2.840.10008.5.1.4.1.1.1.1.1": "Digital X-Ray for processing",
    "1.2.840.10008.5.1.4.1.1.1.2": "Digital Mammography for presentation",
    "1.2.840.10008.5.1.4.1.1.1.2.1": "Digital Mammography for processing",
}
"""Objects that are read; tomosynthesis is also stored as CT or Secondary Capture."""

TRANSFER_SYNTAXES = {
    "1.2.840.10008.1.2": "implicit little endian",
    "1.2.840.10008.1.2.1": "explicit little endian",
    "1.2.840.10008.1.2.2": "explicit big endian",
    "1.2.840.10008.1.2.4.50": "JPEG baseline",
    "1.2.840.10008.1.2.4.51": "JPEG extended",
    "1.2.840.10008.1.2.4.57": "JPEG lossless",
    "1.2.840.10008.1.2.4.70": "JPEG lossless SV1",
    "1.2.840.10008.1.2.4.80": "JPEG-LS lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS near-lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.5": "RLE",
}

PHOTOMETRIC = {
    "MONOCHROME1",
    "MONOCHROME2",
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_RCT",
    "YBR_ICT",
}
VIEWS = {"CC", "MLO", "ML", "LM", "LMO", "XCC", "XCCL", "XCCM", "FB", "SIO", "ISO", "CV", "AT"}

ALLOWED = (
    "SOPClassUID",
    "SeriesInstanceUID",
    "InstanceNumber",
    "ImageLaterality",
    "Laterality",
    "ViewPosition",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SliceLocation",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "SpacingBetweenSlices",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "RescaleSlope",
    "RescaleIntercept",
    "BurnedInAnnotation",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)

OVERLAY_BIT_POSITIONS = tuple(range(0x60000102, 0x60200102, 0x20000))
"""Above zero where a plane of drawings hides in the unused high bits of the pixels."""

PIXEL_DATA = b"\xe0\x7f\x10\x00"
MAX_HEADER_BYTES = 1 << 23
"""Bytes of allow-listed attributes; a volume of 200 frames needs about 0.4 MB."""
MAX_FRAMES = 10_000
NO_HEADER = "a DICOM header cannot be read"


@dataclass(frozen=True, kw_only=True)
class DicomHeader:
    """What a reader keeps of one DICOM file. Lengths in mm."""

    sop_class: str
    transfer_syntax: str
    rows: int
    columns: int
    frames: int
    samples: int
    planar: bool
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    overlay_bits: bool
    rescale: tuple[tuple[float, float], ...]
    """Slope and intercept: one pair for all frames, or one per frame."""
    spacing: tuple[float, float] | None
    imager_spacing: tuple[float, float] | None
    slice_spacing: float | None
    positions: tuple[tuple[float, float, float] | None, ...]
    """Of each frame's first pixel, when the per-frame items fit the frames."""
    orientation: tuple[float, ...] | None
    instance: int | None
    series: str
    laterality: str | None
    view: str | None
    burned_in: bool
    per_frame_items: int
    pixel_offset: int
    pixel_length: int | None
    """None for encapsulated (compressed) pixel data."""
    pixel_vr: str


class _Limited(io.RawIOBase):
    """A file of which at most `MAX_HEADER_BYTES` may be read; skipping is free."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle, self._left = handle, MAX_HEADER_BYTES

    def read(self, size: int = -1, /) -> bytes:
        data = self._handle.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError(f"more than {MAX_HEADER_BYTES} bytes of attributes")
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._handle.seek(offset, whence)

    def tell(self) -> int:
        return self._handle.tell()


def read_header(path: Path) -> DicomHeader:
    """Read the allow-listed attributes of a DICOM file, not its pixels.

    Raises
    ------
    TomocalcError
        ``E202`` for a damaged or hostile header, ``E203`` for an object, transfer syntax or
        pixel kind that is not supported, ``E207`` for contradictions.
    """
    where = str(path)
    with named(where, doing=NO_HEADER, quote=False), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meta = read_file_meta_info(path)
        syntax = str(meta.get("TransferSyntaxUID", ""))
        _check_syntax(syntax, where)
        with path.open("rb") as handle:
            dataset = _read_dataset(handle, where)
            sop_class = str(dataset.get("SOPClassUID", ""))
            if sop_class not in SOP_CLASSES:
                raise unsupported(
                    where,
                    f"it is {_uid_name(sop_class)}, not a tomosynthesis, mammography, CT, "
                    "digital X-ray or Secondary Capture image",
                    "take it out of the sheet",
                )
            pixels = _pixel_element(handle, syntax, sop_class, where)
        return _header(dataset, syntax=syntax, pixels=pixels, where=where)


def _check_syntax(syntax: str, where: str) -> None:
    if not syntax:
        raise damaged(where, "its file meta information has no Transfer Syntax UID")
    if syntax == "1.2.840.10008.1.2.1.99":
        raise unsupported(
            where,
            "it is deflated: its size is unknown before it is unpacked",
            "store it as explicit little endian or JPEG 2000",
        )
    if syntax not in TRANSFER_SYNTAXES:
        raise unsupported(
            where,
            f"its transfer syntax is {_uid_name(syntax)}",
            f"convert it to one of: {', '.join(TRANSFER_SYNTAXES.values())}",
        )


def _read_dataset(handle: BinaryIO, where: str) -> Dataset:
    try:
        return pydicom.dcmread(
            _Limited(handle),  # type: ignore[arg-type]
            stop_before_pixels=True,
            specific_tags=[Tag(name) for name in (*ALLOWED, *OVERLAY_BIT_POSITIONS)],
        )
    except RecursionError:
        raise damaged(where, "its sequences are nested too deeply") from None


def _pixel_element(
    handle: BinaryIO, syntax: str, sop_class: str, where: str
) -> tuple[int, int | None, str]:
    """Return offset, length and VR of the pixel data, where the header ended."""
    order = "big" if syntax == "1.2.840.10008.1.2.2" else "little"
    head = handle.read(12)
    tag = head[:4] if order == "little" else head[1::-1] + head[3:1:-1]
    if tag != PIXEL_DATA or len(head) < 8:
        raise TomocalcError(
            "E202",
            what="a DICOM file has no pixel data",
            where=where,
            why=f"the {SOP_CLASSES[sop_class]} header ends without any: the file is cut short, "
            "or the object was stored without its image",
            fix=COPY_AGAIN,
        )
    if syntax == "1.2.840.10008.1.2":
        vr, start, length = "OW", handle.tell() - len(head) + 8, head[4:8]
    else:
        vr, start, length = head[4:6].decode("latin-1"), handle.tell(), head[8:12]
    count = int.from_bytes(length, order)
    return start, None if count == 0xFFFFFFFF else count, vr


def _header(
    dataset: Dataset, *, syntax: str, pixels: tuple[int, int | None, str], where: str
) -> DicomHeader:
    frames = _whole(dataset, "NumberOfFrames", 1)
    rows, columns = _whole(dataset, "Rows", 0), _whole(dataset, "Columns", 0)
    if not (0 < frames <= MAX_FRAMES and rows > 0 and columns > 0):
        raise damaged(where, f"it claims {frames} frames of {rows} × {columns} pixels")
    shared = _first(dataset, "SharedFunctionalGroupsSequence")
    items = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    # Items of another number than the frames cannot be told apart: none of them is believed.
    frame_items = items if len(items) == frames else []
    groups = [shared, *frame_items]
    spacings = {_pair(_group(item, "PixelMeasuresSequence"), "PixelSpacing") for item in groups}
    spacings = {found for found in {_pair(dataset, "PixelSpacing"), *spacings} if found}
    if len(spacings) > 1:
        raise damaged(where, "its frames have different pixel spacings")
    bits = _whole(dataset, "BitsAllocated", 0)
    stored = _whole(dataset, "BitsStored", bits)
    return DicomHeader(
        sop_class=str(dataset.SOPClassUID),
        transfer_syntax=syntax,
        rows=rows,
        columns=columns,
        frames=frames,
        samples=_whole(dataset, "SamplesPerPixel", 1),
        planar=_whole(dataset, "PlanarConfiguration", 0) == 1,
        bits_allocated=bits,
        bits_stored=stored,
        high_bit=_whole(dataset, "HighBit", stored - 1),
        signed=_whole(dataset, "PixelRepresentation", 0) == 1,
        photometric=_word(dataset, "PhotometricInterpretation", PHOTOMETRIC) or "",
        overlay_bits=any(_whole(dataset, tag, 0) > 0 for tag in OVERLAY_BIT_POSITIONS),
        rescale=_rescale(dataset, shared, frame_items),
        spacing=next(iter(spacings), None),
        imager_spacing=_pair(dataset, "ImagerPixelSpacing"),
        slice_spacing=_slice_spacing(dataset, groups),
        positions=_positions(dataset, frame_items),
        orientation=_orientation(dataset, groups),
        instance=_whole(dataset, "InstanceNumber", None),
        series=str(dataset.get("SeriesInstanceUID", "")),
        laterality=_laterality(dataset, groups),
        view=_word(dataset, "ViewPosition", VIEWS),
        burned_in=_word(dataset, "BurnedInAnnotation", {"YES"}) is not None,
        per_frame_items=len(items),
        pixel_offset=pixels[0],
        pixel_length=pixels[1],
        pixel_vr=pixels[2],
    )


def _uid_name(uid: str) -> str:
    """Return the standard's name of *uid*; an unknown text is not repeated."""
    name = UID(uid).name
    return name if uid and name != uid else "of an unknown kind"


def _group(item: Dataset | None, keyword: str) -> Dataset | None:
    return None if item is None else _first(item, keyword)


def _first(dataset: Dataset, keyword: str) -> Dataset | None:
    sequence = dataset.get(keyword)
    return sequence[0] if sequence else None


def _numbers(dataset: Dataset | None, keyword: str | int) -> tuple[float, ...]:
    """Return the finite numbers of an attribute, empty when it is missing or is not numeric."""
    value: Any = None if dataset is None else dataset.get(keyword)
    value = getattr(value, "value", value)  # a tag, unlike a keyword, gives the whole element
    if value is None or value == "":
        return ()
    values = tuple(float(part) for part in (value if _many(value) else [value]))
    return values if all(math.isfinite(part) for part in values) else ()


def _many(value: Any) -> bool:
    return not isinstance(value, str | int | float) and hasattr(value, "__iter__")


def _whole(dataset: Dataset, keyword: str | int, default: Any) -> Any:
    numbers = _numbers(dataset, keyword)
    return int(numbers[0]) if numbers else default


def _word(dataset: Dataset | None, keyword: str, words: set[str]) -> str | None:
    value = "" if dataset is None else str(dataset.get(keyword) or "").strip().upper()
    return value if value in words else None


def _pair(dataset: Dataset | None, keyword: str) -> tuple[float, float] | None:
    """Return a spacing as (row, column); [0, 0] stands for missing in real files."""
    numbers = _numbers(dataset, keyword)
    if len(numbers) != 2 or min(numbers) <= 0:
        return None
    return numbers[0], numbers[1]


def _slice_spacing(dataset: Dataset, groups: list[Dataset | None]) -> float | None:
    for holder in (dataset, *(_group(item, "PixelMeasuresSequence") for item in groups)):
        numbers = _numbers(holder, "SpacingBetweenSlices")
        if numbers and numbers[0] != 0:
            return abs(numbers[0])
    return None


def _triple(dataset: Dataset | None, keyword: str) -> tuple[float, float, float] | None:
    numbers = _numbers(dataset, keyword)
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else None


def _positions(
    dataset: Dataset, items: list[Dataset]
) -> tuple[tuple[float, float, float] | None, ...]:
    if not items:
        return (_triple(dataset, "ImagePositionPatient"),)
    holders = (_group(item, "PlanePositionSequence") for item in items)
    return tuple(_triple(holder, "ImagePositionPatient") for holder in holders)


def _orientation(dataset: Dataset, groups: list[Dataset | None]) -> tuple[float, ...] | None:
    for holder in (dataset, *(_group(item, "PlaneOrientationSequence") for item in groups)):
        numbers = _numbers(holder, "ImageOrientationPatient")
        if len(numbers) == 6:
            return numbers
    return None


def _rescale(
    dataset: Dataset, shared: Dataset | None, items: list[Dataset]
) -> tuple[tuple[float, float], ...]:
    def pairs() -> Iterator[tuple[float, float]]:
        for item in items or [None]:
            holder = (
                _group(item, "PixelValueTransformationSequence")
                or _group(shared, "PixelValueTransformationSequence")
                or dataset
            )
            slope = _numbers(holder, "RescaleSlope") or (1.0,)
            intercept = _numbers(holder, "RescaleIntercept") or (0.0,)
            yield slope[0], intercept[0]

    found = tuple(pairs())
    return found[:1] if len(set(found)) == 1 else found


def _laterality(dataset: Dataset, groups: list[Dataset | None]) -> str | None:
    sides = {"L", "R"}
    for keyword in ("ImageLaterality", "Laterality"):
        if side := _word(dataset, keyword, sides):
            return side
    for item in groups:
        if side := _word(_group(item, "FrameAnatomySequence"), "FrameLaterality", sides):
            return side
    return None
