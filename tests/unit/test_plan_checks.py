"""What the sheets tell before any job runs."""

import re
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from tomocalc.cells import LINE
from tomocalc.dataset.splits import split_honest
from tomocalc.errors import TomocalcError
from tomocalc.plan import checks
from tomocalc.plan.checks import Cohort, check_split, wrong_spacing

wrong_places = partial(checks.wrong_places, tolerance_mm=0.3)
SPLIT = {"validation_fraction": 0.2, "test_fraction": 0.25, "folds": 5}


def cohort(patients: int, calcified: int) -> Cohort:
    return Cohort(patients, {"calcification": calcified}, calcified, "points.csv")


def splits(patients: int, calcified: int, split: dict[str, Any], seed: int) -> bool:
    """Split patients with two candidates each; return whether it works."""
    group, candidate = np.divmod(np.arange(2 * patients), 2)
    focus = pl.DataFrame(
        {
            "volume_id": [f"v{number:03d}" for number in group],
            "candidate_id": candidate,
            "patient_id": [f"p{number:03d}" for number in group],
            "group": group,
            "label": ((group < calcified) & (candidate == 1)).astype(int),
        }
    )
    try:
        split_honest(focus, seed=seed, **split)
    except TomocalcError:
        return False
    return True


def test_patients_are_counted_by_their_volumes() -> None:
    rows = [{"volume_id": name, "patient_id": name[0]} for name in ("a1", "a2", "b1")]
    needed = {"calcification": {"a1", "a2", "x1"}}
    found = Cohort.of(rows, needed, findings=4, where="points.csv")
    assert found == Cohort(2, {"calcification": 1}, 4, "points.csv")


def test_a_cohort_without_a_calcification_is_named() -> None:
    for findings, words in ((0, "it has no rows"), (3, "its 3 findings are of other kinds")):
        with pytest.raises(TomocalcError, match=rf"E304.*points\.csv.*{words}"):
            check_split(Cohort(9, {"calcification": 0}, findings, "points.csv"), SPLIT)


@pytest.mark.parametrize(("folds", "share"), [*product((2, 3, 5), (0.05, 0.25, 0.6))])
def test_what_is_refused_never_works_and_all_else_does(folds: int, share: float) -> None:
    split = SPLIT | {"folds": folds, "test_fraction": share}
    refused = 0
    for patients, calcified in product((2, 3, 4, 6, 7, 9, 12, 20), (1, 2, 3, 4, 6, 7, 12, 20)):
        if calcified > patients:
            continue
        outcomes = {splits(patients, calcified, split, seed) for seed in range(3)}
        try:
            check_split(cohort(patients, calcified), split)
        except TomocalcError as error:
            refused += 1
            assert outcomes == {False}
            number = int(error.fix.partition("set split.folds to ")[2].partition(",")[0] or folds)
            more = int(error.fix.split()[1]) if error.fix.startswith("add") else 0
            other = split | {"folds": number}
            assert all(splits(patients + more, calcified + more, other, seed) for seed in range(3))
        else:
            assert outcomes == {True}
    assert refused


def test_calcifications_can_be_put_into_more_patients() -> None:
    more = "raise insertion.fraction"
    fixes = {(12, 0): more, (12, 3): f"set split.folds to 2, or {more}"}
    fixes |= {(4, 1): f"{more}, and set split.folds to 2", (4, 3): "set split.folds to 2, or add"}
    for (patients, calcified), fix in (fixes | {(2, 1): "add 2 or more patients"}).items():
        with pytest.raises(TomocalcError, match=rf"E304.*too few.*Fix: {fix}"):
            check_split(cohort(patients, calcified), SPLIT, raisable=True)


def test_of_outcomes_the_rarer_decides() -> None:
    with pytest.raises(TomocalcError, match=r"3 of 12 patients have a benign finding.*folds to 2"):
        check_split(Cohort(12, {"malignant finding": 9, "benign finding": 3}, 12, "a.csv"), SPLIT)
    having = {"malignant finding": 1, "benign finding": 9}
    with pytest.raises(TomocalcError, match="Fix: add"):  # what is put in has no outcome
        check_split(Cohort(12, having, 12, "a.csv"), SPLIT, raisable=True)


def test_a_folder_of_png_needs_its_spacing_in_the_sheet(tmp_path: Path) -> None:
    for name in ("a/0.png", "a/1.png", "b/0.dcm", "c/0.png", "d/0.pgm"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    rows = [
        {"path": str(tmp_path / name), "pixel_spacing_mm": pixel, "slice_spacing_mm": None, LINE: n}
        for n, (name, pixel) in enumerate(
            [("a", None), ("b", None), ("c", 0.1), ("a", None), ("nowhere", None), ("d", None)], 2
        )
    ]
    pixel, depth, other = wrong_spacing("volumes.csv", rows)
    assert (pixel.code, pixel.where) == ("E205", "volumes.csv:2, column pixel_spacing_mm")
    assert "files that end in .png carry none; wrong too: line 5" in pixel.why
    assert depth.where == "volumes.csv:2, column slice_spacing_mm"
    assert "files that end in .pgm carry none" in other.why


def test_a_spacing_that_is_a_slip_of_the_pen_is_told() -> None:
    rows = [
        {"path": "", "pixel_spacing_mm": pixel, "slice_spacing_mm": 1.0, LINE: line}
        for line, pixel in enumerate([0.1, 0.07, 1.0, None, 0.14], 2)
    ]
    (error,) = wrong_spacing("v.csv", rows)
    assert "v.csv:4, column pixel_spacing_mm): 1 is far from 0.14" in str(error)
    assert not wrong_spacing("v.csv", rows[2:4])


def points(*places: tuple[float, float], on: int | None = 5) -> list[dict[str, Any]]:
    """Return lines of points in volume ``v``."""
    shape = {"kind": "calcification", "radius": 0.0, "width": None, "height": None}
    return [
        {"volume_id": "v", "x": x, "y": y, "slice": on, **shape, LINE: line}
        for line, (x, y) in enumerate(places, 2)
    ]


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ([(90, 10), (95, 40), (99, 49)], "3 of 3 lie outside.*with x and y exchanged"),
        ([(90, 10), (10, 90), (5, 5)], "x of its centre is 90, and v has 100 rows and 50 columns"),
        ([(0.5, 0.2), (0.1, 0.9), (1, 1)], "shares of the image.*multiply x by the columns"),
        ([(10, 90), (49, 5), (1, 1)], None),
    ],
)
def test_places_are_held_against_the_size_in_the_sheet(
    places: list[tuple[float, float]], words: str | None
) -> None:
    rows = points(*places)
    size = {"volume_id": "v", "rows": 100, "columns": 50}
    found = wrong_places("a.csv", rows, [size])
    assert not found if words is None else re.search(rf"a\.csv:2.*{words}", str(found[0]))
    box = {"radius": None, "x": 5, "y": 5, "width": 20, "height": 30}
    assert len(wrong_places("a.csv", [row | box for row in rows], [size])) == (len(rows) > 2)
    for cell in (None, "64 px", 0, -5):  # all but the first are told with the sheet of volumes
        unknown = {"volume_id": "v", "rows": cell, "columns": cell, "slices": cell}
        assert len(wrong_places("a.csv", rows, [unknown])) == (places[0][0] < 1)
        (found,) = wrong_places("a.csv", points((-1, 10)), [unknown])
        assert found.why == "x of its centre is -1"
    (found,) = wrong_places("a.csv", rows, [size], tolerance_mm=0)
    assert "points have radius 0, and labels.tolerance_mm is 0: all are missed" in found.why


def test_places_are_held_against_a_folder_of_png(tmp_path: Path) -> None:
    for number in range(2):
        Image.new("I;16", (50, 100)).save(tmp_path / f"s{number}.png")
    volume = {"volume_id": "v", "path": str(tmp_path), "rows": None, "columns": None}
    (error,) = wrong_places("a.csv", points((90, 10), (95, 40), on=0), [volume])
    assert "a.csv:2): x of its centre is 90, and v has 2 slices of 100 rows" in str(error)
    assert error.why.endswith("wrong too: line 3")
    assert wrong_places("a.csv", points((10, 90), (40, 95), (49, 99), on=0), [volume]) == []


def test_a_point_between_thousands_is_told() -> None:
    for third, faults in ((1.5, 1), (140.5, 0)):
        rows = points(*((x, 5.0) for x in (1.234, 845.0, 2.105, 612.0, third)))
        found = wrong_places("a.csv", rows, [])
        assert ["x of 3 lines has decimals" in str(error) for error in found] == [True] * faults


def test_slices_are_held_against_the_pictures_of_a_folder(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"s{number}.png").touch()
    volume = {"volume_id": "v", "path": str(tmp_path), "rows": None, "columns": None}
    slices = zip(points(*[(5, 5)] * 5), (0, 5, None, 6, 7), strict=True)
    rows = [row | {"slice": index} for row, index in slices]
    (error,) = wrong_places("a.csv", rows, [volume])
    assert "a.csv:5): slice is 6, and v has 6 slices; wrong too: line 6" in str(error)
    (tmp_path / "s6.tif").touch()  # may hold several
    assert wrong_places("a.csv", rows, [volume]) == []
