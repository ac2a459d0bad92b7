"""Projection, exposure and reconstruction against what physics says."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from support import phantoms
from tomocalc.phantom import acquisition
from tomocalc.phantom.acquisition import (
    DETECTOR_BLUR_MM,
    ELECTRONIC_NOISE,
    Detector,
    Ellipsoid,
    Finding,
    Spike,
    add_bodies,
    add_spikes,
    expose,
    flatten,
    project,
    reconstruct,
)
from tomocalc.phantom.anatomy import FAT

SETTINGS = replace(phantoms.SETTINGS, rows=128, columns=64, slices=20)
DETECTOR = Detector.around(SETTINGS)


def ball(centre_mm, diameter_mm, attenuation=1.0) -> Finding:
    centre = np.array(centre_mm, float)
    body = Ellipsoid(centre, np.full(3, diameter_mm / 2), np.eye(3), attenuation)
    return Finding("calcification", 1, centre, diameter_mm, (body,))


def lines_of(findings) -> np.ndarray:
    lines = np.zeros(DETECTOR.shape, np.float32)
    add_bodies(lines, findings, DETECTOR)
    return lines


def test_a_slab_is_as_thick_as_its_oblique_path():
    slab = np.zeros(SETTINGS.shape, np.float32)
    slab[:, 30:100] = 1
    lines = project(slab, DETECTOR)
    centre = lines[:, DETECTOR.margin + 64, 32]
    assert lines.shape == DETECTOR.shape
    expected = SETTINGS.thickness_mm / np.cos(np.deg2rad(np.linspace(-15, 15, 15)))
    np.testing.assert_allclose(centre, expected, rtol=0.02)


def test_a_plane_moves_by_its_depth_times_the_tangent():
    volume = np.zeros(SETTINGS.shape, np.float32)
    volume[15, 64, 10] = 1
    lines = project(volume, DETECTOR)[:, :, 10]
    rows = np.arange(DETECTOR.rows) - DETECTOR.margin
    moved = (lines * rows).sum(axis=1) / lines.sum(axis=1)
    depth = 15 - 9.5  # mm below the mid-plane
    np.testing.assert_allclose(moved, 64 + depth * SETTINGS.tangents / 0.1, atol=0.05)


def test_a_ball_of_any_place_projects_its_volume():
    volume_mm3 = 4 / 3 * np.pi * 0.1**3
    for centre in ([4.0, 6.4, 3.0], [13.3, 5.03, 2.777]):
        lines = lines_of([ball(centre, 0.2, attenuation=2.0)])
        integral = lines.sum(axis=(1, 2)) * 0.01  # mm²; oblique shadows are 1/cos longer
        oblique = np.hypot(1, SETTINGS.tangents)
        np.testing.assert_allclose(integral / oblique, 2.0 * volume_mm3, rtol=0.03)


def test_a_ball_is_seen_at_its_subpixel_place():
    lines = lines_of([ball([12.0, 6.437, 3.262], 0.3)])
    rows = np.arange(DETECTOR.rows) - DETECTOR.margin
    y = (lines.sum(axis=2) * rows).sum(axis=1) / lines.sum(axis=(1, 2))
    x = (lines.sum(axis=1) * np.arange(64)).sum(axis=1) / lines.sum(axis=(1, 2))
    np.testing.assert_allclose(x, 32.62, atol=0.03)
    np.testing.assert_allclose(y, 64.37 + (12.0 - 9.5) * SETTINGS.tangents / 0.1, atol=0.03)


def test_a_turned_ellipsoid_has_the_chord_of_its_long_axis():
    turn = np.eye(3)[:, [1, 0, 2]]  # first axis along rows
    body = Ellipsoid(np.array([9.5, 6.4, 3.2]), np.array([1.0, 0.4, 0.4]), turn, 1.0)
    middle = lines_of([Finding("clip", None, body.centre_mm, 2.0, (body,))])[7]
    assert middle.max() == pytest.approx(0.8, rel=0.02)
    assert (middle.max(axis=1) > 0).sum() == pytest.approx(20, abs=2)
    assert (middle.max(axis=0) > 0).sum() == pytest.approx(8, abs=2)


def test_bodies_at_the_edge_of_the_image_are_cut():
    lines = lines_of([ball([9.5, 6.4, 0.0], 1.0), ball([9.5, 6.4, 6.3], 1.0)])
    assert lines[7, :, 0].max() > 0.9
    assert lines[7, :, -1].max() > 0.9


def test_expected_photons_follow_beer_lambert_without_noise():
    lines = np.full((1, 40, 40), 1.3, np.float32)
    np.testing.assert_allclose(expose(lines, SETTINGS, None), lines, rtol=1e-5)


def test_noise_has_the_variance_of_photons_blur_and_read_out():
    lines = np.full((15, 160, 160), 1.2, np.float32)
    measured = expose(lines, SETTINGS, np.random.default_rng(0))
    photons = SETTINGS.photons * np.exp(-1.2)
    # A Gaussian of this width keeps the sum of its squared weights of white noise, per axis.
    steps = np.arange(-20, 21)
    weights = np.exp(-0.5 * (steps * 0.1 / DETECTOR_BLUR_MM) ** 2)
    kept = ((weights / weights.sum()) ** 2).sum() ** 2
    expected = np.sqrt(photons * kept + ELECTRONIC_NOISE**2) / photons
    assert measured.std() == pytest.approx(expected, rel=0.03)
    assert measured.mean() == pytest.approx(1.2, abs=0.002)


@pytest.mark.parametrize("mean", [50, 700])
def test_photons_are_poisson(monkeypatch, mean):
    monkeypatch.setattr(acquisition, "ELECTRONIC_NOISE", 0.0)
    monkeypatch.setattr(acquisition, "blur", lambda photons, settings: photons)
    lines = np.full((4, 500, 500), np.log(SETTINGS.photons / mean), np.float32)
    measured = expose(lines, SETTINGS, np.random.default_rng(0))
    counts = np.rint(np.exp(-measured) * SETTINGS.photons)
    values = np.arange(counts.min(), counts.max())
    seen = np.searchsorted(np.sort(counts.ravel()), values, side="right") / counts.size
    np.testing.assert_allclose(seen, stats.poisson(mean).cdf(values), atol=3e-3)


def test_spikes_hit_only_their_projections():
    lines = np.zeros(DETECTOR.shape, np.float32)
    spike = Spike(first=4, count=2, strength=0.7)
    add_spikes(
        lines, [Finding("noise_spike", None, np.array([9.5, 6.4, 3.2]), 0.1, spike=spike)], DETECTOR
    )
    assert list(np.flatnonzero(lines.max(axis=(1, 2)))) == [4, 5]
    assert lines[4, DETECTOR.margin + 64, 32] == np.float32(0.7)
    assert np.count_nonzero(lines) == 2


def test_a_uniform_breast_comes_back_with_its_attenuation():
    thickness = np.full(DETECTOR.shape, 1, np.float32) * DETECTOR.oblique() * 20
    image = reconstruct(
        flatten(thickness * 0.06, thickness, DETECTOR), DETECTOR, SETTINGS.depths_mm
    )
    assert image.shape == SETTINGS.shape
    np.testing.assert_allclose(image, 0.06, rtol=1e-4)


def test_flattening_fills_air_with_fat():
    air = np.zeros(DETECTOR.shape, np.float32)
    filled = flatten(air, air, DETECTOR) / DETECTOR.oblique()
    np.testing.assert_allclose(filled, FAT * 20, rtol=1e-5)


def full_width(profile: np.ndarray, step_mm: float) -> float:
    """Width at half the maximum, with linear interpolation, mm."""
    fine = np.interp(
        np.linspace(0, profile.size - 1, 50 * profile.size), range(profile.size), profile
    )
    return float((fine > fine.max() / 2).sum()) * step_mm * profile.size / fine.size


def test_a_ball_is_in_focus_at_its_depth_and_blurred_along_it():
    for z, y, x in ([12.0, 6.4, 3.2], [6.0, 5.21, 2.96]):
        depths = np.arange(0, 20, 0.1)
        image = reconstruct(lines_of([ball([z, y, x], 0.3)]), DETECTOR, depths - SETTINGS.middle_mm)
        peak = np.unravel_index(image.argmax(), image.shape)
        assert depths[peak[0]] == pytest.approx(z, abs=0.15)
        assert peak[1] == round(y / 0.1)
        assert peak[2] == round(x / 0.1)
        in_depth = full_width(image[:, peak[1], peak[2]], 0.1)
        in_plane = full_width(image[peak[0], :, peak[2]], 0.1)
        assert 0.15 < in_plane < 0.45
        assert 2 * in_plane < in_depth < 4


def test_the_ramp_leaves_shadows_along_the_motion_of_the_tube_only():
    image = reconstruct(lines_of([ball([9.5, 6.4, 3.2], 0.6)]), DETECTOR, np.array([0.0]))[0]
    peak = image[64, 32]
    assert image[:, 32].min() < -0.03 * peak
    assert image[64].min() > -0.001 * peak
