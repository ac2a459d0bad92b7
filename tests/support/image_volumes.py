"""Small volumes for the tests of extract_features and what follows it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from support.defaults import CONFIG
from support.image_slices import breast_slice
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.settings import Settings
from tomocalc.files import write_bytes
from tomocalc.image.extraction import measure_volume
from tomocalc.image.overlay import volume_overlay

IMAGE = CONFIG["image"] | {"max_pixels": 1_000_000}
CANDIDATES = CONFIG["candidates"]
SHEET = {
    "volume_id": "v1",
    "patient_id": "p1",
    "laterality": "L",
    "view": "CC",
    "path": "",
    "pixel_spacing_mm": 0.1,
    "slice_spacing_mm": 1.0,
    "site": None,
    "sha256": None,
}
CALCIFICATIONS = [(70, 40, 1), (90, 60, 2), (120, 50, 3)]  # (row, column, slice of focus)


def volume_frames(slices: int = 5, seed: int = 7) -> Iterator[NDArray[np.uint16]]:
    """Yield the slices of a breast of textured noise with three spots that blur over depth."""
    row, col = np.mgrid[:192, :128]
    rng = np.random.default_rng(1)
    breast = breast_slice(seed, shape=(192, 128), spots=[])
    for index in range(slices):
        image = breast + 10 * rng.random(breast.shape)
        for y, x, focus in CALCIFICATIONS:
            height = 1500 * np.exp(-((index - focus) ** 2) / 2)
            image += height * np.exp(-((row - y) ** 2 + (col - x) ** 2) / 4)
        yield image.astype(np.uint16)


def write_volume(folder: Path, slices: int = 5, seed: int = 7) -> Path:
    """Write the slices of `volume_frames` as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(volume_frames(slices, seed)):
        Image.fromarray(image).save(folder / f"s{index}.png")
    return folder


def run(source: Path, out: Path, **change: Any) -> VolumeManifest:
    """Measure the volume, draw its picture and return the manifest."""
    image = IMAGE | change.pop("image", {})
    candidates = CANDIDATES | change.pop("candidates", {})
    settings = Settings.from_config(image, candidates, change.pop("sequence_slices", 3))
    found = measure_volume(source, row=SHEET, image=image, settings=settings, folder=out, **change)
    picture = volume_overlay(found.manifest, found.found, found.previews, in_silico=False)
    write_bytes(out / "overlay.png", picture)
    return VolumeManifest.read(out / "manifest.json")


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
