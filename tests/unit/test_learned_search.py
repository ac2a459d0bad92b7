"""A search that learns from slices without annotations: what it sees, finds, keeps and refuses."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from support.image_slices import SETTINGS, breast_slice
from tomocalc.accounts.search import SearchAccount
from tomocalc.errors import TomocalcError
from tomocalc.image.breast import Breast
from tomocalc.image.grey import Scale
from tomocalc.image.slices import Prepared, prepare
from tomocalc.learned.learning import SearchRecipe, learn_search, ranked_objects, spots_among
from tomocalc.learned.network import (
    ACCOUNT,
    WEIGHTS,
    SpotNetwork,
    load_search,
    save_search,
    spot_scores,
)
from tomocalc.learned.patches import SIDE, local_levels, patches
from tomocalc.learned.planted import Planted, plant

SPACING = 0.1
SHAPE = (420, 320)
RECIPE = SearchRecipe(spots=40, others=120, passes=2, epochs=10)


def untouched(seed: int) -> np.ndarray:
    """Return a breast whose bright lines are what a classical search takes for spots."""
    image = breast_slice(seed, shape=SHAPE, spots=[]).astype(float)
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for _ in range(25):
        y, x, angle = rng.uniform(60, 360), rng.uniform(10, 200), rng.uniform(0, np.pi)
        along = (col - x) * np.cos(angle) + (row - y) * np.sin(angle)
        across = (row - y) * np.cos(angle) - (col - x) * np.sin(angle)
        line = np.exp(-((across / 1.5) ** 2)) * (np.abs(along) < rng.uniform(6, 40))
        image += np.where(image > 1000, 450 * line, 0)
    return image.astype(np.uint16)


@cache
def learned() -> tuple[SpotNetwork, SearchAccount]:
    slices = [(untouched(seed), SPACING) for seed in range(8)]
    return learn_search(slices, settings=SETTINGS, recipe=RECIPE)


def prepared(raw: np.ndarray) -> Prepared:
    found = prepare(raw, (SPACING, SPACING))
    assert found is not None
    return found


def test_spots_that_were_put_in_are_found_among_fewer_marks() -> None:
    network, account = learned()
    needed = {"learned": 0, "local": 0}
    for seed in range(20, 24):
        before = prepared(untouched(seed))
        planted = plant(before, spots=25, spacing_mm=SPACING, rng=np.random.default_rng(seed))
        found, score = ranked_objects(
            replace(before, raw=planted.raw),
            network,
            settings=SETTINGS,
            spacing_mm=SPACING,
            threshold_k=account.threshold_k,
        )
        at_spot, far = spots_among(planted, *found.runs.centres(), SPACING)
        for name, values in (("learned", score), ("local", found.strength)):
            # marks far from all spots that come before 60 % of those at a spot
            limit = np.quantile(values[at_spot], 0.4)
            needed[name] += int((values[far] >= limit).sum())
    assert needed["local"] >= 10
    assert needed["learned"] <= needed["local"] / 3


def test_equal_slices_give_equal_weights_to_the_bit() -> None:
    few = [(untouched(seed), SPACING) for seed in range(2)]
    torch.manual_seed(5)  # what others draw changes nothing
    first, one = learn_search(few, settings=SETTINGS, recipe=replace(RECIPE, epochs=2))
    torch.manual_seed(6)
    second, two = learn_search(few, settings=SETTINGS, recipe=replace(RECIPE, epochs=2))
    other, _ = learn_search(few, settings=SETTINGS, recipe=replace(RECIPE, epochs=2, seed=2))
    pairs = [(first.state_dict()[name], second.state_dict()[name]) for name in first.state_dict()]
    assert all(torch.equal(a, b) for a, b in pairs)
    assert one == two
    assert any(
        not torch.equal(a, other.state_dict()[name]) for name, a in first.state_dict().items()
    )


def test_a_slice_is_cut_at_a_number_and_at_a_score() -> None:
    network, account = learned()
    given = {"settings": SETTINGS, "spacing_mm": SPACING, "threshold_k": account.threshold_k}
    whole = prepared(untouched(30))
    objects, score = ranked_objects(whole, network, **given)
    ten, best = ranked_objects(whole, network, per_slice=10, **given)
    above, high = ranked_objects(whole, network, lowest=float(np.median(score)), **given)
    assert ten.runs.count == len(best) == len(ten.strength) == 10
    assert sorted(best) == sorted(score)[-10:]
    assert above.runs.count == int((score >= np.median(score)).sum()) == len(high)
    assert objects.runs.count == len(score) > 20


def test_a_search_is_kept_and_used_again(tmp_path) -> None:
    network, account = learned()
    save_search(tmp_path, network, account)
    again, read = load_search(tmp_path)
    slice_ = prepared(untouched(31))
    seen = patches(slice_, np.array([100.0, 200.0, 2.0]), np.array([50.0, 90.0, 1.0]))
    assert np.array_equal(spot_scores(network, seen), spot_scores(again, seen))
    assert read.weights == sum(value.numel() for value in network.parameters())
    assert 40_000 <= read.weights <= 90_000
    assert read.slices == 8
    content = (tmp_path / WEIGHTS).read_bytes()
    save_search(tmp_path, network, account)
    assert (tmp_path / WEIGHTS).read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == [ACCOUNT, WEIGHTS]


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda folder: (folder / WEIGHTS).unlink(), "E404"),
        (lambda folder: (folder / WEIGHTS).write_bytes(b"{}"), "E404"),
        (lambda folder: (folder / ACCOUNT).unlink(), "E307"),
        (lambda folder: (folder / ACCOUNT).write_text("{}"), "E307"),
    ],
)
def test_a_damaged_search_is_refused_by_name(tmp_path, damage, code) -> None:
    save_search(tmp_path, *learned())
    damage(tmp_path)
    with pytest.raises(TomocalcError) as caught:
        load_search(tmp_path)
    assert caught.value.code == code
    assert str(tmp_path) in caught.value.where


def test_slices_that_teach_nothing_are_refused() -> None:
    dark = np.zeros(SHAPE, np.uint16)
    with pytest.raises(TomocalcError, match="0 objects lie at a spot") as caught:
        learn_search([(dark, SPACING)] * 3, settings=SETTINGS, recipe=RECIPE)
    assert caught.value.code == "E407"
    assert caught.value.where == "3 slices"
    with pytest.raises(TomocalcError, match="E407"):
        learn_search([], settings=SETTINGS, recipe=RECIPE)


def test_what_is_not_near_a_spot_is_not_changed() -> None:
    before = prepared(untouched(3))
    kept = before.raw.copy()
    planted = plant(before, spots=5, spacing_mm=SPACING, rng=np.random.default_rng(1))
    again = plant(before, spots=5, spacing_mm=SPACING, rng=np.random.default_rng(1))
    assert np.array_equal(before.raw, kept)
    assert np.array_equal(planted.raw, again.raw)
    assert planted.raw.dtype == kept.dtype
    changed = np.argwhere(planted.raw != kept)
    away = np.hypot(
        changed[:, None, 0] - planted.row[None], changed[:, None, 1] - planted.col[None]
    )
    # three standard deviations of the widest spot, 1.5 mm at half maximum, and its parts
    assert away.min(axis=1).max() < 1.5 / SPACING / 2.3548 * (3 + 1.2) * 2**0.5 + 12
    assert (planted.raw >= kept).all()
    peak = planted.raw[np.rint(planted.row).astype(int), np.rint(planted.col).astype(int)]
    assert (peak > kept[np.rint(planted.row).astype(int), np.rint(planted.col).astype(int)]).all()


def test_patches_go_on_beyond_the_border_by_reflection() -> None:
    raw = np.add.outer(10 * np.arange(40), np.arange(40)).astype(np.uint16)
    mask = Breast(np.ones((4, 4), np.bool_), 10)
    slice_ = Prepared(raw, mask, Scale(0.0, 0.25))
    (patch,) = patches(slice_, np.array([0.0]), np.array([39.0]))
    grey = (patch[1] + 0.5) * 100
    middle = SIDE // 2  # the pixel (0, 39), worth 39 · 0.25
    assert grey[middle, middle] == pytest.approx(9.75, abs=1e-4)
    assert grey[middle - 2, middle] == pytest.approx(grey[middle + 2, middle])  # row 2: 59 · 0.25
    assert grey[middle + 2, middle] == pytest.approx(14.75, abs=1e-4)
    assert grey[middle, middle + 3] == pytest.approx(9.0, abs=1e-4)  # column 36


def test_local_mean_and_noise_of_a_chessboard() -> None:
    raw = (10 + 4 * (np.indices((40, 40)).sum(axis=0) % 2)).astype(np.uint16)
    mean, noise = local_levels(raw, np.arange(65536, dtype=np.float32))
    assert mean == pytest.approx(12)  # of 10 and 14
    assert noise == pytest.approx(2)
    flat, quiet = local_levels(np.full((9, 9), 7, np.uint16), np.arange(65536, dtype=np.float32))
    assert flat == pytest.approx(7)
    assert quiet == pytest.approx(0.5)


def test_objects_between_a_spot_and_far_from_it_teach_nothing() -> None:
    planted = Planted(
        np.zeros((1, 1), np.uint8), np.array([50.0]), np.array([50.0]), np.array([1.0])
    )
    # 0.2 mm and a pixel are 3 pixels; the edge is 5 pixels out, and 6 more are left out
    at_spot, far = spots_among(planted, np.array([52.9, 53.1, 60.9, 61.1]), np.full(4, 50.0), 0.1)
    assert at_spot.tolist() == [True, False, False, False]
    assert far.tolist() == [False, False, False, True]
