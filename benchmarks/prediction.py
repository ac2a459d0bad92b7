"""What prediction costs beside extraction alone, how large its page is, and how fast folders scan.

    python benchmarks/prediction.py [SLICES] [HEADERS]

A volume of SLICES (60) slices of 2457 × 1890 pixels, 12 bits, in several transfer syntaxes:
`extract_features` alone, and `predict_volume`, which measures the volume the same way, keeps
pictures for the page, scores, attributes and writes DICOM objects and page, with a tenth of the
candidates flagged by an untrained model of the default shape. Each is a process of its own, so
imports count. A tree of HEADERS (1,000) DICOM files is scanned by `import_dicom_folder`; pydicom
reading the same headers whole stands beside it.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pydicom
from measuring import head, spend
from pydicom.uid import generate_uid
from volumes import CONFIG, SHEET, frames

from support.image_files import write_dicom  # pyright: ignore[reportMissingImports]
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.prediction import VolumeScores
from tomocalc.adapters.dicom_folder import dicom_folder

SYNTAXES = {"uncompressed": "explicit", "JPEG-LS": "jpegls", "JPEG 2000": "jpeg2000"}
PREPARE = """
import sys, pathlib
sys.path[:0] = {paths!r}
import json
import extract_features
CONFIG, SHEET = json.loads({given!r})
folder = pathlib.Path({folder!r})
extract_features.main(volumes=[SHEET | {{"path": {source!r}}}],
    folder=str(folder), account=str(folder / "batch.json"),
    image=CONFIG["image"], candidates=CONFIG["candidates"], sequence_slices=7)
"""
PREDICT = """
import sys, pathlib
sys.path[:0] = {paths!r}
import json
import predict_volume
CONFIG, SHEET = json.loads({given!r})
folder, out = pathlib.Path({folder!r}), pathlib.Path({out!r})
predict_volume.main(manifest=str(folder / "manifest.json"),
    weights=str(out / "model/model.safetensors"),
    volume=SHEET | {{"path": {source!r}}}, image=CONFIG["image"],
    rule=CONFIG["evaluation"]["cluster"], settings=CONFIG["predict"], simulated=None, home=None,
    page=str(out / "volume.html"), overlay=str(out / "overlay.png"),
    measuring={{"candidates": CONFIG["candidates"], "sequence_slices": 7}})
"""


def process(code: str) -> tuple[float, float]:
    """Run *code* in a process of its own and return its wall and CPU seconds."""
    spent = spend([sys.executable, "-c", code])
    return spent.wall, spent.cpu


def predict(syntax: str, slices: int, rounds: int) -> None:
    """Print one row: extraction, prediction in all, their ratio, size of the page."""
    from support.predictions import release  # pyright: ignore[reportMissingImports]

    paths = [path for path in sys.path if path.endswith(("benchmarks", "tests", "scripts"))]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source = write_dicom(
            folder / "v.dcm", frames(slices), syntax=SYNTAXES[syntax], bits=12, spacing=(0.085,) * 2
        )
        out = folder / "out"
        alone, whole = [], []
        for number in range(rounds):
            given = json.dumps([CONFIG, SHEET])
            names = {"paths": paths, "source": str(source), "given": given}
            one, two = folder / f"one{number}", folder / f"two{number}"
            alone.append(process(PREPARE.format(**names, folder=str(one))))
            if not number:
                manifest = VolumeManifest.read(one / SHEET["volume_id"] / "manifest.json")
                release(
                    out / "model",
                    one / SHEET["volume_id"] / "manifest.json",
                    manifest,
                    slices=CONFIG["sequence"]["slices"],
                    features=CONFIG["features"],
                    units=CONFIG["model"]["units"],
                    flagged=0.1,
                )
            whole.append(process(PREDICT.format(**names, folder=str(two), out=str(out))))
        ratios = [[b[k] / a[k] for a, b in zip(alone, whole, strict=True)] for k in (0, 1)]
        cells = [
            f"{statistics.median(row[1] for row in alone):.1f}",
            f"{statistics.median(row[1] for row in whole):.1f}",
            *(f"{statistics.median(ratio):.2f}" for ratio in ratios[::-1]),
            f"{(out / 'volume.html').stat().st_size / 1e6:.1f}",
            f"{VolumeScores.read(out / 'scores.json').candidates:,}",
        ]
    print(f"| {syntax} | {' | '.join(cells)} |", flush=True)


def scan(headers: int) -> None:
    """Print how long a tree of *headers* files takes, and pydicom alone on it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        template = write_dicom(
            folder / "t.dcm", [np.zeros((64, 64), np.uint16)], spacing=(0.1, 0.1)
        )
        dataset = pydicom.dcmread(template)
        template.unlink()
        dataset.ImageLaterality = "L"
        series = folder
        for number in range(headers):
            if not number % 50:
                dataset.SeriesInstanceUID, series = generate_uid(), folder / f"p{number}/s"
                dataset.PatientID = f"P{number}"
                series.mkdir(parents=True)
            dataset.SOPInstanceUID, dataset.InstanceNumber = generate_uid(), number
            dataset.save_as(series / f"{number}.dcm")
        begin = time.perf_counter()
        sheets, _ = dicom_folder(folder, laterality=None, site=None, series=folder / "series")
        ours = time.perf_counter() - begin
        begin = time.perf_counter()
        for path in folder.rglob("*.dcm"):
            pydicom.dcmread(path, stop_before_pixels=True)
        peer = time.perf_counter() - begin
    print(f"\n{headers:,} headers, {len(sheets.volumes)} volumes: {ours:.2f} s", end="")
    print(f" (pydicom, whole headers and no grouping: {peer:.2f} s)")


def main(slices: int, headers: int) -> None:
    names = (
        "extraction, CPU s",
        "prediction in all, CPU s",
        "ratio of CPU time",
        "ratio of wall time",
        "page, MB",
        "candidates",
    )
    print(head("transfer syntax", *names))
    for syntax in SYNTAXES:
        predict(syntax, slices, rounds=1 if syntax == "JPEG 2000" else 3)
    scan(headers)


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*(given + [60, 1000][len(given) :]))
