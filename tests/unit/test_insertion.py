"""Calcifications put into a volume: where, how bright, and nothing else."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from support.normal_volumes import INSERTION, SMALL, normal_volume, tissue
from tomocalc.accounts.insertion import InsertionPlan, Insertions
from tomocalc.cells import LINE
from tomocalc.errors import TomocalcError
from tomocalc.insertion.layer import InsertedVolume, putting_in
from tomocalc.insertion.motion import find_motion, measure_coherence
from tomocalc.insertion.patches import Footprint, ellipsoids, geometry_of, make_patch
from tomocalc.insertion.planning import plan_insertion
from tomocalc.insertion.room import look
from tomocalc.phantom.acquisition import Ellipsoid
from tomocalc.readers.opening import spooled
from tomocalc.readers.volume import Volume, open_volume

opened = partial(open_volume, pixel_spacing_mm=0.1, max_pixels=10**6, min_size=16)


def planned(volume: Volume, **change: Any) -> InsertionPlan:
    """Return what is put into a volume."""
    settings = replace(INSERTION, **change.pop("settings", {}))
    name = change.pop("name", "v1")
    how: dict[str, Any] = {"calcified": True, "seed": 1, "where": name, **change}
    return plan_insertion(volume, volume_id=name, settings=settings, **how)


@pytest.fixture(scope="module")
def normal(tmp_path_factory: pytest.TempPathFactory) -> Volume:
    return normal_volume(tmp_path_factory.mktemp("normal"))


@pytest.fixture(scope="module")
def plan(normal: Volume) -> InsertionPlan:
    return planned(normal)


@pytest.fixture(scope="module")
def added(normal: Volume, plan: InsertionPlan) -> np.ndarray:
    """Return what the slices gain."""
    volume = InsertedVolume(normal, plan)
    return np.stack([volume.read(index).astype(int) - normal.read(index) for index in range(12)])


def test_each_object_has_the_contrast_that_is_told(
    normal: Volume, plan: InsertionPlan, added: np.ndarray
) -> None:
    objects = [one for group in plan.groups for one in group.objects]
    assert sum(one.kind == "calcification" for one in objects) >= 3
    row, col = np.indices(added.shape[1:])
    for one in objects:
        away = np.hypot(row - one.y, col - one.x)
        radius = one.diameter_mm / 2 / plan.pixel_spacing_mm
        peak = added[one.slice][away <= radius + 1].max()
        around = normal.read(one.slice)[away <= radius + 15].mean() - plan.air
        assert peak / around == pytest.approx(one.contrast, rel=0.02)
        if one.kind == "calcification":
            assert 0.098 <= one.contrast <= 1.02


def test_nothing_changes_outside_the_footprint(plan: InsertionPlan, added: np.ndarray) -> None:
    geometry, pixel = geometry_of(plan), plan.pixel_spacing_mm
    outside = np.ones(added.shape, bool)
    for group in plan.groups:
        bodies = [body for one in group.objects for body in ellipsoids(one.bodies)]
        footprint = Footprint.of(bodies, geometry)
        left, right = (round(edge / pixel) for edge in footprint.columns_mm)
        for index in range(12):
            top, bottom = np.array(footprint.rows_mm(index * 1.0)) / pixel
            rows = slice(max(int(np.floor(top)), 0), max(int(np.ceil(bottom)) + 1, 0))
            outside[index, rows, max(left, 0) : right + 1] = False
    assert 0.05 < outside.mean() < 1
    assert not added[outside].any()
    assert added[~outside].any()
    assert not added[tissue("v1") <= plan.air].any(), "air stays air"


def test_the_plan_is_exact_by_seed_and_volume(
    tmp_path: Path, normal: Volume, plan: InsertionPlan
) -> None:
    assert planned(normal) == plan
    assert planned(normal, seed=2).groups != plan.groups
    Insertions(volumes=(plan,)).write(tmp_path / "plan.json")
    again = Insertions.plans([str(tmp_path / "plan.json")])["v1"]
    assert again == plan
    layer = putting_in(again, "v1")(normal)
    with spooled(layer) as stack:
        np.testing.assert_array_equal(stack.read(5), InsertedVolume(normal, plan).read(5))
        assert stack.key(5) == InsertedVolume(normal, plan).key(5) != normal.key(5)
    assert layer.with_header(layer.header).key(5) == layer.key(5)


def test_distractors_stay_where_clusters_are_not_wanted(
    normal: Volume, plan: InsertionPlan
) -> None:
    free = planned(normal, calcified=False)
    assert {one.kind for group in free.groups for one in group.objects} <= {
        "end_on_vessel",
        "round_benign",
        "vascular",
    }
    assert len(free.groups) == len(plan.groups) - 1 or len(plan.groups) == 1


def line(**change: Any) -> dict[str, Any]:
    """Return a line of the sheet of annotations."""
    row = {"volume_id": "v1", "slice": 6, "x": 80.0, "y": 128.0, "radius": None, "mask": None}
    return {**row, "width": None, "height": None, "kind": "mass", LINE: 2, **change}


def test_annotated_findings_stay_as_they_are(normal: Volume, plan: InsertionPlan) -> None:
    first = plan.groups[0].objects[0]
    marked = line(slice=first.slice, x=first.x, y=first.y, radius=6.0)
    moved = planned(normal, annotations=[marked])
    volume = InsertedVolume(normal, moved)
    assert len(moved.groups[0].objects) >= 3
    rows, columns = (slice(int(edge) - 6, int(edge) + 8) for edge in (first.y, first.x))
    for index in range(first.slice - 1, first.slice + 2):
        before, after = normal.read(index), volume.read(index)
        np.testing.assert_array_equal(before[rows, columns], after[rows, columns])


def test_annotated_findings_that_leave_no_room_are_named(normal: Volume) -> None:
    everything = line(slice=None, x=0.0, y=0.0, width=192.0, height=256.0)
    with pytest.raises(TomocalcError, match=r"E212.*annotated findings leave no room"):
        planned(normal, annotations=[everything])


def test_a_breast_that_is_too_small_is_named(tmp_path: Path) -> None:
    image = np.zeros((160, 160), np.uint16)
    image[50:110, :30] = 1000
    (tmp_path / "v").mkdir()
    for index in range(6):
        Image.fromarray(image).save(tmp_path / f"v/s{index}.png")
    small = opened(tmp_path / "v", slice_spacing_mm=1.0)
    with pytest.raises(TomocalcError, match=r"E210.*insertion.half_angle_deg"):
        planned(small)
    with pytest.raises(TomocalcError, match=r"E211.*no room"):
        planned(small, settings={"half_angle_deg": 15.0})
    wide = small.with_header(replace(small.header, spacing_mm=(0.1, 0.2)))
    with pytest.raises(TomocalcError, match=r"E205.*not square"):
        planned(wide)
    Image.fromarray(np.full_like(image, 7)).save(tmp_path / "flat.png")
    flat = opened(tmp_path / "flat.png")
    with pytest.raises(TomocalcError, match=r"E211.*no breast.*one value everywhere"):
        planned(flat, settings={"half_angle_deg": 15.0})


def test_a_volume_of_another_size_than_planned_is_named(
    normal: Volume, plan: InsertionPlan
) -> None:
    other = normal.with_header(replace(normal.header, rows=300))
    with pytest.raises(TomocalcError, match=r"E208.*changed"):
        putting_in(plan, "v1")(other)


@pytest.mark.parametrize("half", [7.5, 25.0])
def test_the_slices_show_the_angle_of_the_tube(tmp_path: Path, half: float) -> None:
    volume = normal_volume(tmp_path, settings=replace(SMALL, half_angle_deg=half))
    (_, _, (_, last)), _ = look(volume, "v1")
    shown = measure_coherence(volume, last)
    fitted, misfit = shown.fit(15)
    assert fitted == pytest.approx(half, rel=0.08)
    assert misfit < 0.08
    how: dict[str, Any] = {"projections": 15, "where": "v"}
    right, none = find_motion(volume, last, half_angle_deg=half, **how)
    assert (right.source, none) == ("setting", ())
    wrong, doubts = find_motion(volume, last, half_angle_deg=15.0, **how)
    assert wrong.half_angle_deg == 15
    assert [doubt.code for doubt in doubts] == ["angle_differs"]
    told = volume.with_header(replace(volume.header, half_angle_deg=half))
    assert find_motion(told, last, half_angle_deg=15.0, **how)[0].source == "header"


def test_slices_of_noise_do_not_look_like_projections(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for index in range(8):
        image = rng.integers(900, 1100, (192, 192)).astype(np.uint16)
        Image.fromarray(image).save(tmp_path / f"s{index}.png")
    noise = opened(tmp_path, slice_spacing_mm=1.0)
    (_, _, (_, breast)), _ = look(noise, "noise")
    _, doubts = find_motion(noise, breast, half_angle_deg=None, projections=15, where="v")
    assert [doubt.code for doubt in doubts] == ["geometry_misfit"]


def test_a_patch_lies_where_its_bodies_are_and_is_in_focus_there() -> None:
    geometry = replace(SMALL, half_angle_deg=15.0)
    centre = np.array([6.0, 12.04, 8.0])
    patch = make_patch([Ellipsoid(centre, np.full(3, 0.2), np.eye(3), 1.0)], geometry)
    weights = np.clip(patch.values[6], 0, None) ** 2
    row, col = np.indices(weights.shape)
    assert np.average(row, weights=weights) + patch.top == pytest.approx(120.4, abs=0.1)
    assert np.average(col, weights=weights) + patch.left == pytest.approx(80, abs=0.1)
    peaks = patch.values.max(axis=(1, 2))
    assert int(peaks.argmax()) == 6
    assert peaks[6] > 2 * peaks[4] > 0
