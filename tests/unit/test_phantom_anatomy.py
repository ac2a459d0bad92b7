"""Tissue: spectra, outline, skin, style."""

import dataclasses
from functools import partial

import numpy as np
import pytest

from support import phantoms
from support.phantoms import spectral_exponent
from tomocalc.phantom.anatomy import (
    FAT,
    GLAND,
    border_distance,
    build_breast,
    patient_style,
    power_law_field,
)
from tomocalc.phantom.settings import stream

SETTINGS = dataclasses.replace(phantoms.SETTINGS, rows=160, columns=120, slices=8, projections=9)
field_of = partial(power_law_field, spacing=(1.0, 0.1, 0.1))


@pytest.mark.parametrize("beta", [2.5, 3.0, 3.5])
def test_slices_of_a_field_follow_the_power_law(beta):
    fields = [
        field_of(np.random.default_rng(seed), shape=(12, 128, 128), beta=beta, scale_mm=100.0)
        for seed in range(3)
    ]
    assert spectral_exponent(np.concatenate(fields), 0.1) == pytest.approx(beta, abs=0.2)


def test_a_field_is_standardised_and_resembles_itself_in_depth():
    field = field_of(np.random.default_rng(0), shape=(12, 128, 128), beta=3.0, scale_mm=12.0)
    assert field.dtype == np.float32
    assert field.shape == (12, 128, 128)
    assert field.mean() == pytest.approx(0, abs=1e-4)
    assert field.std() == pytest.approx(1, abs=1e-4)
    alike = np.corrcoef(field.reshape(12, -1))
    by_distance = [np.diag(alike, slices).mean() for slices in (1, 2, 4)]
    assert by_distance[0] > 0.4
    assert by_distance == sorted(by_distance, reverse=True)


def test_stretch_makes_structures_longer_along_columns():
    field = field_of(
        np.random.default_rng(0), shape=(6, 128, 128), beta=3.0, scale_mm=3.0, stretch=(1.0, 3.0)
    )
    assert np.abs(np.diff(field, axis=1)).mean() > 1.5 * np.abs(np.diff(field, axis=2)).mean()


def test_border_distance_is_a_distance():
    style = dataclasses.replace(patient_style(1, "P001"), squareness=2.0, lopsided=0.0)
    distance = border_distance(SETTINGS, style)
    inside = distance > 0
    assert inside[80, 0]
    assert not inside[0].any()
    assert not inside[-1].any()
    assert not inside[:, -1].any()
    slope = np.hypot(*np.gradient(distance, 0.1))
    near = np.abs(distance) < 0.5
    near[:, :2] = near[70:90] = False  # image edge, nipple
    assert np.median(slope[near]) == pytest.approx(1, abs=0.1)


def test_breast_is_fat_gland_and_skin_in_air():
    style = patient_style(1, "P001")
    breast = build_breast(1, "P001-LCC", style, SETTINGS)
    assert breast.attenuation.shape == breast.support.shape == SETTINGS.shape
    assert breast.attenuation.dtype == np.float32
    assert (breast.attenuation[breast.support == 0] == 0).all()
    total = FAT + breast.attenuation[breast.depth_mm > 1.5]
    assert FAT - 0.015 < total.min() < FAT + 0.01
    assert GLAND - 0.01 < total.max() < GLAND + 0.03
    skin = (breast.depth_mm > 0.1) & (breast.depth_mm < style.skin_mm - 0.1)
    below = (breast.depth_mm > style.skin_mm + 0.1) & (breast.depth_mm < style.skin_mm + 0.5)
    assert breast.attenuation[skin].mean() > 1.3 * breast.attenuation[below].mean()


def test_the_border_is_rounded_in_depth():
    breast = build_breast(1, "P001-LCC", patient_style(1, "P001"), SETTINGS)
    area = breast.support.sum(axis=(1, 2))
    assert area.argmax() in (3, 4)
    assert area[0] < 0.9 * area[4]
    assert area[0] == pytest.approx(area[-1], rel=1e-6)


def test_patients_differ_and_breasts_of_one_patient_share_a_style():
    first, second = patient_style(1, "P001"), patient_style(1, "P002")
    assert first == patient_style(1, "P001")
    assert first != second
    assert first != patient_style(2, "P001")
    densities = [patient_style(1, f"P{number:03d}").density for number in range(200)]
    assert min(densities) >= 0.1
    assert max(densities) <= 0.6
    assert np.std(densities) > 0.05


def test_streams_are_independent_of_each_other():
    noise = stream(1, "P001-LCC", "noise").standard_normal(4)
    assert (noise == stream(1, "P001-LCC", "noise").standard_normal(4)).all()
    assert (noise != stream(1, "P001-LCC", "anatomy").standard_normal(4)).all()
    assert (noise != stream(1, "P001-RCC", "noise").standard_normal(4)).all()
