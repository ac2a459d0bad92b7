"""Slices for the tests of image processing: a breast of noise with spots in it."""

import numpy as np
from numpy.typing import NDArray

from support.defaults import CONFIG
from tomocalc.accounts.settings import Settings

SETTINGS = Settings.from_config(CONFIG["image"], CONFIG["candidates"], CONFIG["sequence"]["slices"])
"""How the default configuration searches and measures."""

SHAPE = (240, 180)
SPOTS = [(60, 40), (80, 70), (120, 30), (150, 90), (180, 50), (110, 110)]  # (row, column)


def texture(shape: tuple[int, int], seed: int, exponent: float = 1.5) -> NDArray[np.float64]:
    """Return power-law noise with mean 0 and standard deviation 1."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1]))
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(rng.normal(size=shape)) * frequency**-exponent
    noise = np.fft.ifft2(spectrum).real
    return (noise - noise.mean()) / noise.std()


def breast_slice(
    seed: int = 0,
    *,
    shape: tuple[int, int] = SHAPE,
    spots: list[tuple[int, int]] = SPOTS,
    width: float = 1.5,
    height: float = 500,
) -> NDArray[np.uint16]:
    """Return a half-disc breast at the left with Gaussian spots, in front of dark air."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[: shape[0], : shape[1]]
    image = 2000 + 200 * texture(shape, seed) + 30 * rng.normal(size=shape)
    for y, x in spots:
        image += height * np.exp(-((row - y) ** 2 + (col - x) ** 2) / 2 / width**2)
    inside = np.hypot((row - shape[0] / 2) / (0.47 * shape[0]), col / (0.85 * shape[1])) < 1
    air = 100 + 5 * rng.normal(size=shape)
    return np.where(inside, image, air).clip(0, 65535).astype(np.uint16)
