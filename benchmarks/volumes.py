"""What `extract_features` costs per slice of a volume, beside decoding alone.

    python benchmarks/volumes.py [SLICES]

SLICES (12) slices of 2457 × 1890 pixels, 12 bits, as multi-frame tomosynthesis DICOM in several
transfer syntaxes. Milliseconds per slice of a whole run (search, measure, shards, picture) with one
thread and with two, and of a run that has lost one shard; *decode* reads every slice once.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from features import breast
from measuring import head

import extract_features
from support.defaults import CONFIG  # pyright: ignore[reportMissingImports]
from support.image_files import write_dicom  # pyright: ignore[reportMissingImports]
from tomocalc.readers.volume import open_volume

SYNTAXES = {"uncompressed": "explicit", "JPEG-LS": "jpegls", "JPEG 2000": "jpeg2000"}
SHEET = {
    "volume_id": "v1",
    "patient_id": "p1",
    "laterality": "L",
    "view": "CC",
    "pixel_spacing_mm": 0.085,
    "slice_spacing_mm": 1.0,
    "site": None,
    "sha256": None,
}


def frames(slices: int) -> list[np.ndarray]:
    """Return one breast whose noise and spots differ from slice to slice."""
    rng = np.random.default_rng(1)
    base = (breast(100) // 4).astype(np.int32)
    noise = [rng.integers(-15, 16, base.shape) for _ in range(3)]
    return [
        np.clip(base + np.roll(noise[index % 3], 7 * index, axis=0), 0, 4095).astype(np.uint16)
        for index in range(slices)
    ]


def run(source: Path, out: Path, threads: int) -> tuple[float, float]:
    """Run the script and return wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    extract_features.main(
        volumes=[SHEET | {"path": str(source)}],
        folder=str(out),
        account=str(out / "batch.json"),
        image=CONFIG["image"],
        candidates=CONFIG["candidates"],
        sequence_slices=7,
        threads=threads,
    )
    return time.perf_counter() - wall, time.process_time() - cpu


def decode(source: Path) -> float:
    """Return CPU seconds of reading every slice once."""
    limits: dict[str, Any] = {"max_pixels": 10**8, "min_size": 16}
    volume = open_volume(source, pixel_spacing_mm=0.085, slice_spacing_mm=1.0, **limits)
    begin = time.process_time()
    for index in range(len(volume)):
        volume.read(index)
    return time.process_time() - begin


def main(slices: int) -> None:
    stack = frames(slices)
    names = (
        "decode, CPU",
        "run, CPU",
        "run, wall",
        "run with 2 threads, wall",
        "one lost shard, wall",
    )
    print(head("transfer syntax", *names))
    for name, syntax in SYNTAXES.items():
        with tempfile.TemporaryDirectory() as folder:
            source = write_dicom(
                Path(folder) / "v.dcm", stack, syntax=syntax, bits=12, spacing=(0.085, 0.085)
            )
            wall, cpu = run(source, Path(folder) / "one", 1)
            two, _ = run(source, Path(folder) / "two", 2)
            (Path(folder) / "one" / SHEET["volume_id"] / "0003.parquet").unlink()
            lost, _ = run(source, Path(folder) / "one", 1)
            seconds = (decode(source), cpu, wall, two)
            cells = [f"{1000 * value / slices:.0f}" for value in seconds]
        print(f"| {name} | {' | '.join(cells)} | {lost * 1000:.0f} in all |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
