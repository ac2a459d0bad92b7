"""From attenuation to a reconstructed volume: projections, photons, detector, filter, slices.

The tube moves along rows. Its distance is taken as large against the thickness of the breast, so
that rays of one projection are parallel (the magnification left out is below 5 %), and scatter is
left out. A point at depth z, seen at angle θ, lands z·tan θ further along rows; in Fourier space
along rows that is a phase, so projection and back-projection interpolate nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tomocalc.phantom.anatomy import FAT
from tomocalc.phantom.settings import Geometry, Settings

DETECTOR_BLUR_MM = 0.055
"""Standard deviation of the Gaussian point spread: MTF 0.55 at 3.2/mm, 0.22 at 5/mm (CsI)."""
ELECTRONIC_NOISE = 5.0
"""Standard deviation of the read-out noise, in photons per pixel."""
RAMP_MM = 3.0
"""Weight of the ramp against the constant in the reconstruction filter, mm."""


@dataclass(frozen=True)
class Detector:
    """The detector's rows reach beyond the image by *margin* on both sides."""

    geometry: Geometry
    margin: int
    rows: int

    @classmethod
    def around(cls, geometry: Geometry) -> Detector:
        """Choose the margin so that no ray through the volume leaves the detector."""
        reach_mm = geometry.thickness_mm / 2 * float(np.abs(geometry.tangents).max())
        margin = int(np.ceil(reach_mm / geometry.pixel_spacing_mm)) + 8
        rows = -(-(geometry.rows + 2 * margin) // 32) * 32  # small factors, fast transforms
        return cls(geometry, margin, rows)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Pixels as (projections, rows, columns)."""
        return self.geometry.projections, self.rows, self.geometry.columns

    def frequencies(self) -> np.ndarray:
        """Frequencies along rows, cycles/mm."""
        return np.fft.rfftfreq(self.rows, self.geometry.pixel_spacing_mm)

    def phases(self, depths_mm: np.ndarray) -> np.ndarray:
        """Shift of planes at *depths_mm* (from the mid-plane): (projection, depth, frequency)."""
        shift_mm = np.multiply.outer(self.geometry.tangents, depths_mm)
        return np.exp(-2j * np.pi * shift_mm[..., None] * self.frequencies()).astype(np.complex64)

    def oblique(self) -> np.ndarray:
        """Path through a layer over its thickness, 1/cos θ, shaped to multiply projections."""
        return np.sqrt(1 + self.geometry.tangents**2).astype(np.float32)[:, None, None]


def project(volume: np.ndarray, detector: Detector) -> np.ndarray:
    """Integrate *volume* (slices, rows, columns) along the rays of every projection.

    Returns
    -------
    numpy.ndarray
        Line integrals in units of *volume* times mm, float32, (projections, detector rows,
        columns).
    """
    geometry = detector.geometry
    padded = np.zeros((geometry.slices, detector.rows, geometry.columns), np.float32)
    padded[:, detector.margin : detector.margin + geometry.rows] = volume
    planes = np.fft.rfft(padded, axis=1)
    phases = detector.phases(geometry.depths_mm)
    # A ray crosses a slice obliquely and so smears it along rows by the slice times tan θ.
    smear = np.sinc(
        np.multiply.outer(geometry.tangents * geometry.slice_spacing_mm, detector.frequencies())
    )
    phases *= smear[:, None].astype(np.float32)
    spectra = np.stack([_weighted_sum(weights, planes) for weights in phases])
    lines = np.fft.irfft(spectra, n=detector.rows, axis=1)
    return lines * (detector.oblique() * np.float32(geometry.slice_spacing_mm))


def expose(lines: np.ndarray, settings: Settings, rng: np.random.Generator | None) -> np.ndarray:
    """Turn line integrals into what the detector measures of them, (projections, rows, columns).

    Beer-Lambert gives the expected photons N per pixel; photon noise is Poisson's, drawn as the
    Cornish-Fisher expansion N + √N·g + (g² - 1)/6 of a standard normal g (within 0.2 % in the
    distribution for N over 50, and its draws do not depend on N); the converter blurs both; the
    read-out adds its own noise; the logarithm brings back line integrals. Without *rng*, no noise.
    """
    photons = np.exp(-lines) * np.float32(settings.photons)
    if rng is not None:
        normal = rng.standard_normal(lines.shape, dtype=np.float32)
        photons += np.sqrt(photons) * normal + (normal**2 - 1) / np.float32(6)
    photons = blur(photons, settings)
    if rng is not None:
        photons += rng.standard_normal(lines.shape, dtype=np.float32) * ELECTRONIC_NOISE
    np.maximum(photons, 1, out=photons)
    return -np.log(photons / np.float32(settings.photons))


def blur(projections: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Apply the detector's point spread to every projection."""
    sigma = DETECTOR_BLUR_MM / geometry.pixel_spacing_mm
    return ndimage.gaussian_filter(projections, (0, sigma, sigma), truncate=3.5)


def flatten(lines: np.ndarray, thickness: np.ndarray, detector: Detector) -> np.ndarray:
    """Fill the missing thickness at the border and in air with fat.

    Clinical systems equalise the periphery in this way before they filter, from a model of the
    compressed breast; here *thickness* (mm along the ray, shaped as *lines*) is known.
    """
    full = np.float32(detector.geometry.thickness_mm) * detector.oblique()
    return lines + np.float32(FAT) * (full - thickness)


def reconstruct(lines: np.ndarray, detector: Detector, depths_mm: np.ndarray) -> np.ndarray:
    """Filter line integrals along rows and add them up, shifted to focus on each depth.

    Filtered shift-and-add: a ramp on top of a constant, under a Hann window (Wu et al., Med.
    Phys. 31, 2004, p. 2636; Mertelmeier et al., Proc. SPIE 6142, 2006, 61420F). The ramp sharpens
    the depth and leaves the dark undershoot beside bright objects, along the tube's motion only;
    the constant keeps the tissue's low frequencies.

    Parameters
    ----------
    lines
        Line integrals, (projections, detector rows, columns).
    depths_mm
        Depths to focus on, from the mid-plane, (n,).

    Returns
    -------
    numpy.ndarray
        Mean attenuation along the breast's thickness, 1/mm, float32, (n, rows, columns).
    """
    geometry = detector.geometry
    frequency = detector.frequencies()
    window = 0.5 * (1 + np.cos(np.pi * frequency / frequency[-1]))
    response = (1 + RAMP_MM * frequency) * window / (geometry.projections * geometry.thickness_mm)
    spectra = np.fft.rfft(lines / detector.oblique(), axis=1)
    spectra *= response.astype(np.float32)[:, None]
    phases = np.conj(detector.phases(depths_mm)).swapaxes(0, 1)
    planes = np.stack([_weighted_sum(weights, spectra) for weights in phases])
    volume = np.fft.irfft(planes, n=detector.rows, axis=1)
    return volume[:, detector.margin : detector.margin + geometry.rows]


def _weighted_sum(weights: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """Sum (n, frequencies, columns) over n with (n, frequencies) weights.

    A loop and no matrix product: a BLAS may add in another order with another thread count.
    """
    total = weights[0][:, None] * planes[0]
    for weight, plane in zip(weights[1:], planes[1:], strict=True):
        total += weight[:, None] * plane
    return total
