"""The search for bright spots, against a naive one, and what it must not depend on."""

import numpy as np
import pytest

from support.image_slices import SPOTS, breast_slice
from support.naive_image import local_labels, normalise
from tomocalc.image.breast import Breast, find_breast
from tomocalc.image.grey import Scale, normalisation
from tomocalc.image.spots import NEVER, Spots, find_spots

SPACING_MM = (0.1, 0.1)


def searched(raw: np.ndarray, threshold: float = 5.0) -> tuple[Spots, Breast, Scale]:
    breast = find_breast(raw, SPACING_MM)
    scale = normalisation(breast.sample(raw))
    assert scale is not None
    return find_spots(raw, breast, scale, threshold=threshold, spacing_mm=0.1), breast, scale


def mask_of(spots: Spots, shape: tuple[int, ...]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    for row, start, stop in zip(spots.row, spots.start, spots.stop, strict=True):
        mask[row, start:stop] = True
    return mask


def deep(breast: Breast, shape: tuple[int, ...]) -> np.ndarray:
    """Return the pixels that are far from the skin, which is bright too."""
    blocks = np.kron(breast.depth > 20, np.ones((breast.block,) * 2, bool))
    return blocks[: shape[0], : shape[1]]


def test_every_spot_is_found_and_little_else() -> None:
    raw = breast_slice(1)
    spots, breast, _ = searched(raw)
    mask = mask_of(spots, raw.shape)
    for y, x in SPOTS:
        assert mask[y, x]
        mask[y - 6 : y + 7, x - 6 : x + 7] = False
    assert (mask & deep(breast, raw.shape)).sum() < 60
    assert spots.strength.min() > 5
    assert spots.share == pytest.approx(mask_of(spots, raw.shape).mean())


def test_agrees_with_the_naive_search() -> None:
    raw = breast_slice(2)
    spots, breast, _ = searched(raw)
    grey = normalise(raw, breast.pixels(raw.shape))
    naive = local_labels(grey, breast, threshold=5.0, spacing_mm=0.1) > 0
    mine = mask_of(spots, raw.shape)
    inner = deep(breast, raw.shape)
    both, either = (mine & naive & inner).sum(), ((mine | naive) & inner).sum()
    assert both / either > 0.8


def test_runs_do_not_depend_on_the_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = breast_slice(3)
    wanted, _, _ = searched(raw)
    for tile in ((40, 33), (20, 64), (500, 500)):
        monkeypatch.setattr("tomocalc.image.spots.TILE", tile)
        found, _, _ = searched(raw)
        for name in ("row", "start", "stop"):
            assert np.array_equal(getattr(found, name), getattr(wanted, name)), (tile, name)


def test_response_does_not_depend_on_gain_and_offset() -> None:
    raw = breast_slice(4)
    wanted, _, _ = searched(raw)
    found, _, _ = searched(raw * 2 + 77)
    assert np.array_equal(found.row, wanted.row)
    np.testing.assert_allclose(found.strength, wanted.strength, rtol=0.05)


def test_noise_is_local() -> None:
    """A busy half of the breast must not hide spots in the quiet half."""
    rng = np.random.default_rng(5)
    raw = breast_slice(5).astype(float)
    raw[120:, :] += rng.normal(size=raw[120:, :].shape) * 400
    spots, breast, _ = searched(np.clip(raw, 0, 65535).astype(np.uint16))
    mask = mask_of(spots, raw.shape)
    assert all(mask[y, x] for y, x in SPOTS if y < 100)
    assert (mask & deep(breast, raw.shape))[130:].sum() < 100


def test_nothing_outside_the_breast() -> None:
    raw = breast_slice(6)
    raw[20:23, 170:173] = 4000
    spots, breast, _ = searched(raw)
    assert not (mask_of(spots, raw.shape) & ~breast.pixels(raw.shape)).any()


def test_a_flat_breast_has_no_spots() -> None:
    smooth = np.tile(np.linspace(0, 4000, 100).astype(np.uint16), (100, 1))
    breast = Breast(np.ones((10, 10), bool), 10)
    scale = normalisation(smooth.ravel())
    inner = find_spots(smooth, breast, scale, threshold=4.5, spacing_mm=0.1)
    assert not ((inner.start > 15) & (inner.stop < 85)).any()


def test_extreme_thresholds_do_not_wrap_around() -> None:
    assert searched(breast_slice(7), threshold=1e9)[0].row.size == 0
    assert NEVER > 255 * 16


@pytest.mark.parametrize("shape", [(16, 16), (17, 300), (300, 17), (33, 41)])
def test_odd_sizes(shape: tuple[int, int]) -> None:
    raw = np.random.default_rng(8).integers(0, 4000, shape).astype(np.uint16)
    spots, _, _ = searched(raw, threshold=3.0)
    assert spots.row.size == spots.strength.size
    assert (spots.stop <= shape[1]).all()
