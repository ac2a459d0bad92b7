"""Both candidate generators: what they take, what they leave, and their caps."""

from dataclasses import replace

import numpy as np
import pytest

from support.image_slices import SETTINGS, SPOTS, breast_slice
from support.naive_image import paper_labels
from tomocalc.accounts.manifest import SliceFacts
from tomocalc.accounts.settings import Settings, compared_generator
from tomocalc.image.breast import Breast
from tomocalc.image.generators import equalise, local_objects, paper_objects
from tomocalc.image.grey import Scale
from tomocalc.image.slices import find_objects, prepare, slice_facts

SPACING_MM = (0.1, 0.1)


def local(raw: np.ndarray, settings: Settings = SETTINGS, spacing_mm: float = 0.1):
    prepared = prepare(raw, (spacing_mm, spacing_mm))
    return local_objects(raw, prepared.breast, prepared.scale, settings, (spacing_mm, spacing_mm))


def centres(found) -> list[tuple[int, int]]:
    row, col = found.runs.centres()
    return [(round(y), round(x)) for y, x in zip(row, col, strict=True)]


def test_local_finds_the_spots() -> None:
    found = local(breast_slice(1))
    near = [
        any(abs(y - row) <= 2 and abs(x - col) <= 2 for row, col in centres(found))
        for y, x in SPOTS
    ]
    assert all(near)
    assert found.runs.count <= len(SPOTS) + 4
    assert not found.capped
    assert found.threshold == 4.5


def test_local_leaves_out_what_is_too_large_or_too_small() -> None:
    assert local(breast_slice(2), replace(SETTINGS, max_diameter_mm=0.2)).runs.area.max() <= 9
    assert local(breast_slice(2), replace(SETTINGS, min_diameter_mm=2.0)).runs.count == 0


def test_one_pixel_is_enough_where_pixels_are_larger_than_the_smallest_diameter() -> None:
    raw = breast_slice(3, spots=[])
    raw[100, 60] += 3000  # a pixel of 0.2 mm, wider than the smallest diameter of 0.1 mm
    assert (100, 60) in centres(local(raw, spacing_mm=0.2))
    small = replace(SETTINGS, max_diameter_mm=0.1)
    assert (100, 60) in centres(local(raw, small, spacing_mm=0.2))


def test_local_leaves_out_the_skin_line() -> None:
    raw = breast_slice(4, spots=[])
    row, col = np.mgrid[: raw.shape[0], : raw.shape[1]]
    distance = np.hypot((row - 120) / (0.47 * 240), col / (0.85 * 180))
    raw[(distance > 0.97) & (distance < 1)] += 2000
    assert local(raw).runs.count < 15


@pytest.mark.parametrize("line", ["dark", "dots"])
def test_a_line_along_the_border_gives_no_row_of_marks(line: str) -> None:
    """The border of the image is no skin: spots near it would be in the breast."""
    rng = np.random.default_rng(6)
    raw = breast_slice(6, spots=[])
    if line == "dark":
        raw[:, 0] = 100
    else:
        raw[rng.integers(30, 210, 40), 0] = 9000
    assert [col for _, col in centres(local(raw)) if col < 8] == []


def test_a_spot_close_to_the_border_is_found() -> None:
    raw = breast_slice(6, spots=[(120, 9)])
    assert any(abs(row - 120) <= 1 and abs(col - 9) <= 1 for row, col in centres(local(raw)))


def test_the_strongest_are_kept_in_their_order_when_there_are_too_many() -> None:
    raw = breast_slice(5)
    everything = local(raw)
    found = local(raw, replace(SETTINGS, max_per_slice=3))
    assert found.capped
    assert found.runs.count == 3
    assert sorted(found.strength, reverse=True) == sorted(everything.strength, reverse=True)[:3]
    assert [place for place in centres(everything) if place in centres(found)] == centres(found)


def test_paper_keeps_what_is_at_the_threshold() -> None:
    """The paper's mask is `≥ threshold`: pixels equal to Otsu's level belong to objects."""
    raw = np.full((40, 40), 100, np.uint8)
    raw[10:20, 10:20] = 200
    equalised = equalise(raw, Scale(0, 1), 0.01)
    found = paper_objects(equalised, SETTINGS)
    flat, _ = found.runs.pixels(40)
    values = equalised.table[equalised.levels.ravel()[flat]]
    assert values.min() == found.threshold == equalised.otsu
    assert np.delete(equalised.table[equalised.levels.ravel()], flat).max() < found.threshold


def test_paper_equals_the_chain_of_scikit_image() -> None:
    raw = np.clip(breast_slice(6) // 16, 0, 255).astype(np.uint8)
    equalised = equalise(raw, Scale(0, 1), 1.0)
    mine = paper_objects(equalised, SETTINGS).runs.paint(raw.shape)
    naive = paper_labels(raw.astype(float), equalised.sigma) > 0
    assert (mine == naive).mean() > 0.97


def test_the_blur_of_the_paper_is_in_millimetres() -> None:
    raw = breast_slice(6)
    prepared = prepare(raw, SPACING_MM)
    settings = replace(SETTINGS, blur_sigma_mm=0.2)
    found = find_objects(prepared, settings, SPACING_MM, ["paper"])["paper"].runs
    own = paper_objects(equalise(prepared.raw, prepared.scale, 2.0), SETTINGS).runs
    assert (found.paint(raw.shape) == own.paint(raw.shape)).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("level", [0, 37, 255])
def test_a_constant_slice_has_no_objects(dtype: type, level: int) -> None:
    assert prepare(np.full((64, 64), level, dtype), SPACING_MM) is None
    facts = SliceFacts(slice=3)
    assert (facts.qc_flag, facts.objects) == ("constant", 0)


@pytest.mark.parametrize(
    ("compare", "in_silico", "generator"),
    [
        ("auto", True, "paper"),
        ("auto", False, None),
        ("none", True, None),
        ("paper", False, "paper"),
        ("local", False, "local"),
    ],
)
def test_a_second_generator_runs_where_it_is_asked_for(
    compare: str, in_silico: bool, generator: str | None
) -> None:
    assert compared_generator(compare, in_silico=in_silico) == generator


def test_facts_of_a_slice() -> None:
    prepared = prepare(breast_slice(7), SPACING_MM)
    found = find_objects(prepared, SETTINGS, SPACING_MM, ["local"])
    assert list(found) == ["local"]
    facts = slice_facts(3, found["local"], prepared, (0.1, 0.1))
    assert (facts.slice, facts.qc_flag) == (3, "ok")
    assert facts.objects == found["local"].runs.count
    assert 0 < facts.mask_share < 0.1
    assert 0.4 < facts.breast_share < 0.8


@pytest.mark.parametrize("kind", ["checkerboard", "single pixels", "noise", "frames", "two levels"])
def test_odd_slices_stay_sane(kind: str) -> None:
    row, col = np.mgrid[:200, :200]
    noise = np.random.default_rng(1).integers(0, 65536, (200, 200))
    raw = {
        "checkerboard": (row + col) % 2 * 60000,
        "single pixels": ((row % 4 == 0) & (col % 4 == 0)) * 60000,
        "noise": noise,
        "frames": (np.maximum(abs(row - 100), abs(col - 100)) % 4 == 0) * 60000,
        "two levels": (col > 100) * 1,
    }[kind].astype(np.uint16)
    settings = replace(SETTINGS, max_per_slice=100)
    prepared = prepare(raw, SPACING_MM)
    for found in find_objects(prepared, settings, SPACING_MM, ("local", "paper")).values():
        assert found.runs.count <= 100
        assert np.isfinite(found.strength).all()


def test_a_breast_without_a_core_is_searched_too() -> None:
    raw = breast_slice(8)
    thin = np.zeros((24, 18), bool)
    thin[4:20, 3:5] = True
    found = local_objects(raw, Breast(thin, 10), Scale(1000, 0.1), SETTINGS, SPACING_MM)
    assert np.isfinite(found.strength).all()
