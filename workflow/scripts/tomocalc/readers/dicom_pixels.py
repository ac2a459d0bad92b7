"""From the stored bytes of one DICOM frame to grey values, brighter where more is attenuated.

Modality rescale is one affine rule for a volume, which no feature depends on, so it is not
applied: only the sign of its slope matters. (Where frames differ in it, `modality_values` applies
it, and the volume's `Scale` brings the result back to 16 bits.) A Modality LUT need not be affine
and is applied. The VOI window is a display setting and is never applied: it clips.
"""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from tomocalc.readers.colour import coloured, grey
from tomocalc.readers.dicom_attributes import ModalityTable
from tomocalc.readers.dicom_header import DicomHeader
from tomocalc.readers.dicom_lists import BIG_ENDIAN, LOSSY, RLE, UNCOMPRESSED
from tomocalc.readers.frames import JPEG_2000, JPEG_LS, Spans, codestream
from tomocalc.readers.padding import padding_of
from tomocalc.readers.plane import Decoded, damaged, read_spans, unsupported
from tomocalc.readers.raster import check_end_of_jpeg

FULL_COLOUR = {"RGB", "YBR_RCT", "YBR_ICT"}
"""Decoded as RGB; of the other colour models the first channel is the luma already."""
LOSSY_SLACK = 0.02
"""How far lossy compression may move padding, as a share of the range."""


def check_pixel_kind(header: DicomHeader, where: str) -> None:
    """Refuse pixels that are not grey of 8, 16 or 32 bits or floats, or colour of 8 bits.

    Raises
    ------
    TomocalcError
        ``E203`` for another kind, ``E202`` for bits that contradict each other.
    """
    fix = "store it as MONOCHROME2 with 8 or 16 bits allocated"
    mono = header.photometric.startswith("MONO")
    if not header.photometric or header.samples != (1 if mono else 3):
        raise unsupported(where, "its photometric interpretation is not grey, RGB or YBR", fix)
    native = header.transfer_syntax in UNCOMPRESSED
    floats = {"float32": 32, "float64": 64}.get(header.pixels.floats)
    allowed = {floats} if floats else {8, 16, 32} if native else {8, 16}
    if header.bits_allocated not in (allowed if mono else {8}):
        raise unsupported(where, f"it has {header.bits_allocated} bits allocated per value", fix)
    if not floats and not 0 < header.bits_stored <= header.high_bit + 1 <= header.bits_allocated:
        raise damaged(where, "bits allocated, bits stored and high bit contradict each other")
    if native:
        swapped = header.transfer_syntax == BIG_ENDIAN and header.bits_allocated == 8
        if header.photometric == "YBR_FULL_422" or (swapped and header.pixels.vr == "OW"):
            raise unsupported(where, "its uncompressed layout is a rare one", fix)


def value_type(header: DicomHeader) -> str:
    """Return the type of what `stored_values` returns."""
    if header.pixels.floats:
        return header.pixels.floats
    if header.bits_allocated == 32:
        return "int64"
    return "uint8" if header.bits_allocated == 8 and header.table is None else "uint16"


def stored_values(path: Path, header: DicomHeader, spans: Spans, where: str) -> Decoded:
    """Decode one frame to `value_type`, (row, column), and say which pixels are padding.

    Integers of 8 and 16 bits are 0 .. 2**bits - 1: signed values are shifted by half their range,
    or replaced by what a Modality LUT says. MONOCHROME1 and negative slopes are inverted.
    """
    inverted = (header.photometric == "MONOCHROME1") != (header.rescale[0][0] < 0)
    if value_type(header) not in ("uint8", "uint16"):
        wide = _wide(path, header, spans, where)
        return wide._replace(image=-wide.image) if inverted else wide
    found = _grey(path, header, spans, where)
    if header.table is not None:
        values = _looked_up(_signed(found.image, header), header.table)
        if inverted:
            values = values ^ np.uint16((1 << header.table.bits) - 1)
    else:
        values = _unsigned(found.image, header, where, inverted=inverted)
    return found._replace(image=values)


def modality_values(
    path: Path, header: DicomHeader, spans: Spans, where: str, *, slope: float, intercept: float
) -> Decoded:
    """Decode one frame and apply its own rescale rule; MONOCHROME1 is negated."""
    if value_type(header) not in ("uint8", "uint16"):
        found = _wide(path, header, spans, where)
        values = found.image
    else:
        found = _grey(path, header, spans, where)
        image = _unsigned(found.image, header, where, inverted=False)
        values = image.astype(np.float32)
        if header.signed:
            values -= np.float32(1 << (header.bits_stored - 1))
    values = values * np.float32(slope) + np.float32(intercept)
    return found._replace(image=-values if header.photometric == "MONOCHROME1" else values)


def needed_bits(path: Path, header: DicomHeader, spans: Spans, where: str) -> int:
    """Return how many bits the values of a frame take, where these are more than BitsStored.

    Some writers scale the pixels and leave the header as it was. Single bits high above the rest
    are something else, a drawing that nobody declared: they are left to be a fault.
    """
    if header.signed or header.overlay_bits or header.pixels.floats or header.bits_allocated > 16:
        return header.bits_stored
    if header.transfer_syntax not in UNCOMPRESSED and header.transfer_syntax != RLE:
        head = read_spans(path, spans[:1], where)
        if codestream(head).bits <= header.bits_stored:  # then none can take more
            return header.bits_stored
    image, padding, _ = _grey(path, header, spans, where)
    largest = int(image.max()) if padding is None else int(image[~padding].max(initial=0))
    steps = np.unique(image >> image.dtype.type(header.bits_stored))
    if largest >> header.bits_stored == 0 or steps.size < int(steps[-1]) + 1:
        return header.bits_stored
    return largest.bit_length()


def _grey(path: Path, header: DicomHeader, spans: Spans, where: str) -> Decoded:
    """Return a frame's values as the file holds them, its high bit moved down, and its padding."""
    if header.transfer_syntax in UNCOMPRESSED:
        image = _native(path, header, spans, where)
    else:
        image = _decompressed(read_spans(path, spans, where), header, where)
    share = 0.0
    if header.samples > 1:
        full = header.photometric in FULL_COLOUR
        share = coloured(image, neutral=None if full else 1 << (header.bits_stored - 1))
        image = grey(image, where) if full else image[:, :, 0].copy()
    shift = header.high_bit + 1 - header.bits_stored
    if shift and not _is_low(path, header, spans, where):
        image >>= image.dtype.type(shift)
    if header.padding is None:
        return Decoded(image, None, share)
    slack = LOSSY_SLACK * (1 << header.bits_stored) if header.transfer_syntax in LOSSY else 0
    whole = image.view(f"i{image.itemsize}") if header.signed else image
    padding = padding_of(whole, header.padding, slack=slack)
    if padding is None:
        padding = padding_of(_signed(image, header), header.padding, slack=slack)
    if padding is not None:
        image[padding] = 0
    return Decoded(image, padding, share)


def _is_low(path: Path, header: DicomHeader, spans: Spans, where: str) -> bool:
    """Return whether a codestream holds the stored bits alone, whatever the high bit says."""
    if header.transfer_syntax in UNCOMPRESSED or header.transfer_syntax == RLE:
        return False
    return codestream(read_spans(path, spans[:1], where)).bits <= header.bits_stored


def _signed(image: NDArray[Any], header: DicomHeader) -> NDArray[np.int32]:
    """Return the numbers that the stored bits mean."""
    values = image.astype(np.int32) & ((1 << header.bits_stored) - 1)
    if header.signed:
        half = 1 << (header.bits_stored - 1)
        values = (values ^ half) - half
    return values


def _looked_up(values: NDArray[np.int32], table: ModalityTable) -> NDArray[np.uint16]:
    entries = np.frombuffer(table.values, np.uint16)
    return entries[np.clip(values - table.first, 0, entries.size - 1)]


def _unsigned(
    image: NDArray[Any], header: DicomHeader, where: str, *, inverted: bool
) -> NDArray[Any]:
    kind = image.dtype.type
    largest = (1 << header.bits_stored) - 1
    if header.signed or header.overlay_bits:
        image &= kind(largest)
    elif header.transfer_syntax in LOSSY:
        np.minimum(image, kind(largest), out=image)
    elif header.bits_stored < header.bits_allocated and int(image.max()) > largest:
        raise damaged(where, f"a value is above the {largest} of its {header.bits_stored} bits")
    # Two's complement with its sign bit flipped is the value plus half the range.
    flip = (largest if inverted else 0) ^ ((largest + 1) // 2 if header.signed else 0)
    if flip:
        image ^= kind(flip)
    return image


def _wide(path: Path, header: DicomHeader, spans: Spans, where: str) -> Decoded:
    """Return a frame of floats or 32-bit integers as `value_type`, and its padding."""
    image = _native(path, header, spans, where)
    padding = None if header.padding is None else padding_of(image, header.padding)
    return Decoded(image.astype(value_type(header), copy=False), padding)


def _native(path: Path, header: DicomHeader, spans: Spans, where: str) -> NDArray[Any]:
    order = ">" if header.transfer_syntax == BIG_ENDIAN else "<"
    # Narrower values keep their sign bit until all bits beside the stored ones are gone.
    wide_signed = header.signed and header.bits_allocated == 32
    kind = "f" if header.pixels.floats else "i" if wide_signed else "u"
    dtype = np.dtype(f"{order}{kind}{header.bits_allocated // 8}")
    ((offset, length),) = spans
    image = np.fromfile(path, dtype=dtype, count=length // dtype.itemsize, offset=offset)
    if image.nbytes < length:
        raise damaged(where, f"{length - image.nbytes} bytes are missing at its end")
    return _arranged(image.astype(dtype.newbyteorder("="), copy=False), header, header.planar)


def _arranged(values: NDArray[Any], header: DicomHeader, planar: bool) -> NDArray[Any]:
    rows, columns = header.rows, header.columns
    if header.samples == 1:
        return values.reshape(rows, columns)
    if planar:
        return np.moveaxis(values.reshape(header.samples, rows, columns), 0, -1)
    return values.reshape(rows, columns, header.samples)


def _decompressed(data: bytes, header: DicomHeader, where: str) -> NDArray[Any]:
    container = np.dtype(np.uint8 if header.bits_allocated == 8 else np.uint16)
    if header.transfer_syntax == RLE:
        return _rle(data, header, container, where)
    try:
        claimed = codestream(data)
    except ValueError as error:
        raise damaged(where, str(error)) from error
    expected = (header.rows, header.columns, header.samples)
    found = (claimed.rows, claimed.columns, claimed.components)
    if found != expected or claimed.bits > header.bits_allocated:
        raise damaged(
            where,
            f"its header says {expected} rows, columns, channels, and the compressed slice "
            f"{found} with {claimed.bits} bits",
        )
    image = _decode(data, claimed.process, header, where)
    if image.dtype.kind == "i":
        image = image.astype(f"i{container.itemsize}").view(container)
    return image.astype(container, copy=False)


def _decode(data: bytes, process: int, header: DicomHeader, where: str) -> NDArray[Any]:
    if process == JPEG_2000:
        return imagecodecs.jpeg2k_decode(data)
    check_end_of_jpeg(data, where)
    if process == JPEG_LS:
        return imagecodecs.jpegls_decode(data)
    if header.samples == 1:
        return imagecodecs.jpeg8_decode(data)
    stored = "RGB" if header.photometric == "RGB" else "YCBCR"
    return imagecodecs.jpeg8_decode(data, colorspace=stored, outcolorspace=stored)


def _rle(data: bytes, header: DicomHeader, container: np.dtype[Any], where: str) -> NDArray[Any]:
    segments = int.from_bytes(data[:4], "little")
    if len(data) < 64 or segments != header.samples * container.itemsize:
        raise damaged(where, f"its RLE data claim {segments} segments")
    size = header.samples * header.rows * header.columns * container.itemsize
    decoded = bytearray(size)
    written = imagecodecs.dicomrle_decode(data, container, out=decoded)
    if len(written) < size:
        raise damaged(where, f"its RLE data end {size - len(written)} bytes early")
    return _arranged(np.frombuffer(decoded, container), header, planar=True)
