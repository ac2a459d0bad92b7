"""In-silico volumes: the demo's settings, and power spectra of slices."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import simulate_volume
from support.defaults import CONFIG
from tomocalc.phantom.cohort import PhantomVolume
from tomocalc.phantom.settings import Settings

SETTINGS = Settings.from_config(CONFIG["phantom"])


def breast(
    name: str, patient: str | None = None, side: str = "L", *, calcified: bool = True
) -> PhantomVolume:
    """Return the row of a volume; of a *patient* of its own where none is given."""
    return {
        "volume_id": name,
        "patient_id": patient or name,
        "laterality": side,
        "view": "CC",
        "calcified": calcified,
        "outcome": None,
    }


def phantom_files(
    folder: Path,
    *,
    patient: str = "P001",
    laterality: str = "L",
    view: str = "CC",
    calcified: bool = True,
    seed: int = 1,
    image: str = "volume.dcm",
    **settings: Any,
) -> None:
    """Write a simulated volume, its annotations and its truth; *settings* differ from the demo."""
    name = f"{patient}-{laterality}CC"
    simulate_volume.main(
        row={**breast(name, patient, laterality, calcified=calcified), "view": view},
        seed=seed,
        settings=CONFIG["phantom"] | settings,
        image=str(folder / image),
        annotations=str(folder / "annotations.tsv"),
        truth=str(folder / "truth.tsv"),
    )


def spectral_exponent(
    planes: np.ndarray, pixel_mm: float, low: float = 0.3, high: float = 2.0
) -> float:
    """Slope of the mean radial power spectrum of square *planes*, between *low* and *high*/mm."""
    size = planes.shape[1]
    window = np.outer(np.hanning(size), np.hanning(size))
    centred = planes - (planes * window).sum(axis=(1, 2), keepdims=True) / window.sum()
    power = (np.abs(np.fft.fft2(centred * window)) ** 2).mean(axis=0).ravel()
    axis = np.fft.fftfreq(size, pixel_mm)
    frequency = np.hypot(axis[:, None], axis).ravel()
    edges = np.geomspace(low, high, 10)
    bins = [(frequency >= a) & (frequency < b) for a, b in pairwise(edges)]
    bins = [inside for inside in bins if inside.sum() > 3]
    x = [np.log(frequency[inside]).mean() for inside in bins]
    y = [np.log(power[inside].mean()) for inside in bins]
    return -float(np.polyfit(x, y, 1)[0])
