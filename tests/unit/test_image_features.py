"""Every feature: a value computed by hand, and equality with a naive implementation."""

import inspect

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.measure import label

from support.naive_image import features as naive_features
from tomocalc.image.breast import Breast
from tomocalc.image.features import (
    OBJECT_FEATURES,
    SCALES_MM,
    area_mm2,
    blob_scale,
    focus_offset,
    neighbours,
    skin_distance,
    slices_spanned,
)
from tomocalc.image.runs import label_runs, mask_runs
from tomocalc.image.statistics import Grey, measure
from tomocalc.tables import FEATURES, names

IDENTITY = np.arange(256, dtype=np.float32)
CONTEXT = (area_mm2, blob_scale, skin_distance, neighbours, slices_spanned, focus_offset)


def measured(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    """Return every object feature of the objects of *mask*."""
    runs, _ = label_runs(*mask_runs(mask))
    objects = measure(Grey(image, IDENTITY), runs, mask)
    return {name: feature(objects) for name, feature in OBJECT_FEATURES.items()}


def two_by_three() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return an object of 2 rows × 3 columns with values 20 and 26 on a background of 10."""
    image = np.full((12, 14), 10, np.uint8)
    mask = np.zeros(image.shape, np.bool_)
    mask[5:7, 4:7] = True
    image[5, 4:7], image[6, 4:7] = 20, 26
    image[3, 2:4], image[8, 7:9] = 4, 16  # in the border, whose mean stays 10
    return image, mask


# Sobel of the object: rows 5 and 6, columns 4 to 6. The corner (5, 4) sees 10 10 10 / 10 20 20 /
# 10 26 26: along rows (10 + 52 + 26 - 40) / 4 = 12, along columns (10 + 40 + 26 - 40) / 4 = 9.
# The middle (5, 5) sees 10 above and 26 below: 16 along rows, nothing along columns. In row 6
# 10 is below and 20 above: corner along rows (40 - (10 + 40 + 20)) / 4 = -7.5, along columns
# (20 + 52 + 10 - 40) / 4 = 10.5; middle -10.
CORNERS = [np.hypot(12, 9), np.hypot(7.5, 10.5)]
SOBEL = (2 * CORNERS[0] + 16 + 2 * CORNERS[1] + 10) / 6 / np.sqrt(2)
BY_HAND = {
    "area": 6,
    "gray_level": 23,
    "gradient_strength": SOBEL,  # every pixel is on the perimeter
    "gradient_region": SOBEL,
    "noise_fluctuation": 3,
    "contrast": 23 - 10,
    "contrast_range": 6,
    "shape_descriptor": (1 / 4 + 2 / 3) / 6,
    "variance_row": 1 / 4,
    "variance_col": 2 / 3,
    "eccentricity": np.sqrt(1 - (1 / 4) / (2 / 3)),
    # 6 × 7 pixels less the object's 6; four of them differ by 6 from 10
    "contrast_to_noise": 13 / np.sqrt(4 * 36 / 36 + 1 / 12),
}


@pytest.mark.parametrize("name", sorted(OBJECT_FEATURES))
def test_by_hand(name: str) -> None:
    assert measured(*two_by_three())[name] == pytest.approx([BY_HAND[name]], rel=1e-6)


def test_every_feature_is_defined_documented_and_tested() -> None:
    functions = {**OBJECT_FEATURES, **{function.__name__: function for function in CONTEXT}}
    assert sorted(functions) == sorted(names(FEATURES))
    assert sorted(BY_HAND) == sorted(OBJECT_FEATURES)
    for name, function in functions.items():
        text = inspect.getdoc(function) or ""
        assert all(part in text for part in ("Formula:", "Unit:", "Range:", "Source:")), name


def test_area_mm2_by_hand() -> None:
    assert area_mm2(np.array([6.0]), (0.1, 0.2)) == pytest.approx([0.12])


def test_neighbours_by_hand() -> None:
    row, col = np.array([0.0, 3.0, 0.0, 20.0]), np.array([0.0, 4.0, 5.1, 0.0])
    assert neighbours(row, col).tolist() == [1, 2, 1, 0]  # 5 mm, 5.1 mm and 3.2 mm apart
    assert neighbours(np.zeros(0), np.zeros(0)).size == 0


def test_skin_distance_by_hand() -> None:
    mask = np.zeros((9, 9), np.bool_)
    mask[2:7, 2:7] = True
    breast = Breast(mask, 10)
    # The middle block is three blocks from the outside, of which half a block is taken off.
    found = skin_distance(breast, np.array([45.0, 25.0, 5.0]), np.array([44.0, 44.0, 5.0]), 0.1)
    assert found == pytest.approx([2.5, 0.5, 0.0])


def test_skin_distance_counts_from_the_image_border_when_all_is_breast() -> None:
    breast = Breast(np.ones((5, 5), np.bool_), 10)
    assert skin_distance(breast, np.array([25.0]), np.array([25.0]), 0.1) == pytest.approx([2.5])


def test_slices_spanned_and_focus_offset_by_hand() -> None:
    assert slices_spanned(np.array([3, 5]), np.array([3, 9])).tolist() == [1, 5]
    assert focus_offset(4, np.array([3, 6]), 0.5).tolist() == [0.5, -1.0]


@pytest.mark.parametrize("scale", SCALES_MM)
def test_blob_scale_of_a_gaussian_spot(scale: float) -> None:
    row, col = np.mgrid[:121, :121]
    # A Gaussian of width s has its strongest DoG at σ with σ × 1.6σ = s².
    width = scale / 0.05 * np.sqrt(1.6)
    spot = 2000 * np.exp(-((row - 60) ** 2 + (col - 60) ** 2) / 2 / width**2)
    found = blob_scale(spot.astype(np.uint16), np.array([60.2]), np.array([59.8]), 0.05)
    assert found == pytest.approx([scale])


def close(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def against_naive(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> None:
    wanted = naive_features(image.astype(np.float64), np.asarray(label(mask, connectivity=2)))
    found = measured(image, mask)
    for name in OBJECT_FEATURES:
        close(found[name], np.array([row[name] for row in wanted]))


@pytest.mark.parametrize("density", [0.002, 0.05, 0.2, 0.45, 0.8])
def test_equals_the_naive_implementation(density: float) -> None:
    rng = np.random.default_rng(int(density * 1000))
    for shape in ((97, 61), (40, 200)):
        image = rng.integers(0, 256, shape).astype(np.uint8)
        against_naive(image, rng.random(shape) < density)


@pytest.mark.parametrize("kind", ["checkerboard", "all", "single pixels", "frames", "comb"])
def test_odd_masks_equal_the_naive_implementation(kind: str) -> None:
    image = np.random.default_rng(3).integers(0, 256, (64, 64)).astype(np.uint8)
    row, col = np.mgrid[:64, :64]
    ring = np.maximum(abs(row - 32), abs(col - 32))
    mask = {
        "checkerboard": (row + col) % 2 == 0,
        "all": np.ones((64, 64), np.bool_),
        "single pixels": (row % 2 == 0) & (col % 2 == 0),
        "frames": ring % 3 == 0,
        "comb": (row == 0) | (col % 3 == 0),
    }[kind]
    against_naive(image, mask)


def test_large_objects_are_measured_in_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tomocalc.image.border.LIMIT", 300)
    monkeypatch.setattr("tomocalc.image.statistics.LIMIT", 100)
    rng = np.random.default_rng(5)
    image = rng.integers(0, 256, (80, 90)).astype(np.uint8)
    for density in (0.1, 0.5, 0.95):
        against_naive(image, rng.random(image.shape) < density)


def test_masks_that_are_no_objects_of_the_slice() -> None:
    """Masks may overlap each other; their borders leave out the slice's own objects only."""
    image = np.random.default_rng(6).integers(0, 256, (30, 30)).astype(np.uint8)
    own, one, two = (np.zeros(image.shape, np.bool_) for _ in range(3))
    own[10:12, 14:18], one[8:12, 8:12], two[9:13, 10:14] = True, True, True
    masks = [label_runs(*mask_runs(mask))[0] for mask in (one, two)]
    for mask, runs in zip((one, two), masks, strict=True):
        grown = np.zeros(image.shape, np.bool_)
        row, col = np.nonzero(mask)
        grown[row.min() - 2 : row.max() + 3, col.min() - 2 : col.max() + 3] = True
        objects = measure(Grey(image, IDENTITY), runs, own)
        ring = image[grown & ~mask & ~own].astype(np.float64)
        close(objects.border, np.array([ring.size]))
        close(objects.border_mean, np.array([ring.mean()]))
        close(objects.border_deviations / ring.size, np.array([ring.var()]))


def test_without_a_border_contrast_is_zero() -> None:
    image = np.arange(20, dtype=np.uint8).reshape(4, 5)
    found = measured(image, np.ones((4, 5), np.bool_))
    assert found["contrast"] == [0]
    assert found["contrast_to_noise"] == [0]


def test_no_objects_give_empty_features() -> None:
    found = measured(np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.bool_))
    assert all(values.shape == (0,) for values in found.values())
