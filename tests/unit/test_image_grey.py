"""Grey scale, histogram, equalisation and Otsu against scikit-image."""

import numpy as np
import pytest
from skimage.exposure import equalize_hist
from skimage.filters import threshold_otsu

from tomocalc.image.grey import HIGH_LEVEL, equalise_table, histogram_of, normalisation, otsu_level


def test_percentiles_of_the_breast_become_the_scale() -> None:
    scale = normalisation(np.arange(1001))  # 1st percentile 10, 99th 990
    table = scale.table(4000)
    assert table[10] == 0
    assert table[990] == pytest.approx(HIGH_LEVEL)
    assert table[0] == 0
    assert table[3999] == 255
    assert table.dtype == np.float32


def test_bright_specks_on_a_flat_breast_still_have_a_scale() -> None:
    values = np.full(10_000, 7)
    values[0] = 9
    scale = normalisation(values)
    assert scale.table(16)[[7, 9]].tolist() == [0, HIGH_LEVEL]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000, (1 << 20) * 2 + 3])
def test_histogram(size: int) -> None:
    levels = np.random.default_rng(size).integers(0, 256, size).astype(np.uint8)
    assert np.array_equal(histogram_of(levels), np.bincount(levels, minlength=256))


def image() -> np.ndarray:
    rng = np.random.default_rng(4)
    parts = [rng.normal(60, 12, 5000), rng.normal(150, 20, 3000), np.full(500, 255)]
    return np.clip(np.concatenate(parts), 0, 255).astype(np.uint8).reshape(85, 100)


def test_equalisation_equals_scikit_image() -> None:
    levels = image()
    table = equalise_table(histogram_of(levels))
    used = np.arange(int(levels.min()), int(levels.max()) + 1)
    wanted = equalize_hist(levels, nbins=used.size) * 255
    np.testing.assert_allclose(table[levels], wanted, rtol=1e-5)


def test_otsu_equals_scikit_image() -> None:
    levels = image()
    cut = otsu_level(histogram_of(levels), np.arange(256.0))
    # scikit-image returns the last level of the lower class.
    assert (levels >= cut).sum() == (levels > threshold_otsu(levels)).sum()


def test_otsu_of_two_levels_and_of_one() -> None:
    histogram = np.zeros(256, np.int64)
    histogram[[10, 200]] = 5, 1
    assert otsu_level(histogram, np.arange(256.0)) == 200
    histogram[200] = 0
    assert otsu_level(histogram, np.arange(256.0)) == 10
