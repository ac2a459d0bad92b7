"""Image files for the tests: every format that can be read, and every way to spoil one."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import RLELosslessEncoder
from pydicom.uid import UID

TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CT = "1.2.840.10008.5.1.4.1.1.2"
MAMMOGRAPHY = "1.2.840.10008.5.1.4.1.1.1.2"

SYNTAX = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "big_endian": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
    "jpeg": "1.2.840.10008.1.2.4.50",
    "jpeg_extended": "1.2.840.10008.1.2.4.51",
    "jpeg_lossless": "1.2.840.10008.1.2.4.57",
    "jpeg_lossless_sv1": "1.2.840.10008.1.2.4.70",
    "jpegls": "1.2.840.10008.1.2.4.80",
    "jpegls_near": "1.2.840.10008.1.2.4.81",
    "jpeg2000": "1.2.840.10008.1.2.4.90",
    "jpeg2000_lossy": "1.2.840.10008.1.2.4.91",
    "rle": "1.2.840.10008.1.2.5",
}
NATIVE = ("implicit", "explicit", "big_endian")
UID_ROOT = "1.2.826.0.1.3680043.10.1234"


def picture(
    rows: int = 48, columns: int = 40, *, bits: int = 8, seed: int = 0
) -> NDArray[np.uint8 | np.uint16]:
    """Return a left breast: bright tissue at the left edge, fading to air, with noise."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:rows, :columns]
    reach = 0.75 * columns * np.sqrt(np.clip(1 - ((row - rows / 2) / (0.45 * rows)) ** 2, 0, 1))
    tissue = np.where(column < reach, 0.6 + 0.1 * np.cos(row / 5), 0.02)
    values = (tissue + 0.03 * rng.standard_normal((rows, columns))) * (2**bits - 1)
    dtype = np.uint8 if bits <= 8 else np.uint16
    return np.clip(np.rint(values), 0, 2**bits - 1).astype(dtype)


def volume(slices: int = 3, **options: Any) -> list[NDArray[Any]]:
    """Return different slices of one size."""
    return [picture(seed=seed, **options) for seed in range(slices)]


def write_png(path: Path, image: NDArray[Any]) -> Path:
    path.write_bytes(imagecodecs.png_encode(np.ascontiguousarray(image)))
    return path


def png_chunk(name: bytes, content: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + crc


def raw_png(
    *, rows: int, columns: int, bits: int, colour: int, lines: bytes, extra: bytes = b""
) -> bytes:
    """Build a PNG by hand: *lines* are the filtered rows, *extra* the chunks before them."""
    header = struct.pack(">IIBBBBB", columns, rows, bits, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", zlib.compress(lines))
        + png_chunk(b"IEND", b"")
    )


def packed_zeros(size: int, *, raw: bool = False) -> bytes:
    """Return a deflate stream of *size* zero bytes (a multiple of 1 MiB), in no time.

    One block is repeated; with *raw* it has neither zlib's header nor its checksum.
    """
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    stream = block * (size >> 20) + b"\x03\0"
    # Adler-32 of zeros: its first sum stays 1, so its second counts the bytes.
    check = (size % 65521) << 16 | 1
    return stream if raw else b"\x78\xda" + stream + struct.pack(">I", check)


def png_bomb(path: Path, *, side: int) -> Path:
    """Write a black PNG of at least *side* × *side* pixels, a thousandth of its size on disk."""
    rows = -(-side // 1024) * 1024
    columns = rows - 1  # with the filter byte of every row, whole MiB
    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", packed_zeros(rows * (columns + 1)))
        + png_chunk(b"IEND", b"")
    )
    return path


def tiff_bomb(path: Path, *, side: int) -> Path:
    """Write a black deflated TIFF of *side* × *side* pixels, a multiple of 1024."""
    parts = iter([packed_zeros(1024 * side)] * (side // 1024))
    tifffile.imwrite(
        path, parts, shape=(side, side), dtype=np.uint8, compression="zlib", rowsperstrip=1024
    )
    return path


def write_pgm(path: Path, image: NDArray[Any], *, largest: int | None = None) -> Path:
    if largest is None:
        largest = 255 if image.dtype == np.uint8 else 65535
    header = f"P5\n# made for a test\n{image.shape[1]} {image.shape[0]}\n{largest}\n"
    path.write_bytes(header.encode() + image.astype(image.dtype.newbyteorder(">")).tobytes())
    return path


def write_jpeg(path: Path, image: NDArray[Any], **options: Any) -> Path:
    Image.fromarray(image).save(path, "JPEG", **{"quality": 95, **options})
    return path


def write_tiff(path: Path, pages: Sequence[NDArray[Any]], **options: Any) -> Path:
    with tifffile.TiffWriter(path) as writer:
        for page in pages:
            writer.write(page, metadata=None, contiguous=False, **options)
    return path


def encode(frame: NDArray[Any], syntax: str, *, bits: int) -> bytes:
    """Compress one frame for the transfer syntax *syntax*."""
    jpeg: dict[str, dict[str, Any]] = {
        "jpeg": {"level": 95},
        "jpeg_extended": {"level": 95, "bitspersample": 12},
        "jpeg_lossless": {"lossless": True, "predictor": 6, "bitspersample": bits},
        "jpeg_lossless_sv1": {"lossless": True, "predictor": 1, "bitspersample": bits},
    }
    if syntax in jpeg:
        return bytes(imagecodecs.jpeg8_encode(frame, **jpeg[syntax]))
    if syntax.startswith("jpegls"):
        return bytes(imagecodecs.jpegls_encode(frame, level=2 if syntax == "jpegls_near" else 0))
    lossy = syntax == "jpeg2000_lossy"
    coded = imagecodecs.jpeg2k_encode(
        frame, codecformat="j2k", bitspersample=bits, reversible=not lossy, level=60 if lossy else 0
    )
    return bytes(coded)


def dicom(
    frames: Sequence[NDArray[Any]],
    *,
    syntax: str = "explicit",
    sop_class: str = TOMOSYNTHESIS,
    bits: int | None = None,
    enhanced: bool = False,
    spacing: Sequence[float] | None = (0.1, 0.1),
    positions: Sequence[Sequence[float]] | None = None,
    **attributes: Any,
) -> Dataset:
    """Return a DICOM object of *frames*.

    Parameters
    ----------
    frames
        All of one shape and type; ``int8`` and ``int16`` are stored signed.
    syntax
        A key of `SYNTAX`.
    bits
        Bits stored; all of the type when not given.
    enhanced
        Put spacing and positions into functional groups.
    spacing, positions
        Pixel spacing (row, column) and the position of each frame, in mm.
    **attributes
        Set on the object last; None removes.
    """
    first = frames[0]
    allocated = first.dtype.itemsize * 8
    bits = bits or allocated
    dataset = Dataset()
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = f"{UID_ROOT}.1"
    dataset.SeriesInstanceUID = f"{UID_ROOT}.2"
    dataset.Rows, dataset.Columns = first.shape[:2]
    dataset.SamplesPerPixel = 1 if first.ndim == 2 else first.shape[2]
    dataset.PhotometricInterpretation = "MONOCHROME2" if first.ndim == 2 else "RGB"
    if first.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = allocated, bits, bits - 1
    dataset.PixelRepresentation = int(first.dtype.kind == "i")
    if len(frames) > 1 or enhanced:
        dataset.NumberOfFrames = len(frames)
    _place(dataset, enhanced=enhanced, spacing=spacing, positions=positions)
    dataset.PixelData = _pixel_data(frames, syntax, bits=bits)
    dataset["PixelData"].VR = "OW" if syntax in NATIVE and allocated == 16 else "OB"
    dataset["PixelData"].is_undefined_length = syntax not in (*NATIVE, "deflated")
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(SYNTAX[syntax])
    dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(dataset.SOPInstanceUID)
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def write_dicom(path: Path, frames: Sequence[NDArray[Any]], **options: Any) -> Path:
    """Write the object that `dicom` makes."""
    dicom(frames, **options).save_as(path, enforce_file_format=True)
    return path


def item(**attributes: Any) -> Dataset:
    """Return a sequence item."""
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def _place(
    dataset: Dataset,
    *,
    enhanced: bool,
    spacing: Sequence[float] | None,
    positions: Sequence[Sequence[float]] | None,
) -> None:
    orientation = [0.0, 1.0, 0.0, 0.0, 0.0, -1.0]
    if not enhanced:
        if spacing is not None:
            dataset.PixelSpacing = list(spacing)
        if positions is not None:
            (dataset.ImagePositionPatient,) = [list(position) for position in positions]
            dataset.ImageOrientationPatient = orientation
        return
    shared = item()
    if spacing is not None:
        shared.PixelMeasuresSequence = [item(PixelSpacing=list(spacing))]
    if positions is not None:
        shared.PlaneOrientationSequence = [item(ImageOrientationPatient=orientation)]
        dataset.PerFrameFunctionalGroupsSequence = [
            item(PlanePositionSequence=[item(ImagePositionPatient=list(position))])
            for position in positions
        ]
    dataset.SharedFunctionalGroupsSequence = [shared]


def _pixel_data(frames: Sequence[NDArray[Any]], syntax: str, *, bits: int) -> bytes:
    if syntax in (*NATIVE, "deflated"):
        order = ">" if syntax == "big_endian" else "<"
        content = b"".join(
            frame.astype(frame.dtype.newbyteorder(order)).tobytes() for frame in frames
        )
        return content + b"\0" * (len(content) % 2)
    if syntax == "rle":
        coded = [_rle(frame) for frame in frames]
    else:
        coded = [encode(frame, syntax, bits=bits) for frame in frames]
    return encapsulate(coded)


def _rle(frame: NDArray[Any]) -> bytes:
    little = frame.astype(frame.dtype.newbyteorder("<"))
    return RLELosslessEncoder.encode(
        little.tobytes(),
        rows=frame.shape[0],
        columns=frame.shape[1],
        samples_per_pixel=1 if frame.ndim == 2 else frame.shape[2],
        bits_allocated=frame.dtype.itemsize * 8,
        bits_stored=frame.dtype.itemsize * 8,
        pixel_representation=0,
        number_of_frames=1,
        photometric_interpretation="MONOCHROME2" if frame.ndim == 2 else "RGB",
        planar_configuration=0,
        byteorder="<",
        encoding_plugin="pydicom",
    )
