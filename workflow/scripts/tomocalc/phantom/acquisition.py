"""From attenuation and objects to a volume: projections, photons, detector, filter, slices.

The tube moves along rows. Its distance is taken as large against the thickness of the breast, so
that rays of one projection are parallel (the magnification left out is below 5 %), and scatter is
left out. A point at depth z, seen at angle θ, lands z·tan θ further along rows; in Fourier space
along rows that is a phase, so projection and back-projection interpolate nothing.

Objects are ellipsoids, and detector pixels that fail. The path of a ray through an ellipsoid is
exact, and averaged over each detector pixel, so that partial volume is right however small a body
is and wherever between pixels it lies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy import ndimage

from tomocalc.phantom.anatomy import FAT
from tomocalc.phantom.settings import Geometry, Settings

Outcome = Literal["benign", "malignant"]

DETECTOR_BLUR_MM = 0.055
"""Standard deviation of the Gaussian point spread: MTF 0.55 at 3.2/mm, 0.22 at 5/mm (CsI)."""
ELECTRONIC_NOISE = 5.0
"""Standard deviation of the read-out noise, in photons per pixel."""
RAMP_MM = 3.0
"""Weight of the ramp against the constant in the reconstruction filter, mm."""
SUBPIXELS = 7
"""Rays through an object per detector pixel and axis."""


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


@dataclass(frozen=True)
class Ellipsoid:
    """One homogeneous body."""

    centre_mm: np.ndarray
    """(z, y, x)."""
    radii_mm: np.ndarray
    """Half axes, (3,)."""
    turn: np.ndarray
    """Rotation whose columns are the directions of the axes, (3, 3)."""
    attenuation: float
    """Over that of the tissue it replaces, 1/mm."""


@dataclass(frozen=True)
class Spike:
    """A detector pixel that under-responds for some neighbouring projections."""

    first: int
    count: int
    strength: float
    """Line integral that it adds."""


@dataclass(frozen=True)
class Finding:
    """One inserted object."""

    kind: str
    """calcification | round_benign | vascular | clip | noise_spike | end_on_vessel."""
    cluster: int | None
    """Number of a calcification's cluster in its volume, from 1."""
    centre_mm: np.ndarray
    """(z, y, x), from the centre of the first voxel; chest wall at column 0."""
    diameter_mm: float
    """Largest extent."""
    bodies: tuple[Ellipsoid, ...] = field(default=())
    spike: Spike | None = None
    outcome: Outcome | None = None
    """Of a calcification whose cluster has one."""


def add_bodies(lines: np.ndarray, findings: list[Finding], detector: Detector) -> None:
    """Add the findings' line integrals to *lines* (projections, detector rows, columns)."""
    for finding in findings:
        for body in finding.bodies:
            _add_body(lines, body, detector)


def _add_body(lines: np.ndarray, body: Ellipsoid, detector: Detector) -> None:
    geometry = detector.geometry
    pixel = geometry.pixel_spacing_mm
    depth, row_mm, column_mm = body.centre_mm - np.array([geometry.middle_mm, 0, 0])
    shadow_mm = body.radii_mm.max() * np.hypot(1, np.abs(geometry.tangents).max())
    reach = int(np.ceil(shadow_mm / pixel)) + 1
    fine = ((np.arange((2 * reach + 1) * SUBPIXELS) + 0.5) / SUBPIXELS - reach - 0.5) * pixel
    inverse = body.turn @ np.diag(body.radii_mm**-2.0) @ body.turn.T
    column = round(column_mm / pixel)
    for number, tangent in enumerate(geometry.tangents):
        row = row_mm / pixel + detector.margin + tangent * depth / pixel
        top = round(row)
        away_y = fine - (row - top) * pixel
        away_x = fine - (column_mm - column * pixel)
        path = _chord(inverse, float(tangent), away_y, away_x)
        size = 2 * reach + 1
        mean = path.reshape(size, SUBPIXELS, size, SUBPIXELS).mean(axis=(1, 3))
        rows = slice(max(top - reach, 0), top + reach + 1)
        columns = slice(max(column - reach, 0), column + reach + 1)
        target = lines[number, rows, columns]
        skip_y, skip_x = max(reach - top, 0), max(reach - column, 0)
        inner = mean[skip_y : skip_y + target.shape[0], skip_x : skip_x + target.shape[1]]
        target += (inner * body.attenuation).astype(np.float32)


def _chord(inverse: np.ndarray, tangent: float, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Length of rays inside the ellipsoid p'·inverse·p < 1, for offsets y × x in mm."""
    ray = np.array([1.0, -tangent, 0.0])
    a = ray @ inverse @ ray
    along = inverse @ ray
    b = np.add.outer(along[1] * y, along[2] * x)
    c = np.add.outer(inverse[1, 1] * y**2, inverse[2, 2] * x**2 - 1.0)
    c += 2 * inverse[1, 2] * np.multiply.outer(y, x)
    return 2 * np.sqrt(np.maximum(b**2 - a * c, 0)) / a * np.hypot(1.0, tangent)


def add_spikes(lines: np.ndarray, findings: list[Finding], detector: Detector) -> None:
    """Add the failing pixels to measured *lines* (projections, detector rows, columns)."""
    geometry = detector.geometry
    pixel = geometry.pixel_spacing_mm
    for finding in findings:
        if finding.spike is None:
            continue
        depth, row_mm, column_mm = finding.centre_mm - np.array([geometry.middle_mm, 0, 0])
        for number in range(finding.spike.first, finding.spike.first + finding.spike.count):
            row = round((row_mm + geometry.tangents[number] * depth) / pixel) + detector.margin
            lines[number, row, round(column_mm / pixel)] += finding.spike.strength
