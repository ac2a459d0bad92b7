"""Findings, their mirror images, and the account of detection."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from support.manifests import manifest
from support.manifests import manifest as made
from tomocalc.accounts.manifest import SliceFacts
from tomocalc.dataset.masks import placed
from tomocalc.evaluation.coverage import Coverage, SmallObjects, mirrored, rate, small
from tomocalc.evaluation.findings import box_of
from tomocalc.image.breast import Breast, Outline


def found(*objects: tuple[int, float, float], **change: Any) -> SmallObjects:
    """Return objects (slice, row, column)."""
    table = pl.DataFrame(objects, schema=["slice", "row", "col"], orient="row")
    settings = {"spacing_mm": (0.1, 0.1), "tolerance_mm": 0.3, "slice_tolerance": 1} | change
    return SmallObjects(table, **settings)


def circle(slice_index: int | None = 5, **change: Any) -> Any:
    return {
        "slice": slice_index,
        "x": 20.0,
        "y": 30.0,
        "radius": 2.0,
        "width": None,
        "height": None,
        "kind": "calcification",
    } | change


@pytest.mark.parametrize(
    ("row", "col", "covered"),
    [(30, 20, True), (30, 24.9, True), (30, 25.1, False), (34, 24, False)],
)
def test_a_circle_is_covered_within_its_radius_and_tolerance(
    row: float, col: float, covered: bool
) -> None:
    assert found((5, row, col)).cover(circle()) == covered


def test_tolerance_is_in_mm_along_each_axis() -> None:
    finding = circle()
    objects = found((5, 30 + 3.4, 20), spacing_mm=(0.2, 0.1))
    assert objects.cover(finding)  # 2 × 0.2 + 0.3 = 0.7 mm, and 3.4 rows are 0.68 mm
    assert not found((5, 30 + 3.6, 20), spacing_mm=(0.2, 0.1)).cover(finding)


@pytest.mark.parametrize(("index", "covered"), [(3, False), (4, True), (6, True), (7, False)])
def test_neighbouring_slices_count(index: int, covered: bool) -> None:
    assert found((index, 30, 20)).cover(circle()) == covered
    assert found((index, 30, 20)).cover(circle(None))


def test_a_box_is_given_by_its_corner() -> None:
    finding = circle(radius=None, width=10.0, height=4.0)
    assert box_of(finding).centre == (32, 25)
    assert found((5, 35, 31)).cover(finding)
    assert not found((5, 39.5, 25)).cover(finding)


def test_a_mask_covers_what_the_labels_count_and_no_corner_of_its_box(tmp_path: Path) -> None:
    drawn = np.zeros((60, 60), np.uint8)
    drawn[10:30, 10:12] = drawn[28:30, 10:30] = 255  # an L
    Image.fromarray(drawn).save(tmp_path / "mask.png")
    row = circle(radius=None, x=None, y=None, mask=str(tmp_path / "mask.png"))
    (finding,) = placed([row | {"volume_id": "v", "_line": 2}], [made("v", slices=9)])
    assert found((5, 20, 11)).cover(finding)
    assert not found((5, 13, 27)).cover(finding)
    assert found((5, 40, 16)).cover(finding, (20, 5))
    assert not found((5, 20, 11)).cover(finding, (20, 5))


def half_disc() -> Outline:
    row, col = np.mgrid[:20, :14]
    outline = Outline.of([Breast(np.hypot(row - 9.5, col) < 9, 10)])
    assert outline is not None
    return outline


def test_outline_keeps_its_shape_as_text() -> None:
    outline = half_disc()
    again = Outline.from_text(outline.text())
    assert np.array_equal(again.spans, outline.spans)
    assert again.block == 10
    row, col = outline.centre
    assert row == pytest.approx(100)
    assert 30 < col < 50
    assert outline.holds(100, 5)
    assert not outline.holds(5, 5)
    assert not outline.holds(100, 120)
    assert not outline.holds(-5, 5)
    assert Outline.of([]) is None


def test_mirrored_places_lie_in_the_breast_and_on_no_finding() -> None:
    outline = half_disc()
    finding = circle(y=60.0, x=20.0, radius=3.0)
    shifts = mirrored(finding, outline, [finding])
    assert all(outline.holds(60 + down, 20 + across) for down, across in shifts)
    assert (80.0, 0.0) in shifts
    other = circle(y=143.0, x=20.0, radius=3.0)
    assert (80.0, 0.0) not in mirrored(finding, outline, [finding, other])
    middle = circle(y=100.0, x=outline.centre[1], radius=3.0)
    assert mirrored(middle, outline, [middle]) == []


def test_only_small_objects_count() -> None:
    objects = pl.DataFrame({"area_px": [1, 176, 177, 5000]})
    assert small(objects, (0.1, 0.1)).height == 2  # a circle of 1.5 mm has 1.767 mm²


def test_the_interval_of_recall_is_by_patient() -> None:
    # 8 of 10, of ten patients or of two, whose findings are alike
    many = rate([(f"P{number}", number < 8) for number in range(10)])
    few = rate([("A", True)] * 8 + [("B", False)] * 2)
    assert many.recall == few.recall == 0.8
    assert 0.25 < many.lower < 0.5
    assert few.lower < 0.01
    assert rate([]).recall is None
    assert rate([(f"P{number}", True) for number in range(5)]).upper == 1  # Wilson's
    assert rate([("A", True), ("A", False)]).lower is None  # of one patient there is none


def test_account() -> None:
    account = Coverage()
    half = tuple(SliceFacts(slice=index, breast_share=0.5) for index in range(2))
    facts = manifest(rows=200, columns=140, slice_facts=half)
    objects = pl.DataFrame({"area_px": [4, 4, 4, 9999]})
    account.add_volume(objects, facts)
    hits = found((5, 30.0, 20.0), (5, 60.0, 20.0))
    account.add_findings(hits, [circle(), circle(y=80.0)], half_disc(), patient="P1")
    truth = [circle() | {"contrast_to_noise": 6.0}, circle(y=90.0) | {"contrast_to_noise": 9.0}]
    truth.append(circle(y=60.0, kind="clip") | {"contrast_to_noise": 30.0})
    truth.append(circle(y=99.0) | {"contrast_to_noise": -1.0})
    account.add_truth(hits, truth, patient="P1")
    result = account.account()
    assert result.objects_per_slice == 2
    assert result.small_objects_per_slice == 1.5
    # 200 × 140 pixels of 0.01 mm², half of them breast, two slices: 2.8 cm²
    assert result.small_objects_per_cm2_of_breast == pytest.approx(3 / 2.8, abs=1e-3)
    assert result.kinds["calcification"].found.recall == 0.5
    assert result.kinds["calcification"].by_chance.findings > 0
    assert (result.strong.covered, result.strong.findings) == (1, 2)
    assert [(rates.above, rates.below) for rates in result.by_visibility] == [
        (0, 3),
        (5, 8),
        (8, None),
    ]
    assert result.other_objects["clip"].recall == 1
    assert "cluster" not in result.kinds
