"""Texture: the reference values of IBSI's digital phantom, and values computed by hand."""

import inspect

import numpy as np
import pytest

from tomocalc.image.statistics import Grey
from tomocalc.image.texture import OF_DETAILS, OF_PAIRS, detail_energies, pair_shares, texture
from tomocalc.tables import TEXTURE, names

IBSI_PHANTOM = np.array(
    [
        [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [0, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
        [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 6, 1, 1]],
        [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
    ]
)
"""Slice, row, column; 0 outside the region. https://github.com/theibsi/data_sets, CC BY 4.0."""
REFERENCE = {
    "texture_contrast": 5.19,
    "texture_correlation": 0.0173,
    "texture_entropy": 2.24,
    "texture_uniformity": 0.352,
    "texture_homogeneity": 0.625,
    "texture_shade": 6.98,
}
"""Mean over slices, "2D, slice-merged", as the IBSI reference manual gives it."""


@pytest.mark.parametrize("name", REFERENCE)
def test_equals_the_reference_value_of_the_ibsi_phantom(name: str) -> None:
    found = OF_PAIRS[name](pair_shares(IBSI_PHANTOM, 6)).mean()
    assert float(f"{found:.3g}") == REFERENCE[name]  # they are given with three digits


def test_every_feature_is_defined_documented_and_tested() -> None:
    functions = {**OF_PAIRS, **OF_DETAILS}
    assert list(functions) == names(TEXTURE)
    assert set(OF_PAIRS) == set(REFERENCE)
    for name, function in functions.items():
        text = inspect.getdoc(function) or ""
        assert all(part in text for part in ("Formula:", "Unit:", "Range:", "Source:")), name


def test_details_by_hand() -> None:
    stripes = np.tile([0.0, 8.0, 0.0, 8.0, 4.0, 12.0, 4.0, 12.0], (8, 1))
    # 4 above and 4 below the mean of two pixels; then flat; then 2 above and below 6
    assert detail_energies(stripes[None], 3) == pytest.approx(np.array([[16.0, 0.0, 4.0]]))
    noise = np.random.default_rng(1).normal(size=(1, 8, 8))
    assert detail_energies(noise, 3).sum() == pytest.approx(noise.var())


def test_texture_around_objects_of_a_slice() -> None:
    image = np.full((64, 96), 100, np.uint8)
    image[:, 48:] += (np.indices((64, 48)).sum(axis=0) % 2 * 24).astype(np.uint8)  # chequered
    grey = Grey(image, np.arange(256, dtype=np.float32))
    found = texture(grey, np.array([32.0, 32.0, 0.0]), np.array([16.0, 79.0, 95.0]), 0.1)
    assert list(found) == names(TEXTURE)
    flat, chequered, corner = ({k: v[n] for k, v in found.items()} for n in range(3))
    assert flat["texture_contrast"] == 0
    assert (flat["texture_uniformity"], flat["texture_correlation"]) == (1, 1)
    # 100 and 124 lie 3 levels of 8 apart; half of the pairs, the diagonals, are equal
    assert chequered["texture_contrast"] == pytest.approx(9 * 0.5, rel=0.03)
    assert chequered["texture_wavelet_1"] == pytest.approx(12)
    assert (chequered["texture_wavelet_2"], chequered["texture_wavelet_3"]) == (0, 0)
    assert corner == pytest.approx(chequered)  # moved inside, and of the same pattern
    nothing = texture(grey, np.zeros(0), np.zeros(0), 0.1)
    assert all(values.size == 0 for values in nothing.values())
