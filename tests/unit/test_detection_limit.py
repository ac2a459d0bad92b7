"""Recall of what was put in, by diameter and contrast, with chance and intervals by patient."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from tomocalc.accounts.detection import AngleCount, DetectionLimit
from tomocalc.accounts.insertion import Group, InsertedObject, InsertionPlan, Motion
from tomocalc.evaluation.coverage import Coverage, SmallObjects
from tomocalc.evaluation.detection_limit import (
    CONTRASTS,
    Case,
    cases_of,
    examples,
    site_limits,
    stage_limit,
)
from tomocalc.image.breast import Outline
from tomocalc.pages.detection_limit import example_picture, limit_page

OUTLINE = Outline(10, np.tile([0, 10], (20, 1)))
"""A breast of 200 rows and 100 columns, its centre at (100, 50)."""


def put_in(y: float, x: float, kind: str = "calcification", **change: float) -> InsertedObject:
    size = {"diameter_mm": 0.25, "contrast": 0.3, "contrast_to_noise": 4.0, **change}
    return InsertedObject(
        kind=kind,
        cluster=1,
        shape="round",
        centre_mm=(3.0, y / 10, x / 10),
        x=x,
        y=y,
        slice=3,
        stored_slice=3,
        bodies=(),
        **size,
    )


def volume(name: str, *objects: InsertedObject) -> InsertionPlan:
    motion = Motion(half_angle_deg=15, projections=15, source="fitted", fitted_deg=15, misfit=0.02)
    return InsertionPlan(
        volume_id=name,
        slices=8,
        rows=200,
        columns=100,
        pixel_spacing_mm=0.1,
        slice_spacing_mm=1.0,
        air=0.0,
        highest=255,
        linear=False,
        motion=motion,
        doubts=(),
        groups=(Group(gain=1.0, objects=objects),),
    )


def seen(*places: tuple[int, float, float]) -> SmallObjects:
    objects = pl.DataFrame(
        [list(place) for place in places],
        schema={"slice": pl.Int64, "row": pl.Float64, "col": pl.Float64},
        orient="row",
    )
    return SmallObjects(objects, spacing_mm=(0.1, 0.1), tolerance_mm=0.3, slice_tolerance=1)


def cases(patients: int = 4) -> list[Case]:
    """Two calcifications each: one found; the place that mirrors it upside down is hit too."""
    found: list[Case] = []
    for number in range(patients):
        plan = volume(
            f"v{number}",
            put_in(40, 30),
            put_in(80, 70, contrast=0.12, contrast_to_noise=1.5),
            put_in(160, 30, kind="end_on_vessel"),
        )
        objects = seen((4, 41, 30), (3, 160, 30), (7, 80, 70))
        found += cases_of(plan, objects, OUTLINE, patient_id=f"p{number}", site="AB"[number % 2])
    return found


def test_the_index_counts_chance_at_the_same_places() -> None:
    places = [put_in(40, 30), put_in(80, 70), put_in(160, 30, kind="end_on_vessel")]
    objects = seen((3, 160, 30), (3, 120, 30))
    limit = stage_limit(
        "search",
        list(cases_of(volume("v", *places), objects, OUTLINE, patient_id="p", site="")),
        0.95,
    )
    index = Coverage()
    rows: list[Any] = [
        {"slice": 3, "x": one.x, "y": one.y, "radius": 1.25, "kind": one.kind} for one in places[:2]
    ]
    index.add_findings(objects, rows, OUTLINE, patient="p")
    chance = index.account().kinds["calcification"].by_chance
    assert (chance.findings, chance.covered) == (limit.all.chance_objects, 2)
    assert limit.all.chance.value == pytest.approx(chance.recall, abs=1e-4)


def test_what_is_found_is_counted_in_its_cell_beside_chance() -> None:
    stage = stage_limit("search", cases(), 0.95)
    assert (stage.all.objects, stage.all.found, stage.all.patients) == (8, 4, 4)
    assert stage.all.recall.value == 0.5
    filled = {(cell.diameter_mm, cell.contrast): cell for cell in stage.cells if cell.objects}
    bright, faint = filled[(0.2, 0.3), (0.25, 0.4)], filled[(0.2, 0.3), (0.0, 0.15)]
    assert len(filled) == 2
    assert (bright.found, bright.objects, faint.found, faint.objects) == (4, 4, 0, 4)
    # of the three places that mirror (40, 30) about (100, 50), (160, 30) has an object; that it
    # is a distractor that was put in takes it out no more than a vessel of the breast
    assert bright.chance_objects == 12
    assert bright.chance.value == pytest.approx(1 / 3)
    assert bright.recall.low < 1, "four patients alone do not make it certain"
    assert {cell.contrast for cell in stage.cells} >= {(CONTRASTS[-1], None)}


def test_sites_and_examples() -> None:
    assert [(one.site, one.all.objects) for one in site_limits(cases(), 0.95)] == [
        ("A", 4),
        ("B", 4),
    ]
    assert site_limits([case for case in cases() if case.site == "A"], 0.95) == ()
    shown = examples(cases())
    assert [one.found for one in shown] == [True] * 4 + [False] * 4
    assert {one.contrast_to_noise for one in shown if not one.found} == {1.5}


def test_the_page_says_how_many_each_cell_holds_and_what_contrast_means() -> None:
    found = cases()
    account = DetectionLimit(
        volumes=4,
        volumes_with_clusters=4,
        distractors=4,
        linear=False,
        confidence=0.95,
        tolerance_mm=0.3,
        slice_tolerance=1,
        stages=(stage_limit("search", found, 0.95), stage_limit("model", found[:2], 0.95)),
        sites=(),
        examples=examples(found),
        angles=(AngleCount(source="fitted", volumes=4, doubtful=0),),
    )
    image = np.arange(20000, dtype=np.uint16).reshape(200, 100)
    picture = example_picture(image, account.examples[0], 0.1)
    html = limit_page(account, dict.fromkeys(account.examples, picture))
    assert "4 of 4" in html
    assert "Contrast is relative" in html
    assert 'class="badge">simulated calcifications<' in html
    assert html.count(picture) == 8
    assert picture.startswith("data:image/png")
