"""One breast in other values: padded, looked up, as floats and as wide integers."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames

from support.image_files import item, write_png
from support.one_breast import AIR, BREAST, ORDER, SLICES, many, saved


def looked_up() -> Dataset:
    """Return falling values with a Modality LUT that turns them round."""
    table = item(LUTDescriptor=[4096, 0, 16], ModalityLUTType="US")
    table.add_new(0x00283006, "OW", (4095 - np.arange(4096)).astype("<u2").tobytes())
    return many(4095 - BREAST, ModalityLUTSequence=[table])


def floats() -> Dataset:
    made = many(BREAST, BitsAllocated=32, PixelData=None)
    for name in ("BitsStored", "HighBit", "PixelRepresentation"):
        delattr(made, name)
    made.FloatPixelData = (BREAST / 4 - 200).astype("<f4").tobytes()
    return made


def padded_floats() -> Dataset:
    """Return floats among which all air is padding, brighter than any tissue."""
    made = floats()
    values = np.where(AIR, 1e6, BREAST / 4 - 200).astype("<f4")
    made.FloatPixelData, made.FloatPixelPaddingValue = values.tobytes(), 1e6
    return made


def wide() -> Dataset:
    content = (BREAST.astype("<i4") - 1000).tobytes()
    return many(
        BREAST,
        BitsAllocated=32,
        BitsStored=32,
        HighBit=31,
        PixelRepresentation=1,
        PixelData=content,
    )


def drawn_around(width: int, value: int, **options: Any) -> Callable[[Path], Path]:
    """Write the breast with a frame of *value* around every slice."""

    def make() -> Dataset:
        frames = BREAST.copy()
        inside = np.zeros_like(AIR)
        inside[width:-width, width:-width] = True
        frames[:, ~inside] = value
        return many(frames, **options)

    return saved(make)


def noisy_outside(path: Path, image: NDArray[Any]) -> None:
    """Write a slice whose air is brighter than its tissue, and not of one tone."""
    noise = np.random.default_rng(int(path.stem)).normal(6000, 200, image.shape)
    write_png(path, np.where(AIR, noise, image).astype(np.uint16))


def indexed(folder: Path) -> Path:
    """Write shuffled frames that only their Dimension Index Values put in order."""
    made = many(order=ORDER)
    for place, group in zip(ORDER, made.PerFrameFunctionalGroupsSequence, strict=True):
        del group.PlanePositionSequence
        group.FrameContentSequence = [item(DimensionIndexValues=[1, place + 1])]
    return saved(lambda: made)(folder)


def padded(
    value: int, where: NDArray[np.bool_] = AIR, *, named: bool = True, **options: Any
) -> Callable[[Path], Path]:
    """Write the breast with *value* for padding where nothing was imaged."""

    def make() -> Dataset:
        frames = BREAST.copy()
        if options.get("PhotometricInterpretation") == "MONOCHROME1":
            frames = 4095 - frames
        frames = frames.astype(np.int16) if value < 0 else frames
        frames[:, where] = value
        return many(frames, **({"PixelPaddingValue": value} if named else {}), **options)

    return saved(make)


def half_padded() -> Dataset:
    frames = BREAST.copy()
    frames[:2, AIR] = 4095
    return many(frames)


def fragmented(table: str) -> Dataset:
    """Return frames, each in two pieces, with a right, an empty or a wrong table of frames.

    Pieces of JPEG 2000 show where a frame begins, those of RLE do not.
    """
    syntax = "rle" if table == "right" else "jpeg2000"
    made = many(syntax=syntax)
    frames = list(generate_frames(made.PixelData, number_of_frames=SLICES))
    pieces = [part for frame in frames for part in (frame[:1000], frame[1000:])]
    starts = np.cumsum([0, *(16 + len(frame) + len(frame) % 2 for frame in frames[:-1])])
    right = starts.astype("<u4").tobytes()
    content = {"right": right, "none": b"", "zeros": bytes(4 * SLICES)}[table]
    whole = b""
    for piece in (content, *pieces):
        piece += b"\0" * (len(piece) % 2)
        whole += struct.pack("<HHI", 0xFFFE, 0xE000, len(piece)) + piece
    made.PixelData = whole + b"\xfe\xff\xdd\xe0" + bytes(4)
    return made


def boxed() -> Dataset:
    """Return frames that are whole files of JPEG 2000, not codestreams alone."""
    files = [
        imagecodecs.jpeg2k_encode(frame, codecformat="jp2", reversible=True, level=0)
        for frame in BREAST
    ]
    return many(syntax="jpeg2000", PixelData=encapsulate(files))
