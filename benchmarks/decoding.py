"""Read one slice of every format: the reader beside the bare decoder it stands on, and its peer.

    python benchmarks/decoding.py [ROUNDS]

A slice of 2457 × 1890 pixels, 12 bits (8 where the format has no more): a breast with noise in
front of air. CPU milliseconds of one process, the median of ROUNDS (7), the three alternating.
*reader* is ``Volume.read`` of a volume that is open, *bare* the plainest call that yields the
array from the file, *peer* what one would use instead. *key* is ``Volume.key``: reading and
hashing the stored bytes. A second table shows opening and reading a whole volume of 60 slices.
"""

import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import tifffile
from measuring import head
from numpy.typing import NDArray
from PIL import Image
from pydicom.encaps import get_frame
from pydicom.pixels.utils import pixel_array

from support.image_files import (  # pyright: ignore[reportMissingImports]
    picture,
    write_dicom,
    write_jpeg,
    write_pgm,
    write_png,
    write_tiff,
)
from tomocalc.log import peak_megabytes
from tomocalc.readers.volume import Volume, open_volume

ROWS, COLUMNS, FRAMES = 2457, 1890, 60
CODECS = {
    "explicit": "uncompressed",
    "rle": "RLE",
    "jpeg_lossless_sv1": "JPEG lossless",
    "jpegls": "JPEG-LS",
    "jpeg2000": "JPEG 2000",
}
DECODERS = {
    "jpeg_lossless_sv1": imagecodecs.jpeg8_decode,
    "jpegls": imagecodecs.jpegls_decode,
    "jpeg2000": imagecodecs.jpeg2k_decode,
}


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(head("one slice", "bare", "reader", "reader / bare", "peer", "key"))
        for label, path, bare, peer in cases(folder):
            found = opened(path)
            index = len(found) - 1
            image = found.read(index)
            assert np.abs(bare().astype(int) - image).max() <= 1, label
            calls = [bare, lambda found=found, index=index: found.read(index), peer]
            bare_ms, reader_ms, peer_ms = side_by_side(calls, rounds)
            (key_ms,) = side_by_side([lambda found=found, index=index: found.key(index)], rounds)
            ratio = reader_ms / bare_ms
            row = (label, bare_ms, reader_ms, f"{ratio:.2f}", peer_ms, key_ms)
            print("| {} | {:.1f} | {:.1f} | {} | {:.1f} | {:.1f} |".format(*row))
        print()
        whole_volume(folder)


def cases(
    folder: Path,
) -> list[tuple[str, Path, Callable[[], NDArray[Any]], Callable[[], NDArray[Any]]]]:
    image = picture(ROWS, COLUMNS, bits=12)
    image8 = picture(ROWS, COLUMNS, bits=8)
    found = []
    for syntax, name in CODECS.items():
        path = folder / f"{syntax}.dcm"
        write_dicom(path, [image] * 3, syntax=syntax, bits=12, enhanced=True)
        bare = _bare_dicom(path, syntax, image)
        found.append((f"DICOM {name}", path, bare, lambda path=path: pixel_array(path, index=2)))
    for compression in (None, "zstd", "zlib", "lzw"):
        path = folder / f"{compression}.tif"
        write_tiff(path, [image] * 3, **({"compression": compression} if compression else {}))
        read = lambda path=path: tifffile.imread(path, key=2, maxworkers=1)  # noqa: E731
        found.append((f"TIFF {compression or 'uncompressed'}", path, read, read))
    for name, path, decode in (
        ("PNG 16 bit", write_png(folder / "a16.png", image), imagecodecs.png_decode),
        ("PNG 8 bit", write_png(folder / "a8.png", image8), imagecodecs.png_decode),
        ("JPEG", write_jpeg(folder / "a.jpg", image8), imagecodecs.jpeg8_decode),
        ("JPEG colour", write_jpeg(folder / "c.jpg", np.dstack([image8] * 3)), _luma_of_jpeg),
        ("PGM 16 bit", write_pgm(folder / "a.pgm", image), _bare_pgm),
    ):
        bare = lambda path=path, decode=decode: decode(path.read_bytes())  # noqa: E731
        found.append((name, path, bare, lambda path=path: _pillow(path)))
    return found


def _bare_dicom(path: Path, syntax: str, image: NDArray[Any]) -> Callable[[], NDArray[Any]]:
    dataset = pydicom.dcmread(path)
    if syntax == "explicit":
        offset = path.stat().st_size - image.nbytes
        return lambda: np.fromfile(path, np.uint16, image.size, offset=offset).reshape(image.shape)
    coded = get_frame(dataset.PixelData, 2, number_of_frames=3)
    if syntax == "rle":
        return lambda: np.frombuffer(
            imagecodecs.dicomrle_decode(coded, np.dtype(np.uint16)), np.uint16, image.size
        ).reshape(image.shape)
    return lambda: DECODERS[syntax](coded)


def _luma_of_jpeg(data: bytes) -> NDArray[Any]:
    return imagecodecs.jpeg8_decode(data, outcolorspace="GRAYSCALE")


def _bare_pgm(data: bytes) -> NDArray[Any]:
    values = np.frombuffer(data, ">u2", ROWS * COLUMNS, len(data) - 2 * ROWS * COLUMNS)
    return values.reshape(ROWS, COLUMNS).astype(np.uint16)


def _pillow(path: Path) -> NDArray[Any]:
    with Image.open(path) as opened_image:
        colour = opened_image.mode == "RGB"
        return np.array(opened_image.convert("L") if colour else opened_image)


def opened(path: Path) -> Volume:
    return open_volume(
        path, pixel_spacing_mm=0.1, slice_spacing_mm=1.0, max_pixels=10**8, min_size=16
    )


def side_by_side(calls: list[Callable[[], Any]], rounds: int) -> list[float]:
    """Return the median CPU milliseconds of each call, taken in turn."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, seen in zip(calls, times, strict=True):
            start = time.process_time()
            call()
            seen.append(1000 * (time.process_time() - start))
    return [statistics.median(seen) for seen in times]


def whole_volume(folder: Path) -> None:
    """Write a multi-frame file of 60 slices, and read it in a process of its own."""
    path = folder / "volume.dcm"
    write_dicom(path, [picture(ROWS, COLUMNS, bits=12)] * FRAMES, bits=12, enhanced=True)
    print(f"| {FRAMES} slices, {path.stat().st_size / 1e6:.0f} MB, uncompressed DICOM | |")
    print("|---|---|", flush=True)
    subprocess.run([sys.executable, __file__, "volume", str(path)], check=True)


def read_volume(path: Path) -> None:
    opened(path).read(0)  # modules load on the first reading
    after_one = peak_megabytes()
    start = time.process_time()
    found = opened(path)
    opening = time.process_time() - start
    for index in range(len(found)):
        found.read(index)
    reading = time.process_time() - start - opening
    print(f"| open, ms | {1000 * opening:.1f} |")
    print(f"| read, ms per slice | {1000 * reading / FRAMES:.1f} |")
    print(f"| peak memory after one slice, MB | {after_one:.0f} |")
    print(f"| peak memory after all slices, MB | {peak_megabytes():.0f} |")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["volume"]:
        read_volume(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
