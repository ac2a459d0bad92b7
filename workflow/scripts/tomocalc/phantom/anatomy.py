"""The compressed breast without findings: outline, skin, fat, fibroglandular tissue, ligaments.

Linear attenuation coefficients are those at 20 keV, the effective energy of a breast spectrum
(Johns and Yaffe, Phys. Med. Biol. 32, 1987, p. 675): fat 0.0456/mm, fibroglandular tissue
0.0802/mm. Skin is close to the latter.
"""

from dataclasses import dataclass

import numpy as np

from tomocalc.phantom.settings import Settings, stream

FAT = 0.0456
"""Attenuation of fat, 1/mm."""
GLAND = 0.0802
"""Attenuation of fibroglandular tissue, 1/mm."""
SKIN = 0.080
"""Attenuation of skin, 1/mm."""


@dataclass(frozen=True)
class Style:
    """What the two breasts of a patient share."""

    density: float
    """Share of the inner breast that is fibroglandular, 0.1..0.6."""
    beta: float
    """Exponent of the power spectrum of a slice, about 3."""
    half_height: float
    """Half the width along the chest wall, as a share of the rows."""
    reach: float
    """Distance from chest wall to nipple, as a share of the columns."""
    squareness: float
    """Exponent of the outline: 2 is an ellipse."""
    lopsided: float
    """Shift of the fullest part along the chest wall, as a share of half the width."""
    skin_mm: float
    ligaments: float
    """Attenuation of Cooper's ligaments over fat, as a share of that of gland."""


def patient_style(seed: int, patient_id: str) -> Style:
    """Draw the traits of a patient; both breasts get the same."""
    rng = stream(seed, patient_id, "style")
    return Style(
        density=float(rng.beta(2.0, 3.0) * 0.5 + 0.1),
        beta=float(rng.normal(3.0, 0.05)),
        half_height=float(rng.uniform(0.40, 0.47)),
        reach=float(rng.uniform(0.80, 0.92)),
        squareness=float(rng.uniform(1.9, 2.3)),
        lopsided=float(rng.uniform(-0.12, 0.02)),
        skin_mm=float(rng.uniform(0.4, 0.7)),
        ligaments=float(rng.uniform(0.7, 1.2)),
    )


@dataclass(frozen=True)
class Breast:
    """Support and attenuation of one breast, chest wall at column 0."""

    support: np.ndarray
    """Share of each voxel inside the breast, (slices, rows, columns), float32, 0..1."""
    attenuation: np.ndarray
    """Attenuation over that of fat, 1/mm, zero outside, (slices, rows, columns), float32."""
    depth_mm: np.ndarray
    """Distance of each voxel to the lateral border of its slice, inside positive, float32."""


def power_law_field(
    rng: np.random.Generator,
    *,
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    beta: float,
    scale_mm: float,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> np.ndarray:
    """Draw a Gaussian random field whose slices have a power spectrum ∝ 1/f**beta.

    Breast structure follows such a law with beta near 3 (Burgess, Jacobson and Judy, Med. Phys.
    28, 2001, p. 419). An isotropic 3-D spectrum ∝ 1/f**(beta + 1) has slices of exponent beta;
    because the depth is sampled too coarsely for that integral, the spectrum over depth is
    normalised for each in-plane frequency, which makes it exact.

    Parameters
    ----------
    shape, spacing
        Voxels and their size in mm, as (slices, rows, columns).
    beta
        Exponent of the in-plane power spectrum.
    scale_mm
        Outer scale: the spectrum is flat below 1/scale.
    stretch
        How much longer structures are along depth, and along columns, than along rows.

    Returns
    -------
    numpy.ndarray
        float32, zero mean, unit variance over the volume.
    """
    slices, rows, columns = shape
    depth = slices + slices // 3 + 1  # the field is periodic: keep its ends apart
    f_z = np.fft.fftfreq(depth, spacing[0])[:, None, None] * stretch[0]  # cycles/mm
    f_y = np.fft.fftfreq(rows, spacing[1])[:, None] / np.sqrt(stretch[1])
    f_x = np.fft.rfftfreq(columns, spacing[2]) * np.sqrt(stretch[1])
    in_plane = f_y**2 + f_x**2 + scale_mm**-2.0
    power = ((in_plane + f_z**2) ** (-(beta + 1) / 2)).astype(np.float32)
    power *= (in_plane ** (-beta / 2) / power.sum(axis=0)).astype(np.float32)
    # Noise drawn in frequency space; irfftn takes the Hermitian part of the two end planes.
    white = rng.standard_normal((*power.shape, 2), dtype=np.float32).view(np.complex64)[..., 0]
    spectrum = white * np.sqrt(power)
    spectrum[:, 0, 0] = 0
    field = np.fft.irfftn(spectrum, s=(depth, rows, columns), axes=(0, 1, 2))[:slices]
    field -= field.mean(dtype=np.float64)
    field /= field.std(dtype=np.float64)
    return field.astype(np.float32, copy=False)


def border_distance(settings: Settings, style: Style) -> np.ndarray:
    """Measure how far each pixel lies inside the outline of the mid-plane, in mm.

    The outline is a superellipse about a point of the chest wall, fuller on the lateral side,
    with a nipple. The distance is right to first order (level over gradient), positive inside.

    Returns
    -------
    numpy.ndarray
        (rows, columns), float64.
    """
    pixel, power = settings.pixel_spacing_mm, style.squareness
    half = style.half_height * settings.rows * pixel
    along = (np.arange(settings.rows) - (settings.rows - 1) / 2) * pixel / half  # about -1..1
    along -= style.lopsided * (1 - along**2)
    nipple = 1 + 0.045 * np.exp(-((along / 0.1) ** 2))
    away = (np.arange(settings.columns) + 0.5) * pixel / (style.reach * settings.columns * pixel)
    y, x = np.abs(along)[:, None], away / nipple[:, None]
    level = (y**power + x**power) ** (1 / power)
    slope_y, slope_x = np.gradient(level, pixel)
    return (1 - level) / np.maximum(np.hypot(slope_y, slope_x), 0.5 / half)


def build_breast(seed: int, volume_id: str, style: Style, settings: Settings) -> Breast:
    """Make the tissue of one breast.

    The lateral border bulges: each slice's outline is inset by an elliptic profile. Fibro-
    glandular tissue is a power-law field put through a soft threshold, denser in the middle and
    absent under the skin; ligaments are the thin sheets where a smoother field crosses zero.
    """
    rng = stream(seed, volume_id, "anatomy")
    voxel = (settings.slice_spacing_mm, settings.pixel_spacing_mm, settings.pixel_spacing_mm)
    distance = border_distance(settings, style)
    inner = float(distance.max())  # mm, half the smaller extent
    height = settings.depths_mm / (settings.thickness_mm / 2)  # -1..1
    inset = min(4.0, 0.3 * inner) * (1 - np.sqrt(1 - height**2))
    depth_mm = (distance - inset[:, None, None]).astype(np.float32)
    support = np.clip(depth_mm / (1.5 * settings.pixel_spacing_mm) + 0.5, 0, 1)

    texture = power_law_field(
        rng, shape=settings.shape, spacing=voxel, beta=style.beta, scale_mm=12, stretch=(1, 2)
    )
    sheets = power_law_field(
        rng, shape=settings.shape, spacing=voxel, beta=style.beta + 1.5, scale_mm=5, stretch=(4, 3)
    )
    fat_layer = min(2.5, 0.15 * inner)  # mm under the skin
    rise = 1.5 * np.tanh((depth_mm - style.skin_mm - fat_layer) / (0.2 * inner))
    threshold = np.float32(_quantile(1 - style.density) + 1.2)
    gland = _soft_step((texture + rise - threshold) * np.float32(3.5))
    ligament = np.exp(-((sheets / np.float32(0.08)) ** 2)) * np.float32(style.ligaments)
    tissue = np.maximum(gland, ligament) + np.float32(0.08) * texture
    skin = _soft_step((style.skin_mm - depth_mm) / np.float32(0.06))
    excess = (GLAND - FAT) * tissue * (1 - skin) + (SKIN - FAT) * skin
    return Breast(
        support=support.astype(np.float32),
        attenuation=(excess * support).astype(np.float32),
        depth_mm=depth_mm,
    )


def _soft_step(value: np.ndarray) -> np.ndarray:
    """Logistic step, written with tanh because that cannot overflow."""
    return np.float32(0.5) * (np.tanh(value * np.float32(0.5)) + np.float32(1))


def _quantile(share: float) -> float:
    """Quantile of the standard normal distribution, by a logistic approximation."""
    return float(np.log(share / (1 - share)) / 1.702)
