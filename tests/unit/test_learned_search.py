"""A search that learns from slices without annotations: what it sees, finds, keeps and refuses."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from support.image_slices import SETTINGS, breast_slice
from tomocalc.errors import TomocalcError
from tomocalc.image.breast import Breast
from tomocalc.image.grey import Scale
from tomocalc.image.slices import Prepared, prepare
from tomocalc.learned.fitting import SpotNetwork
from tomocalc.learned.learning import SearchRecipe, learn_search, spots_among
from tomocalc.learned.planted import Planted, plant
from tomocalc.learned.search import (
    ACCOUNT,
    SIDE,
    WEIGHTS,
    LearnedSearch,
    load_search,
    low_objects,
    patches,
    planes,
    released_search,
    save_search,
)

SPACING = 0.1
SHAPE = (420, 320)
RECIPE = SearchRecipe(spots=40, others=120, passes=3, epochs=10)


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
def learned() -> LearnedSearch:
    slices = [(untouched(seed), (SPACING, SPACING)) for seed in range(8)]
    return learn_search(slices, settings=SETTINGS, recipe=RECIPE)


def prepared(raw: np.ndarray) -> Prepared:
    found = prepare(raw, (SPACING, SPACING))
    assert found is not None
    return found


def test_spots_that_were_put_in_are_found_among_fewer_marks() -> None:
    needed = {"learned": 0, "local": 0}
    for seed in range(20, 24):
        before = prepared(untouched(seed))
        planted = plant(before, spots=25, spacing_mm=SPACING, rng=np.random.default_rng(seed))
        changed = replace(before, raw=planted.raw)
        found, score = learned().ranked(changed, SETTINGS, (SPACING, SPACING))
        at_spot, far = spots_among(planted, *found.runs.centres(), SPACING)
        for name, values in (("learned", score), ("local", found.strength)):
            # marks far from all spots that come before 60 % of those at a spot
            limit = np.quantile(values[at_spot], 0.4)
            needed[name] += int((values[far] >= limit).sum())
    assert needed["local"] >= 10
    assert needed["learned"] <= needed["local"] / 3


def test_equal_slices_give_equal_weights_to_the_bit() -> None:
    few = [(untouched(seed), (SPACING, SPACING)) for seed in range(2)]
    torch.manual_seed(5)  # what others draw changes nothing
    first = learn_search(few, settings=SETTINGS, recipe=replace(RECIPE, epochs=2))
    torch.manual_seed(6)
    second = learn_search(few, settings=SETTINGS, recipe=replace(RECIPE, epochs=2))
    other = learn_search(few, settings=SETTINGS, recipe=replace(RECIPE, epochs=2, seed=2))
    assert all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)
    assert first.account == second.account
    assert first.key != other.key


def test_numpy_computes_the_network_that_pytorch_trained() -> None:
    torch.manual_seed(3)
    network = SpotNetwork().eval()
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    seen = np.random.default_rng(3).normal(50, 20, size=(70, SIDE, SIDE)).astype(np.float16)
    with torch.inference_mode():
        wanted = network(torch.from_numpy(planes(seen)).permute(0, 3, 1, 2)).numpy()
    search = LearnedSearch(weights, learned().account)
    assert search.scores(seen) == pytest.approx(wanted, abs=1e-5)
    assert search.scores(seen[:0]).shape == (0,)


def test_as_many_objects_are_kept_as_the_classical_search_finds() -> None:
    search, spacing = learned(), (SPACING, SPACING)
    kept = classical = 0
    for seed in range(30, 36):
        whole = prepared(untouched(seed))
        found, score = search.ranked(whole, SETTINGS, spacing)
        chosen = search.objects(whole, SETTINGS, spacing)
        assert chosen.runs.count == int((score >= search.account.cut).sum()) < found.runs.count
        kept += chosen.runs.count
        classical += low_objects(whole, SETTINGS, spacing, SETTINGS.threshold_k).runs.count
    assert 0.6 < kept / classical < 1.6


def test_a_search_is_kept_and_used_again(tmp_path) -> None:
    search = learned()
    save_search(tmp_path, search)
    again = load_search(tmp_path)
    slice_ = prepared(untouched(31))
    seen = patches(slice_, np.array([100.0, 200.0, 2.0]), np.array([50.0, 90.0, 1.0]))
    assert np.array_equal(search.scores(seen), again.scores(seen))
    assert again.account == search.account
    assert again.account.weights == sum(array.size for array in search.weights.values())
    assert 40_000 <= again.account.weights <= 90_000
    assert again.account.slices == 8
    content = (tmp_path / WEIGHTS).read_bytes()
    save_search(tmp_path, search)
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
    save_search(tmp_path, learned())
    damage(tmp_path)
    with pytest.raises(TomocalcError) as caught:
        load_search(tmp_path)
    assert caught.value.code == code
    assert str(tmp_path) in caught.value.where


def test_a_release_is_searched_by_its_own_search_alone(tmp_path) -> None:
    search, settings = learned(), replace(SETTINGS, generator="learned")
    save_search(tmp_path, search)
    found = released_search(tmp_path, search.key, settings)
    assert found.key == search.key
    assert released_search(tmp_path, None, SETTINGS) is None  # another generator needs none
    with pytest.raises(TomocalcError, match=r"E404.*differs from the one in the model's card"):
        released_search(tmp_path, "0" * 64, settings)
    with pytest.raises(TomocalcError, match=r"E602.*the model has no search"):
        released_search(tmp_path, None, settings)


def test_slices_that_teach_nothing_are_refused() -> None:
    dark = np.zeros(SHAPE, np.uint16)
    with pytest.raises(TomocalcError, match="0 objects lie at a spot") as caught:
        learn_search([(dark, (SPACING, SPACING))] * 3, settings=SETTINGS, recipe=RECIPE)
    assert caught.value.code == "E407"
    assert caught.value.where == "3 slices"
    with pytest.raises(TomocalcError, match="E407"):
        learn_search([], settings=SETTINGS, recipe=RECIPE)


@pytest.mark.parametrize("kind", ["<i2", "<f4", "<u4", "<u2"])
def test_an_array_that_is_no_slice_is_refused(kind: str) -> None:
    image = breast_slice(1, shape=SHAPE).astype(kind)
    slices = image if kind != "<u2" else image[None]
    with pytest.raises(
        TomocalcError, match=r"E206.*shape.*give \(row, column\) of uint8 or uint16"
    ):
        learn_search([(slices, (SPACING, SPACING))], settings=SETTINGS, recipe=RECIPE)


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
    slice_ = Prepared(raw, Breast(np.ones((4, 4), np.bool_), 10), Scale(0.0, 0.25))
    (patch,) = patches(slice_, np.array([0.0]), np.array([39.0]))
    grey = patch.astype(np.float64)
    middle = SIDE // 2  # the pixel (0, 39), worth 39 · 0.25
    assert grey[middle, middle] == pytest.approx(9.75, abs=0.01)
    assert grey[middle - 2, middle] == pytest.approx(grey[middle + 2, middle])  # row 2: 59 · 0.25
    assert grey[middle + 2, middle] == pytest.approx(14.75, abs=0.01)
    assert grey[middle, middle + 3] == pytest.approx(9.0, abs=0.01)  # column 36


def test_a_patch_is_seen_over_the_tissue_around_its_object() -> None:
    board = np.where(np.indices((SIDE, SIDE)).sum(axis=0) % 2, 52, 48).astype(np.float16)
    grey = np.stack([board, np.full((SIDE, SIDE), 30, np.float16), board])
    grey[1, SIDE // 2, SIDE // 2] = 90
    grey[2, 0] = 100  # outside the middle 32 pixels
    seen = planes(grey)
    assert seen.shape == (3, SIDE, SIDE, 2)
    assert seen[0, 0, :2] == pytest.approx(np.array([[-1, -0.02], [1, 0.02]]))  # 48 and 52
    # one of 1,024 pixels 60 above the others: mean 60 / 1024, deviation √(60² / 1024) = 1.875
    assert seen[1, 0, 0, 0] == pytest.approx(-60 / 1024 / 1.8741, abs=1e-3)
    assert seen[1, SIDE // 2, SIDE // 2].tolist() == pytest.approx([16, 0.4])  # cut off
    assert np.array_equal(seen[2, 1:], seen[0, 1:])
    (flat,) = planes(np.full((1, SIDE, SIDE), 7, np.float16))
    assert not flat[..., 0].any()


def test_objects_between_a_spot_and_far_from_it_teach_nothing() -> None:
    planted = Planted(
        np.zeros((1, 1), np.uint8), np.array([50.0]), np.array([50.0]), np.array([1.0])
    )
    # 0.2 mm and a pixel are 3 pixels; the edge is 5 pixels out, and 6 more are left out
    at_spot, far = spots_among(planted, np.array([52.9, 53.1, 60.9, 61.1]), np.full(4, 50.0), 0.1)
    assert at_spot.tolist() == [True, False, False, False]
    assert far.tolist() == [False, False, False, True]
