"""Spoil files at random and read them: a result or a named error, quickly, in little memory.

Runs as a process of its own, because the worst that a decoder can do is to end it.
"""

import logging
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from support.encodings_files import ENCODINGS
from support.image_files import (
    dicom,
    item,
    volume,
    write_dicom,
    write_jpeg,
    write_pgm,
    write_png,
    write_tiff,
)
from tomocalc.errors import TomocalcError
from tomocalc.log import peak_megabytes
from tomocalc.readers.masks import open_mask
from tomocalc.readers.volume import open_volume

DICOM = ("explicit", "implicit", "rle", "jpeg", "jpeg_lossless", "jpegls", "jpeg2000")
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
TIFF = ("none", "zlib", "lzw", "zstd", "packbits", "jpeg")
ENCODED = (
    *("ImageJ, one directory", "OME, shuffled", "TIFF of orientation 6", "PNG of orientation 6"),
    *("Modality LUT", "bright padding", "no table of frames", "floats", "no preamble"),
    *("a.nii", "a.nii.gz", "a.nrrd", "NRRD, packed", "a.mha", "MetaImage, packed"),
)
"""Of `encodings.ENCODINGS`."""
MASKS = ("mask png", "mask segmentation")
IMAGES = (
    *("png", "pgm", "jpg"),
    *(f"tiff {name}" for name in TIFF),
    *(f"dicom {name}" for name in DICOM),
    *ENCODED,
    *MASKS,
)
ROOT = Path(__file__).parents[2]
MAX_SECONDS = 5.0
MAX_MEGABYTES = 1000.0


def sound_file(kind: str, folder: Path) -> Path:
    """Write a sound file of *kind*, one of `IMAGES` or `data_files`."""
    if kind not in IMAGES:
        return data_files()[kind][0](folder)
    if kind in ENCODED:
        path = ENCODINGS[kind].write(folder)
        return path if path.is_file() else min(path.iterdir())
    frames = volume(3, rows=64, columns=56)
    if kind in MASKS:
        marked = (frames[0] > frames[0].max() - 20).astype(np.uint8)
        if kind == "mask png":
            return write_png(folder / "a.png", marked)
        group = item(PlanePositionSequence=[item(ImagePositionPatient=[0.0, 0.0, 1.0])])
        options = {"sop_class": SEGMENTATION, "SegmentationType": "BINARY"}
        made = dicom([marked], enhanced=True, **options)
        made.PerFrameFunctionalGroupsSequence = [group]
        made.save_as(folder / "a.dcm", enforce_file_format=True)
        return folder / "a.dcm"
    format_, _, variant = kind.partition(" ")
    path = folder / f"a.{ {'dicom': 'dcm', 'tiff': 'tif'}.get(format_, format_) }"
    if format_ == "dicom":
        positions = [[-float(index), 0.0, 0.0] for index in range(3)]
        return write_dicom(path, frames, syntax=variant, enhanced=True, positions=positions)
    if format_ == "tiff":
        options: dict[str, Any] = {} if variant == "none" else {"compression": variant}
        return write_tiff(path, frames, **options)
    return {"png": write_png, "pgm": write_pgm, "jpg": write_jpeg}[format_](path, frames[0])


def spoil(content: bytes, rng: np.random.Generator) -> bytes:
    """Return *content* with one to four random faults, most of them in its header."""
    spoilt = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        end = len(spoilt) if rng.random() < 0.4 else min(len(spoilt), 1500)
        at = int(rng.integers(end)) if end else 0
        length = int(rng.integers(1, 9))
        action = rng.integers(6)
        if action == 0:
            spoilt[at : at + 1] = bytes([spoilt[at] ^ 1 << int(rng.integers(8))]) if spoilt else b""
        elif action == 1:
            spoilt[at : at + length] = rng.bytes(length)
        elif action == 2:
            spoilt[at : at + length] = b"\xff" * length
        elif action == 3:
            del spoilt[at : at + length]
        elif action == 4:
            spoilt[at:at] = spoilt[at : at + 40 * length]
        else:
            del spoilt[max(at, 1) :]
    return bytes(spoilt)


def data_files() -> dict[str, Any]:
    """Return the other kinds; importing them takes libraries that images do not need."""
    from support.data_files import FILES

    return FILES


def read_slices(path: Path) -> None:
    """Read every slice of *path*."""
    found = open_volume(
        path, pixel_spacing_mm=0.1, slice_spacing_mm=1.0, max_pixels=10**8, min_size=16
    )
    for index in range(len(found)):
        image = found.read(index)
        assert image.dtype in (np.uint8, np.uint16)
        assert image.shape == (found.header.rows, found.header.columns)


def outcome(kind: str, path: Path) -> str:
    """Read a file; return ``read`` or the code of the named error."""
    try:
        if kind in MASKS:
            open_mask(str(path))
        elif kind in IMAGES:
            read_slices(path)
        else:
            data_files()[kind][1](path)
    except TomocalcError as error:
        if not all(line.startswith("ERROR [E") for line in str(error).splitlines()):
            raise RuntimeError("a fault is not told in lines of its own") from error
        return error.code
    return "read"


def mutate(folder: Path, kinds: tuple[str, ...], *, count: int) -> None:
    """Run this file in a process of its own; fail unless every kind holds."""
    run = subprocess.run(
        [sys.executable, "tests/support/mutations.py", str(folder), str(count), *kinds],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "tests:workflow/scripts"},
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert len(run.stdout.splitlines()) == len(kinds)


def main(kind: str, folder: str, *, count: int, seed: int = 0) -> None:
    """Read *count* spoilt files of *kind*; the last one stays in *folder* if the process dies."""
    logging.disable(logging.CRITICAL)
    limit = (3 if kind in IMAGES else 12) << 30  # address space; threads of libraries need some
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    path = sound_file(kind, Path(folder))
    content = path.read_bytes()
    rng = np.random.default_rng(seed)
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    assert outcome(kind, path) == "read"
    for _ in range(count):
        path.write_bytes(spoil(content, rng))
        start = time.perf_counter()
        outcomes[outcome(kind, path)] += 1
        slowest = max(slowest, time.perf_counter() - start)
        assert slowest < MAX_SECONDS
    megabytes = peak_megabytes()
    assert megabytes < MAX_MEGABYTES
    print(kind, dict(outcomes), f"slowest {slowest:.2f} s, {megabytes:.0f} MB")


if __name__ == "__main__":
    for kind in sys.argv[3:] or (*IMAGES, *data_files()):
        main(kind, sys.argv[1], count=int(sys.argv[2]))
