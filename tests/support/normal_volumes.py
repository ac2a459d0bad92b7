"""Volumes without calcifications, as DICOM files and opened, to put some into."""

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from support import phantoms
from support.defaults import CONFIG
from tomocalc.insertion.drawing import InsertionSettings
from tomocalc.phantom.dicom import dicom_bytes, image_dataset
from tomocalc.phantom.settings import Settings
from tomocalc.phantom.volume import BITS, simulate
from tomocalc.readers.volume import Volume, open_volume

SMALL = replace(phantoms.SETTINGS, rows=256, columns=192, slices=12)
INSERTION = InsertionSettings.from_config(
    CONFIG["insertion"] | {"clusters": [1, 1], "distractors": 2.0, "projections": 15}
)


@functools.cache
def tissue(name: str, settings: Settings = SMALL) -> NDArray[np.uint16]:
    """Return the slices of a breast without calcifications."""
    return simulate(phantoms.breast(name, calcified=False), seed=1, settings=settings).stored


def normal_volume(folder: Path, name: str = "v1", settings: Settings = SMALL) -> Volume:
    """Write and open one."""
    volume, stored = phantoms.breast(name), tissue(name, settings)
    content = dicom_bytes(image_dataset(stored, volume, seed=1, bits=BITS, settings=settings))
    (folder / f"{name}.dcm").write_bytes(content)
    return open_volume(folder / f"{name}.dcm", max_pixels=10**7, min_size=16)
