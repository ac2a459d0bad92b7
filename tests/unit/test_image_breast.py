"""The breast mask: labels, borders, degenerate slices, and real images."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.image_slices import breast_slice
from tomocalc.image.breast import block_means, find_breast

SPACING_MM = (0.1, 0.1)


def truth(shape: tuple[int, int]) -> np.ndarray:
    row, col = np.mgrid[: shape[0], : shape[1]]
    return np.hypot((row - shape[0] / 2) / (0.47 * shape[0]), col / (0.85 * shape[1])) < 1


def overlap(one: np.ndarray, two: np.ndarray) -> float:
    return float((one & two).sum() / (one | two).sum())


@pytest.mark.parametrize("shape", [(240, 180), (483, 377)])
def test_finds_the_breast(shape: tuple[int, int]) -> None:
    raw = breast_slice(0, shape=shape)
    assert overlap(find_breast(raw, SPACING_MM).pixels(shape), truth(shape)) > 0.93


def test_a_film_label_is_no_breast() -> None:
    raw = breast_slice(1)
    raw[5:40, 140:175] = 4000
    breast = find_breast(raw, SPACING_MM)
    assert not breast.pixels((240, 180))[5:40, 140:175].any()
    assert overlap(breast.pixels((240, 180)), truth((240, 180))) > 0.93


def test_a_bright_strip_along_the_edge_is_no_breast() -> None:
    raw = breast_slice(2)
    raw[:, 175:] = 5000
    assert not find_breast(raw, SPACING_MM).pixels((240, 180))[:, 172:].any()


def test_the_breast_is_whole_at_the_border_and_has_no_holes() -> None:
    raw = breast_slice(3)
    raw[100:130, 40:70] = 150  # a dark cyst
    mask = find_breast(raw, SPACING_MM).pixels((240, 180))
    assert mask[60:180, :5].all()
    assert mask[100:130, 40:70].all()


def test_an_image_without_contrast_is_all_breast() -> None:
    breast = find_breast(np.full((50, 50), 9, np.uint16), SPACING_MM)
    assert breast.mask.all()
    assert breast.share == 1
    assert breast.box((50, 50)) == (slice(0, 50), slice(0, 50))


def test_box_and_sample() -> None:
    raw = breast_slice(4)
    breast = find_breast(raw, SPACING_MM)
    rows, cols = breast.box((240, 180))
    mask = breast.pixels((240, 180))
    outside = mask.copy()
    outside[rows, cols] = False
    assert not outside.any()
    assert breast.sample(raw).size == pytest.approx(mask.sum() / 9, rel=0.25)
    assert np.percentile(breast.sample(raw), 1) > 1000


def test_block_means_average_what_is_there() -> None:
    image = np.arange(7 * 5, dtype=np.uint16).reshape(7, 5)
    found = block_means(image, 3)
    assert found.shape == (3, 2)
    assert found[0, 0] == image[:3, :3].mean()
    assert found[2, 1] == image[6:, 3:].mean()


@pytest.mark.parametrize("block", [1, 2, 5, 12, 13, 20])
@pytest.mark.parametrize("shape", [(14, 14), (13, 40), (27, 12), (1, 1)])
def test_blocks_of_any_size_fit_images_of_any_size(block: int, shape: tuple[int, int]) -> None:
    found = block_means(np.full(shape, 7, np.uint8), block)
    assert found.shape == (-(-shape[0] // block), -(-shape[1] // block))
    assert (found == 7).all()


@pytest.mark.data
@pytest.mark.parametrize("image", ["mini_mias/mdb249.png", "mini_mias/mdb213.png"])
def test_real_films_are_cut_at_the_breast(real_data: Path, image: str) -> None:
    raw = np.asarray(Image.open(real_data / image).convert("L"))
    breast = find_breast(raw, (0.2, 0.2))
    assert 0.15 < breast.share < 0.6
    assert breast.sample(raw).mean() > 3 * raw[~breast.pixels((1024, 1024))].mean()


@pytest.mark.parametrize(("factor", "shift"), [(1, 30_000), (7, 0), (4, 20_000)])
def test_the_breast_does_not_depend_on_the_scale_of_values(factor: int, shift: int) -> None:
    raw = breast_slice(3, shape=(192, 128), spots=[])
    moved = (raw.astype(np.int64) * factor + shift).astype(np.uint16)
    found, expected = find_breast(moved, (0.1, 0.1)), find_breast(raw, (0.1, 0.1))
    np.testing.assert_array_equal(found.mask, expected.mask)
