"""Smoothing by sums of two: close to a Gaussian, exact in its own terms."""

import numpy as np
import pytest
from scipy import ndimage

from support.image_slices import texture
from tomocalc.image.grey import Scale
from tomocalc.image.smoothing import UNIT, Ladder, Tile, chain, tiles

ALREADY_GREY = Scale(0.0, 1.0)


@pytest.mark.parametrize("spacing_mm", [0.05, 0.07, 0.085, 0.1, 0.2])
def test_reached_variances_are_close_to_the_wanted(spacing_mm: float) -> None:
    wanted = [(0.12 * 1.6**step / spacing_mm) ** 2 for step in range(4)]
    ladder = Ladder(tuple(wanted))
    for reached, value in zip(ladder.variances, wanted, strict=True):
        assert reached == pytest.approx(max(value, 0.5), rel=0.15)
    assert all(sum(shifts) % 2 == 0 for shifts in ladder.chains)


def test_the_kernel_has_the_variance_it_claims() -> None:
    ladder = Ladder((2.0, 5.0, 13.0))
    image = np.zeros((81, 81), np.uint8)
    image[40, 40] = 255
    (_, [tile]) = next(tiles(slice(0, 81), slice(0, 81), (81, 81)))
    offset = np.arange(81) - 40
    for smooth, variance in zip(
        ladder.smooth(ladder.load(image, tile, ALREADY_GREY)), ladder.variances, strict=True
    ):
        profile = smooth.sum(axis=1) / smooth.sum()
        assert (profile * offset).sum() == pytest.approx(0, abs=0.02)
        # Rounding to sixteenths loses the faintest tails.
        assert (profile * offset**2).sum() == pytest.approx(variance, rel=0.1)


def test_close_to_a_gaussian_on_a_textured_image() -> None:
    image = np.clip(128 + 40 * texture((150, 170), 0), 0, 255).astype(np.uint8)
    ladder = Ladder((2.0, 5.1, 13.1, 33.5))
    tile = Tile(0, 150, 0, 170)
    for smooth, variance in zip(
        ladder.smooth(ladder.load(image, tile, ALREADY_GREY)), ladder.variances, strict=True
    ):
        wanted = ndimage.gaussian_filter(image.astype(float), variance**0.5, mode="nearest")
        found = smooth / UNIT
        assert np.abs(found - wanted).mean() < 0.02 * wanted.std()


def test_tiles_do_not_show() -> None:
    image = np.random.default_rng(1).integers(0, 4096, (97, 131)).astype(np.uint16)
    ladder = Ladder((1.5, 9.5))
    scale = Scale(500.0, 0.1)
    whole = [part.copy() for part in ladder.smooth(ladder.load(image, Tile(0, 97, 0, 131), scale))]
    covered = np.zeros(image.shape, bool)
    for _, parts in tiles(slice(0, 97), slice(0, 131), (40, 50)):
        for tile in parts:
            window = slice(tile.top, tile.bottom), slice(tile.left, tile.right)
            for found, wanted in zip(
                ladder.smooth(ladder.load(image, tile, scale)), whole, strict=True
            ):
                assert np.array_equal(found, wanted[window])
            covered[window] = True
    assert covered.all()


def test_a_constant_image_stays_constant() -> None:
    image = np.full((40, 40), 255, np.uint8)
    ladder = Ladder((2.0, 5.0, 13.0, 33.0))
    for smooth in ladder.smooth(ladder.load(image, Tile(0, 40, 0, 40), ALREADY_GREY)):
        assert (smooth == 255 * UNIT).all()


def test_chains_have_no_gaps() -> None:
    for variance in (*np.geomspace(0.3, 1600, 60).tolist(), 16.0, 64.0, 256.0):
        reached = 0.0
        for shift in chain(variance, 0.0):
            assert shift == 1 or shift**2 <= 4.5 * reached
            reached += shift**2 / 4
        assert reached == pytest.approx(max(variance, 0.5), rel=0.23, abs=0.26)  # 12 % in width
