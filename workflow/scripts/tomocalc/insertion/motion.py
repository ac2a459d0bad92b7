"""The motion of the tube: told by the header or a setting, and shown by the slices themselves.

In filtered back-projection the same projections make every slice, each shifted by depth times the
tangent of its angle. At frequencies where projections have little in common (quantum noise, fine
tissue) two slices a distance d apart are therefore coherent, at f cycles/mm along the tube's
motion, by the mean of cos(2π f d tan θ) over the projections: it falls from 1 and has its first
zero near f = 1 / (2 d tan(half angle)). No bright object is needed for that, and a wrong angle,
slabs and other reconstructions show as a misfit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.doubts import Doubt
from tomocalc.accounts.insertion import AngleSource, Motion
from tomocalc.errors import fault
from tomocalc.image.breast import Breast
from tomocalc.readers.volume import Volume

TILE_PX = 96
"""Side of the squares of tissue that are transformed."""
STEPS = (1, 2, 3)
"""Distances of two slices, in slices."""
FEWEST_SLICES = 5
MOST_SLICES = 14
"""Slices about the middle one that are read."""
FINE = 0.2
"""Lowest frequency across the tube's motion, as a share of Nyquist's: below, anatomy is alike on
all projections."""
BAND = (0.06, 0.7)
"""Frequencies along the tube's motion that are compared, as shares of Nyquist's."""
ANGLES_DEG = np.arange(2.0, 45.01, 0.25)
"""Half angles that are tried."""
POOR = 0.12
"""Misfit from which on the slices do not look as the geometry would have them."""
DISAGREE = 0.2
"""Relative difference of tangents from which on an angle is wrong."""


@dataclass(frozen=True, eq=False)
class Coherence:
    """Coherence of slices of one volume, by their distance.

    Attributes
    ----------
    frequency
        Along rows, cycles/mm, shape (frequency,).
    steps_mm
        Distances of two slices, shape (step,).
    values
        Shape (step, frequency), -1..1.
    """

    frequency: NDArray[np.floating[Any]]
    steps_mm: NDArray[np.float64]
    values: NDArray[np.float64]

    def fit(self, projections: int) -> tuple[float, float]:
        """Return the half angle in degrees that fits best, and the misfit that is left."""
        misfits = [self.misfit(half, projections) for half in ANGLES_DEG]
        best = int(np.argmin(misfits))
        return float(ANGLES_DEG[best]), round(misfits[best], 4)

    def misfit(self, half_angle_deg: float, projections: int) -> float:
        """Return the root-mean-square difference from the coherence of an angle."""
        half = np.deg2rad(half_angle_deg)
        tangents = np.tan(np.linspace(-half, half, projections))
        # (step, frequency, projection)
        shift = np.multiply.outer(np.multiply.outer(self.steps_mm, self.frequency), tangents)
        expected = np.cos(2 * np.pi * shift).mean(axis=-1)
        return float(np.sqrt(np.mean((self.values - expected) ** 2)))


def measure_coherence(volume: Volume, breast: Breast) -> Coherence | None:
    """Measure how coherent neighbouring slices are; None with too few slices or too small a breast.

    Parameters
    ----------
    breast
        Of the middle slice; only squares that lie in it are used.
    """
    header = volume.header
    count = min(header.slices, MOST_SLICES)
    if count < FEWEST_SLICES:
        return None
    tiles = _tiles(breast.pixels((header.rows, header.columns)))
    if not tiles:
        return None
    window = np.outer(np.hanning(TILE_PX), np.hanning(TILE_PX)).astype(np.float32)
    across = np.abs(np.fft.fftfreq(TILE_PX))
    keep = across > FINE / 2
    first = (header.slices - count) // 2
    spectra: list[NDArray[np.complex64]] = []  # of the last slices: (tile, frequency, column)
    cross = np.zeros((len(STEPS), TILE_PX // 2 + 1))
    power = np.zeros((2, *cross.shape))
    for index in range(first, first + count):
        image = volume.read(index).astype(np.float32)
        squares = np.stack([image[rows, columns] for rows, columns in tiles])
        squares -= squares.mean(axis=(1, 2), keepdims=True)
        half = np.fft.rfft(squares * window, axis=1)
        spectrum = np.fft.fft(half, axis=2)[:, :, keep].astype(np.complex64)
        for place, step in enumerate(STEPS):
            if step <= len(spectra):
                other = spectra[-step]
                cross[place] += (spectrum * other.conj()).real.sum(axis=(0, 2))
                power[0, place] += (np.abs(spectrum) ** 2).sum(axis=(0, 2))
                power[1, place] += (np.abs(other) ** 2).sum(axis=(0, 2))
        spectra = [*spectra[-max(STEPS) + 1 :], spectrum]
    frequency = np.fft.rfftfreq(TILE_PX)
    band = (frequency > BAND[0] / 2) & (frequency < BAND[1] / 2)
    values = cross[:, band] / np.sqrt(np.maximum(power[0] * power[1], 1e-12))[:, band]
    return Coherence(
        frequency=frequency[band] / header.spacing_mm[0],
        steps_mm=np.array(STEPS) * header.slice_spacing_mm,
        values=values,
    )


def _tiles(mask: NDArray[np.bool_]) -> list[tuple[slice, slice]]:
    """Return squares that lie in the breast, half overlapping; of many every so many."""
    step = TILE_PX // 2
    found = [
        (slice(row, row + TILE_PX), slice(column, column + TILE_PX))
        for row in range(0, mask.shape[0] - TILE_PX + 1, step)
        for column in range(0, mask.shape[1] - TILE_PX + 1, step)
        if mask[row : row + TILE_PX, column : column + TILE_PX].mean() > 0.98
    ]
    return found[:: 1 + len(found) // 60]


def find_motion(
    volume: Volume, breast: Breast, *, half_angle_deg: float | None, projections: int, where: str
) -> tuple[Motion, tuple[Doubt, ...]]:
    """Find how the tube moved: the header's word, else the setting's, else what the slices show.

    The slices are asked in any case, and a contradiction is a doubt.

    Parameters
    ----------
    breast
        Of the middle slice.
    half_angle_deg, projections
        Settings, used where the header says nothing.

    Raises
    ------
    TomocalcError
        ``E210`` where none of them tells.
    """
    header = volume.header
    shots = header.projections or projections
    shown = measure_coherence(volume, breast)
    fitted, misfit = shown.fit(shots) if shown else (None, None)
    given = header.half_angle_deg or half_angle_deg
    used = fitted if given is None else given
    if used is None:
        why = (
            f"neither its header nor insertion.half_angle_deg has the angle of the tube, and "
            f"{header.slices} slices of so small a breast do not show it"
        )
        raise fault("geometry_unknown", where, why)
    told: AngleSource = "header" if header.half_angle_deg else "setting"
    motion = Motion(
        half_angle_deg=used,
        projections=shots,
        source="fitted" if given is None else told,
        fitted_deg=fitted,
        misfit=misfit,
    )
    return motion, tuple(_doubts(motion))


def _doubts(motion: Motion) -> list[Doubt]:
    if motion.fitted_deg is None or motion.misfit is None:
        return []
    if motion.misfit > POOR:
        return [Doubt(code="geometry_misfit", values={"misfit": motion.misfit})]
    used, fitted = (np.tan(np.deg2rad(deg)) for deg in (motion.half_angle_deg, motion.fitted_deg))
    if abs(used - fitted) <= DISAGREE * fitted:
        return []
    angles = {"used": motion.half_angle_deg, "shown": motion.fitted_deg}
    return [Doubt(code="angle_differs", values=angles)]
