"""One breast in the formats of pictures, as TIFF, NIfTI, NRRD and MetaImage; all its encodings."""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from support.encodings import DICOM_ENCODINGS, one, saved_each
from support.encodings_itk import ITK_ENCODINGS
from support.encodings_values import boxed, fragmented, indexed, noisy_outside
from support.image_files import png_chunk, write_pgm, write_png
from support.one_breast import BREAST, ORDER, SLICES, SPACED, Encoding, Frames, saved


def pictures(
    save: Callable[[Path, Frames], Any], suffix: str, name: Callable[[int], str] = str
) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        for index, image in enumerate(BREAST):
            save(folder / f"{name(index)}{suffix}", image)
        return folder

    return write


def stored_as(image: Frames, orientation: int) -> Frames:
    """Return what a file stores of an upright picture under an orientation tag."""
    if orientation in (2, 3, 6, 7):
        image = image[..., ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[..., ::-1, :]
    return image.swapaxes(-1, -2) if orientation in (5, 6, 7, 8) else image


def exif_png(orientation: int) -> Callable[[Path, Frames], None]:
    tag = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    save = chunked_png(b"eXIf", tag)
    return lambda path, image: save(path, stored_as(image, orientation))


def chunked_png(name: bytes, content: bytes) -> Callable[[Path, Frames], None]:
    def save(path: Path, image: Frames) -> None:
        plain = write_png(path, image).read_bytes()
        path.write_bytes(plain[:33] + png_chunk(name, content) + plain[33:])

    return save


def tiff(frames: Frames = BREAST, **options: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        tifffile.imwrite(folder / "a.tif", frames, **{"metadata": None, **options})
        return folder / "a.tif"

    return write


def oriented(orientation: int) -> Callable[[Path], Path]:
    tags = [(274, "H", 1, orientation, True)]
    return tiff(stored_as(BREAST, orientation), extratags=tags)


def pages(write_one: Callable[[Any, int], None]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        with tifffile.TiffWriter(folder / "a.tif") as file:
            for index in range(SLICES):
                write_one(file, index)
        return folder / "a.tif"

    return write


def with_thumbnail(file: Any, index: int) -> None:
    file.write(BREAST[index], metadata=None, contiguous=False)
    if index == 0:
        file.write(BREAST[0, ::4, ::4], metadata=None, contiguous=False, subfiletype=1)


def ome(order: Sequence[int], channels: int = 1, sizes: str = "") -> Callable[[Path], Path]:
    """Write an OME-TIFF whose pages lie in another order than its planes."""
    places = "".join(
        f'<TiffData FirstZ="{depth}" IFD="{page}" PlaneCount="1"/>'
        for page, depth in enumerate(order)
    )
    text = (
        '<?xml version="1.0"?><OME><Image><Pixels DimensionOrder="XYZCT" SizeX="104" SizeY="144" '
        f'SizeZ="{SLICES // channels}" SizeC="{channels}" SizeT="1" {sizes}>'
        f"{places}</Pixels></Image></OME>"
    )

    def write_one(file: Any, index: int) -> None:
        described = {"description": text} if index == 0 else {}
        file.write(BREAST[order[index]], metadata=None, contiguous=False, **described)

    return pages(write_one)


ENCODINGS: dict[str, Encoding] = {
    **DICOM_ENCODINGS,
    "single slices, SliceLocation alone": Encoding(
        saved_each(lambda n: one(n, InstanceNumber=1, ImagePositionPatient=None, SliceLocation=n)),
        options=SPACED,
    ),
    "single slices, positions of no plane": Encoding(
        saved_each(
            lambda n: one(n, ImageOrientationPatient=None, ImagePositionPatient=[n / 1e6, n ^ 1, 0])
        ),
        options=SPACED,
        doubts=("order_differs",),
    ),
    "single slices, numbers reversed": Encoding(
        saved_each(lambda index: one(index, InstanceNumber=9 - index)), doubts=("order_reversed",)
    ),
    "PNG": Encoding(pictures(write_png, ".png"), options=SPACED),
    **{
        f"PNG of {pixels} pixels per metre": Encoding(
            pictures(chunked_png(b"pHYs", struct.pack(">IIB", pixels, pixels, 1)), ".png"),
            options=SPACED,
            doubts=("file_spacing_differs",) if pixels == 20_000 else (),
        )
        for pixels in (2835, 10_000, 20_000)
    },
    "PNG of a noisy bright outside": Encoding(
        pictures(noisy_outside, ".png"),
        options=SPACED,
        same="candidates",
        doubts=("bright_outside",),
    ),
    "frames by their dimension index": Encoding(
        indexed, order=ORDER, options=SPACED, doubts=("frames_reordered",)
    ),
    "PGM": Encoding(pictures(write_pgm, ".pgm"), options=SPACED),
    "names with signs": Encoding(
        pictures(write_png, ".png", lambda index: f"z_{index - 3}"), options=SPACED
    ),
    "names with plus and minus": Encoding(
        pictures(write_png, ".png", lambda index: f"z{index - 3:+d}mm"), options=SPACED
    ),
    "names with heights": Encoding(
        pictures(write_png, ".png", lambda index: f"h_{(index - 2) * 1.25}"), options=SPACED
    ),
    **{
        f"PNG of orientation {code}": Encoding(pictures(exif_png(code), ".png"), options=SPACED)
        for code in (3, 6)
    },
    "TIFF": Encoding(tiff(), options=SPACED),
    "TIFF, big, tiled, zstd": Encoding(
        tiff(bigtiff=True, tile=(64, 64), compression="zstd"), options=SPACED
    ),
    "TIFF, big endian, LZW": Encoding(tiff(byteorder=">", compression="lzw"), options=SPACED),
    "TIFF, white is zero": Encoding(tiff(65535 - BREAST, photometric="miniswhite"), options=SPACED),
    "TIFF, 12 bits": Encoding(tiff(bitspersample=12), options=SPACED),
    "TIFF, signed": Encoding(tiff((BREAST - 32768.0).astype(np.int16)), options=SPACED),
    "TIFF, floats": Encoding(tiff(BREAST.astype(np.float32)), options=SPACED, same="rows"),
    "TIFF, described": Encoding(tiff(metadata={"axes": "ZYX"}), options=SPACED),
    "TIFF, one directory": Encoding(tiff(metadata={}, truncate=True), options=SPACED),
    "TIFF with a thumbnail": Encoding(pages(with_thumbnail), options=SPACED),
    "ImageJ": Encoding(tiff(imagej=True, metadata={"axes": "ZYX"}), options=SPACED),
    "ImageJ, one directory": Encoding(
        tiff(imagej=True, truncate=True, metadata={"axes": "ZYX"}), options=SPACED
    ),
    "ImageJ of another spacing": Encoding(
        tiff(
            imagej=True,
            resolution=(20.0, 20.0),
            metadata={"axes": "ZYX", "unit": "mm", "spacing": 2.0},
        ),
        options=SPACED,
        doubts=("file_spacing_differs", "file_spacing_differs"),
    ),
    "ImageJ of the same spacing": Encoding(
        tiff(
            imagej=True,
            resolution=(1e-2, 1e-2),
            metadata={"axes": "ZYX", "unit": "um", "spacing": 1e3},
        ),
        options=SPACED,
    ),
    "TIFF of another resolution": Encoding(
        tiff(resolution=(200, 200), resolutionunit="CENTIMETER"),
        options=SPACED,
        doubts=("file_spacing_differs",),
    ),
    "TIFF of a screen": Encoding(tiff(resolution=(72, 72), resolutionunit="INCH"), options=SPACED),
    "OME of another spacing": Encoding(
        ome(range(SLICES), sizes='PhysicalSizeX="100" PhysicalSizeY="100" PhysicalSizeZ="500"'),
        options=SPACED,
        doubts=("file_spacing_differs",),
    ),
    "OME": Encoding(ome(range(SLICES)), options=SPACED),
    "OME, shuffled": Encoding(ome(ORDER), options=SPACED),
    **{
        f"TIFF of orientation {code}": Encoding(oriented(code), options=SPACED)
        for code in range(2, 9)
    },
    "JPEG 2000, with boxes": Encoding(saved(boxed)),
    "frames in pieces, told apart by their table": Encoding(saved(lambda: fragmented("right"))),
    **ITK_ENCODINGS,
}
