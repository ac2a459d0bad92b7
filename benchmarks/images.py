"""Two folders of images: how like the slices of different women are, and what of a copy is found.

    python benchmarks/images.py [PATIENTS]

Every patient is a simulated breast of 24 slices. *like others*: the largest correlation of a slice
with any slice of another patient, in all turns and mirrors; a false alarm is one at or above the
limit. Then slices of one volume by their distance, and changed copies.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import numpy as np
from measuring import head
from numpy.typing import NDArray
from PIL import Image

from support.defaults import CONFIG
from support.phantoms import breast
from tomocalc.audit.texture import COPY, SAME, likest, texture
from tomocalc.phantom.settings import Settings
from tomocalc.phantom.volume import simulate

Picture = NDArray[np.uint16]


def eight(image: Picture) -> NDArray[np.uint8]:
    return (255.0 * (image - image.min()) / np.ptp(image)).astype(np.uint8)


def as_jpeg(image: Picture, quality: int) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(eight(image)).save(buffer, "JPEG", quality=quality)
    return np.array(Image.open(buffer))


def scaled(image: Picture, share: float) -> NDArray[np.float32]:
    rows, columns = (round(side * share) for side in image.shape)
    picture = Image.fromarray(image.astype(np.float32))
    return np.array(picture.resize((columns, rows), Image.Resampling.BILINEAR))


def noisy(image: Picture) -> NDArray[np.float64]:
    noise = np.random.default_rng(0).normal(0, 0.03 * np.ptp(image), image.shape)
    return (image + noise).clip(0)


CHANGES: dict[str, Callable[[Picture], NDArray]] = {
    "8 bits": eight,
    "JPEG, quality 60": lambda image: as_jpeg(image, 60),
    "JPEG, quality 20": lambda image: as_jpeg(image, 20),
    "half the size": lambda image: scaled(image, 0.5),
    "0.8 of the size, mirrored": lambda image: scaled(image, 0.8)[:, ::-1],
    "gamma 0.7": lambda image: (image / image.max()) ** 0.7,
    "noise, 3 % of the range": noisy,
    "2 % cut away at every edge": lambda image: image[8:-8, 5:-5],
}


def main(patients: int) -> None:
    """Print the three tables."""
    settings = Settings.from_config(CONFIG["phantom"])
    volumes = []
    for number in range(patients):
        name, side = f"P{number:03}", "LR"[number % 2]
        shown = breast(f"{name}-LCC", name, side, calcified=number % 2 == 0)
        volumes.append(simulate(shown, seed=number, settings=settings).stored)
    kept = np.array([[texture(slice_) for slice_ in volume] for volume in volumes])
    slices, cells = kept.shape[1:]
    others = np.array(
        [likest(kept[i], np.delete(kept, i, axis=0).reshape(-1, cells))[1] for i in range(patients)]
    )
    pairs = slices**2 * patients * (patients - 1) // 2
    print(head("patients", "pairs of slices", "most similar", f"false alarms from {SAME} on"))
    print(f"| {patients} | {pairs:,} | {others.max():.3f} | {(others >= SAME).sum()} |\n")
    print(head("slices apart (1 mm each)", "lowest", "median", f"from {SAME} on"))
    for apart in (1, 2, 3, 4, 6):
        alike = (kept[:, :-apart] * kept[:, apart:]).sum(axis=2)
        found = (alike >= SAME).mean()
        print(f"| {apart} | {alike.min():.2f} | {np.median(alike):.2f} | {found:.3f} |")
    print("\n" + head("copy", "lowest", f"from {SAME} on", f"from {COPY} on"))
    middle = slices // 2
    for name, change in CHANGES.items():
        made = np.array([texture(change(volume[middle])) for volume in volumes])
        alike = np.array([likest(made[i : i + 1], kept[i])[1][0] for i in range(patients)])
        print(
            f"| {name} | {alike.min():.3f} | {(alike >= SAME).mean():.2f} "
            f"| {(alike >= COPY).mean():.2f} |"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
