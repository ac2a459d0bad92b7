"""Findings: lines of one place on neighbouring slices count once; each lies in its volume."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from support.candidates import candidate_rows
from support.manifests import manifest
from support.table_data import LABELS
from tomocalc.dataset.annotations import findings_of
from tomocalc.dataset.labels import label_candidates
from tomocalc.dataset.places import Size, misplaced
from tomocalc.dataset.readings import Readings
from tomocalc.errors import TomocalcError
from tomocalc.sections import lines_of

VOLUMES = [manifest(name, rows=64, columns=96) for name in "vw"]


def line(number: int, **changes: Any) -> dict[str, Any]:
    row = {"volume_id": "v", "slice": 5, "x": 50.0, "y": 20.0, "radius": 0.0}
    return {
        **row,
        "kind": "calcification",
        "width": None,
        "height": None,
        "pathology": None,
        "_line": number,
        **changes,
    }


def told(rows: list[dict[str, Any]]) -> list[list[int]]:
    """Return the lines of every finding."""
    return [sorted(part["_line"] for part in lines_of(row)) for row in findings_of(rows, VOLUMES)]


def test_one_line_per_slice_is_one_finding() -> None:
    slices = [line(2 + k, slice=3 + k, x=50.0 + k, y=20.0 - k) for k in range(4)]
    other = [line(9 + k, slice=3 + k, x=70.0) for k in range(2)]
    assert told([*slices, *other]) == [[2, 3, 4, 5], [9, 10]]
    (finding, _) = findings_of([*slices, *other], VOLUMES)
    assert finding["slice"] == 4  # the middle one


@pytest.mark.parametrize(
    "change",
    [
        {"slice": 5, "x": 52.0},
        {"slice": 8, "x": 51.0},
        {"slice": 16},
        {"slice": 6, "x": 54.0},
        {"slice": 6, "y": 16.0},
        {"slice": 6, "kind": "mass"},
        {"slice": 6, "volume_id": "w"},
    ],
)
def test_other_places_are_other_findings(change: dict[str, Any]) -> None:
    assert told([line(2), line(3, **change)]) == [[2], [3]]


BOX = {"radius": None, "width": 12.0, "height": 8.0, "x": 46.0, "y": 15.0}


@pytest.mark.parametrize(
    "change",
    [
        {"slice": None},
        {"slice": 8},  # the outline of some slices is left out
        {"slice": 6, "pathology": "benign"},
        BOX,  # around the point, off its middle
    ],
)
def test_one_place_told_in_another_way_is_one_finding(change: dict[str, Any]) -> None:
    assert told([line(2), line(3, **change)]) == [[2, 3]]
    (found,) = findings_of([line(2, **change), line(3)], VOLUMES)
    assert found["pathology"] == change.get("pathology")


def test_one_finding_has_one_outcome_and_is_no_breast() -> None:
    rows = [line(2, pathology="benign"), line(3, slice=6, pathology="malignant")]
    with pytest.raises(TomocalcError, match=r"line 3.*what line 2 does, with another pathology"):
        findings_of(rows, VOLUMES)
    for shape in ({"radius": 40.0}, {**BOX, "x": 0.0, "width": 90.0, "height": 60.0}):
        (fault,) = misplaced("a.tsv", [line(2, **shape)], {"v": Size(64, 96, 9, 0.5)})
        assert "outline the finding, not the breast" in str(fault)


def test_a_finding_told_again_with_rounded_places_is_one() -> None:
    assert told([line(2), line(3, x=50.4, y=19.8, radius=2.0)]) == [[2, 3]]


def test_boxes_of_one_lesion_may_grow_and_move() -> None:
    box = {"radius": None, "kind": "cluster"}
    rows = [
        line(2, **box, x=40.0, y=40.0, width=40.0, height=40.0),
        line(3, **box, slice=7, x=45.0, y=38.0, width=50.0, height=44.0),  # centre 10, 0 away
        line(4, **box, slice=8, x=90.0, y=38.0, width=50.0, height=44.0),
    ]
    assert told(rows) == [[2, 3], [4]]


def test_masks_drawn_slice_by_slice_are_one_finding(tmp_path: Path) -> None:
    rows = []
    for index in range(3):
        image = np.zeros((64, 96), np.uint8)
        image[20 - index : 30 + index, 40:50] = 255
        Image.fromarray(image).save(tmp_path / f"{index}.png")
        shape = {"x": None, "y": None, "radius": None, "mask": str(tmp_path / f"{index}.png")}
        rows.append(line(2 + index, slice=index, kind="cluster", **shape))
    assert told(rows) == [[2, 3, 4]]


def test_a_candidate_in_any_of_its_lines_belongs_to_a_finding() -> None:
    (finding,) = findings_of([line(2 + k, slice=3 + k) for k in range(6)], VOLUMES)
    for on_slice, label in ((2, 1), (3, 1), (9, 1), (10, 0)):  # one slice beyond counts too
        rows = candidate_rows(
            centroid_row=[20.0], centroid_col=[50.0], slice=[on_slice], detected=[True]
        ).drop("label", "finding_id")
        labelled, _ = label_candidates(rows, [{**finding, "finding_id": 0}], LABELS, (0.1, 0.1))
        assert labelled["label"][0] == label


def test_exchanged_axes_are_told_once_for_all() -> None:
    sizes = {"v": Size(64, 96)}
    swapped = [line(2 + k, x=20.0 + k, y=70.0 + k) for k in range(4)]
    (fault,) = misplaced("a.tsv", swapped, sizes)
    assert "4 of 4 lie outside their images, and all lie inside with x and y exchanged" in str(
        fault
    )
    some = [*swapped, line(9, x=90.0, y=10.0)]  # which would lie outside then
    (fault,) = misplaced("a.tsv", some, sizes)
    assert "y of its centre is 70, and v has 64 rows" in str(fault)
    assert fault.why.endswith("wrong too: lines 3, 4, 5")
    (fault,) = misplaced("a.tsv", some[::-1], {"v": Size(columns=80)})
    assert str(fault).partition(". Fix")[0].endswith("x of its centre is 90, and v has 80 columns")
    (fault,) = misplaced("a.tsv", some[::-1], {"v": Size(rows=64)})
    assert fault.where == "a.tsv:2"
    assert fault.why.endswith("and v has 64 rows; wrong too: lines 3, 4, 5")


@pytest.mark.parametrize(
    ("meant", "words"),
    [
        (lambda x, y: {"x": y, "y": x}, "with x and y exchanged. Fix: exchange the columns"),
        (lambda x, y: {"x": x, "y": 63 - y}, "from the bottom. Fix: count y from the top"),
        (lambda x, y: {"x": 95 - x, "y": y}, "with x counted from the right"),
        (lambda x, y: {"x": 95 - x, "y": 63 - y}, "from the lower right corner"),
        (lambda x, y: {"x": x, "y": y, "slice": 2}, "slices counted from the last. Fix: count"),
        (lambda x, y: {"x": x, "y": y, "slice": 7}, "slices counted from 1. Fix: count"),
        (lambda x, y: {"x": x / 10, "y": y / 10}, "with places in mm. Fix: divide places"),
        (lambda x, y: {"x": x, "y": y}, None),
        (lambda x, y: {"x": 93 - x, "y": y / 7}, None),  # no reading explains it
    ],
)
def test_places_that_are_meant_otherwise_are_told(meant: Any, words: str | None) -> None:
    volume = manifest("v", rows=64, columns=96, slices=8)
    places = [(50.0, 20.0), (30.0, 40.0), (61.0, 50.0), (12.0, 33.0)]
    rows = candidate_rows(
        centroid_row=[y for _, y in places],
        centroid_col=[x for x, _ in places],
        slice=[5] * len(places),
    )
    findings = [line(2 + n, **meant(x, y)) for n, (x, y) in enumerate(places)]
    masks: list[Any] = [{"mask_shape": (64, 96)}] * 9  # lie where they are drawn in any reading
    readings = Readings()
    readings.add(rows, [*findings, *masks], volume, LABELS)
    if words is None:
        readings.check("a.tsv")
        return
    with pytest.raises(TomocalcError, match=words):
        readings.check("a.tsv")


@pytest.mark.parametrize(
    ("off", "told"),
    [
        ([1] * 9 + [0, 2], [{"beside": 10, "findings": 11, "side": 1}]),
        ([-1] * 12, [{"beside": 12, "findings": 12, "side": -1}]),
        ([1] * 9, []),  # too few to tell
        ([1] * 10 + [0] * 3, []),  # 77 % of them
        ([1] * 10 + [-1] * 10, []),
    ],
)
def test_slices_beside_best_focus_are_told(off: list[int], told: list[Any]) -> None:
    volume = manifest("v", rows=64, columns=96, slices=8)
    places = [(4.0 + 4 * n, 20.0) for n in range(len(off))]
    # each candidate has an object on the slice before its best one too
    rows = candidate_rows(
        candidate_id=[n for n in range(len(off)) for _ in range(2)],
        centroid_row=[y for _, y in places for _ in range(2)],
        centroid_col=[x for x, _ in places for _ in range(2)],
        slice=[4, 5] * len(off),
        focus=[False, True] * len(off),
    )
    findings = [line(2 + n, x=x, y=y, slice=5 + off[n]) for n, (x, y) in enumerate(places)]
    readings = Readings()
    readings.add(rows, findings, volume, LABELS)
    assert [doubt.values for doubt in readings.doubts()] == told
