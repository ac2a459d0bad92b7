"""One phantom volume: anatomy, findings, acquisition, and the truth about each finding, in rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tomocalc.phantom.acquisition import (
    Detector,
    Finding,
    add_bodies,
    add_spikes,
    blur,
    expose,
    flatten,
    project,
    reconstruct,
)
from tomocalc.phantom.anatomy import FAT, Breast, build_breast, patient_style
from tomocalc.phantom.cohort import PhantomVolume
from tomocalc.phantom.findings import Inside, draw_findings
from tomocalc.phantom.outcomes import draw_outcome_cluster
from tomocalc.phantom.settings import Settings, stream

BITS = 14
"""Bits stored per pixel."""
GAIN = 1e5
"""Stored values per unit of attenuation (1/mm): fat is 4560. Less in breasts under 20 mm thick,
where a calcification takes a larger share of the thickness and would saturate."""
SKIN_ROOM_MM = 1.0
"""Least distance of a finding's surroundings to the lateral border."""
RING_MM = 1.5
"""Radius around a finding in which the background's standard deviation is taken."""

ANNOTATION_COLUMNS = ["volume_id", "slice", "x", "y", "radius", "kind", "pathology"]
"""The columns of ``annotations.tsv`` that a phantom fills."""

TRUTH_COLUMNS = [
    "volume_id",
    "kind",
    "cluster",
    "x_mm",
    "y_mm",
    "z_mm",
    "x",
    "y",
    "slice",
    "diameter_mm",
    "contrast_to_noise",
]
"""Positions in mm are from the centre of the first voxel of the image as written; x and y in
pixels (column and row), slice from 0; cluster from 1, for calcifications only; see
`measure_contrast` for the contrast to noise."""


@dataclass(frozen=True)
class Truth:
    """A finding as it lies in the written image."""

    finding: Finding
    x_px: float
    """Column of the centre."""
    y_px: float
    """Row of the centre."""
    slice: int
    """Slice nearest to the centre, where it is in focus."""
    contrast_to_noise: float
    """See `measure_contrast`."""


@dataclass(frozen=True)
class Simulation:
    """Stored values (slices, rows, columns), uint16, and the truth about what is in them."""

    stored: np.ndarray
    truth: list[Truth]


def simulate(volume: PhantomVolume, *, seed: int, settings: Settings) -> Simulation:
    """Make one volume. Equal arguments give equal values, whatever else is in the cohort.

    With an outcome its calcifications are one cluster that looks like it.
    """
    volume_id, outcome = volume["volume_id"], volume["outcome"]
    breast = build_breast(seed, volume_id, patient_style(seed, volume["patient_id"]), settings)
    inside = inside_of(breast, settings)
    findings = draw_findings(
        stream(seed, volume_id, "findings"),
        calcified=volume["calcified"] and outcome is None,
        settings=settings,
        inside=inside,
    )
    if outcome is not None:
        rng = stream(seed, volume_id, "outcome")
        findings += draw_outcome_cluster(rng, outcome=outcome, settings=settings, inside=inside)
    noise, side = stream(seed, volume_id, "noise"), volume["laterality"]
    return acquire(breast, findings, laterality=side, settings=settings, noise=noise)


def acquire(
    breast: Breast,
    findings: list[Finding],
    *,
    laterality: str,
    settings: Settings,
    noise: np.random.Generator | None,
) -> Simulation:
    """Image a breast with findings in it; without *noise* no photon is missing."""
    detector = Detector.around(settings)
    thickness = project(breast.support, detector)  # mm
    objects = np.zeros(detector.shape, np.float32)
    add_bodies(objects, findings, detector)
    lines = np.float32(FAT) * thickness + project(breast.attenuation, detector) + objects
    measured = expose(lines, settings, noise)
    add_spikes(measured, findings, detector)

    image = reconstruct(flatten(measured, thickness, detector), detector, settings.depths_mm)
    outline = breast.support.max(axis=0)
    image *= outline
    signal = _signal(objects, findings, detector)
    truth = [
        locate(finding, image, signal, outline, laterality=laterality, settings=settings)
        for finding in findings
    ]
    if laterality == "R":
        image = image[:, :, ::-1]
    gain = np.float32(GAIN * min(1, settings.thickness_mm / 20))
    return Simulation(np.clip(np.rint(image * gain), 0, 2**BITS - 1).astype(np.uint16), truth)


def inside_of(breast: Breast, settings: Settings) -> Inside:
    """Return the test whether a position has a margin to skin, chest wall and outer slices."""
    voxel = np.array(
        [settings.slice_spacing_mm, settings.pixel_spacing_mm, settings.pixel_spacing_mm]
    )
    thickness = settings.thickness_mm

    def inside(position: np.ndarray, margin: float) -> bool:
        index = np.rint(position / voxel).astype(int)
        if np.any(index < 0) or np.any(index >= settings.shape):
            return False
        height = position[0] + voxel[0] / 2
        # The faces need less room than the skin, or thin breasts would have none.
        face = min(margin, thickness / 4)
        if not face <= height <= thickness - face or position[2] < margin:
            return False
        return bool(breast.depth_mm[tuple(index)] > margin + SKIN_ROOM_MM)

    return inside


def _signal(
    objects: np.ndarray, findings: list[Finding], detector: Detector
) -> dict[int, np.ndarray]:
    """Reconstruct the findings alone, without noise, on the slices that hold one's focus."""
    geometry = detector.geometry
    lines = blur(objects, geometry)
    add_spikes(lines, findings, detector)
    slices = sorted({geometry.slice_at(finding.centre_mm[0]) for finding in findings})
    if not slices:
        return {}
    planes = reconstruct(lines, detector, geometry.depths_mm[slices])
    return dict(zip(slices, planes, strict=True))


def locate(
    finding: Finding,
    image: np.ndarray,
    signal: dict[int, np.ndarray],
    outline: np.ndarray,
    *,
    laterality: str,
    settings: Settings,
) -> Truth:
    """Tell where a finding lies in the image as written, and how well it stands out."""
    pixel = settings.pixel_spacing_mm
    _, y_mm, x_mm = finding.centre_mm
    focus = settings.slice_at(finding.centre_mm[0])
    contrast = measure_contrast(
        finding, image[focus], signal[focus], outline, pixel_spacing_mm=pixel
    )
    column = x_mm / pixel
    if laterality == "R":
        column = settings.columns - 1 - column
    return Truth(finding, float(column), float(y_mm / pixel), focus, contrast)


def measure_contrast(
    finding: Finding,
    image: np.ndarray,
    signal: np.ndarray,
    outline: np.ndarray,
    *,
    pixel_spacing_mm: float,
) -> float:
    """Contrast to noise of a finding on its slice of best focus.

    Peak of the noise-free reconstruction of all findings within the finding's extent, over the
    standard deviation of the final reconstruction beside it (quantum noise, read-out noise and
    anatomy alike). That is taken over the nearest pixels of the breast where the findings'
    signal is below a tenth of the peak, as many as lie within `RING_MM` of the finding. Zero or
    less means that the shadow of a larger object hides the finding.

    Parameters
    ----------
    image, signal, outline
        Final reconstruction and noise-free findings on the slice of best focus, and the breast's
        outline (0..1), each (rows, columns).
    """
    _, y, x = finding.centre_mm / pixel_spacing_mm
    radius = finding.diameter_mm / 2 / pixel_spacing_mm
    rows, columns = np.indices(image.shape)
    distance = np.hypot(rows - y, columns - x)
    peak = float(signal[distance <= radius + 1].max())
    faint = max(0.1 * abs(peak), 1e-3 * float(np.abs(signal).max()))
    clean = (np.abs(signal) < faint) & (outline == 1)
    ring = radius + RING_MM / pixel_spacing_mm
    count = min(round(np.pi * (ring**2 - radius**2)), int(clean.sum()))
    nearest = np.argsort(distance[clean], kind="stable")[:count]
    return peak / float(image[clean][nearest].std(dtype=np.float64))


def annotation_rows(volume_id: str, truth: list[Truth], settings: Settings) -> list[dict[str, Any]]:
    """List the calcifications as circles of at least one pixel on their slice of best focus."""
    rows: list[dict[str, Any]] = [
        {
            "volume_id": volume_id,
            "slice": item.slice,
            "x": f"{item.x_px:.2f}",
            "y": f"{item.y_px:.2f}",
            "radius": f"{max(item.finding.diameter_mm / 2 / settings.pixel_spacing_mm, 1):.2f}",
            "kind": "calcification",
            "pathology": item.finding.outcome,
        }
        for item in truth
        if item.finding.kind == "calcification"
    ]
    return sorted(rows, key=lambda row: (row["slice"], float(row["y"]), float(row["x"])))


def truth_rows(volume_id: str, truth: list[Truth], settings: Settings) -> list[dict[str, Any]]:
    """List every object, by kind, cluster and place."""
    pixel = settings.pixel_spacing_mm
    ordered = sorted(
        truth,
        key=lambda item: (item.finding.kind, item.finding.cluster or 0, item.slice, item.y_px),
    )
    return [
        {
            "volume_id": volume_id,
            "kind": item.finding.kind,
            "cluster": item.finding.cluster,
            "x_mm": f"{item.x_px * pixel:.4f}",
            "y_mm": f"{item.y_px * pixel:.4f}",
            "z_mm": f"{item.finding.centre_mm[0]:.4f}",
            "x": f"{item.x_px:.2f}",
            "y": f"{item.y_px:.2f}",
            "slice": item.slice,
            "diameter_mm": f"{item.finding.diameter_mm:.3f}",
            "contrast_to_noise": f"{item.contrast_to_noise:.2f}",
        }
        for item in ordered
    ]
