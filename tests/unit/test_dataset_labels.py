"""Annotations meet candidates."""

import pytest

from candidates import candidate_rows
from tomocalc.dataset.labels import label_candidates

SPACING = (0.1, 0.1)


def annotation(**changes):
    return {
        "finding_id": 0,
        "slice": 5,
        "x": 50.0,
        "y": 20.0,
        "radius": 2.0,
        "width": None,
        "height": None,
    } | changes


def labels(annotations, *, row=20.0, col=50.0, on_slice=5, detected=True, spacing=SPACING):
    rows = candidate_rows(
        centroid_row=[row], centroid_col=[col], slice=[on_slice], detected=[detected]
    )
    labelled, found = label_candidates(
        rows.drop("label", "finding_id"),
        annotations,
        pixel_spacing_mm=spacing,
        tolerance_mm=0.3,
        slice_tolerance=1,
    )
    return labelled["label"][0], labelled["finding_id"][0], found


def test_a_candidate_on_the_annotation_is_positive():
    assert labels([annotation()]) == (1, 0, {0})


# radius 2 px of 0.1 mm and 0.3 mm tolerance reach 5 px
@pytest.mark.parametrize(("col", "label"), [(54.9, 1), (55.1, 0), (45.1, 1), (44.9, 0)])
def test_the_tolerance_is_in_millimetres(col, label):
    assert labels([annotation()], col=col)[0] == label


def test_pixels_need_not_be_square():
    # 4 rows of 0.2 mm are 0.8 mm, within 2 px of 0.2 mm + 0.3 mm = 0.7 mm they are not
    assert labels([annotation()], row=24.0, spacing=(0.2, 0.1))[0] == 0
    assert labels([annotation()], row=23.0, spacing=(0.2, 0.1))[0] == 1


@pytest.mark.parametrize(("on_slice", "label"), [(4, 1), (6, 1), (3, 0), (7, 0)])
def test_neighbouring_slices_count(on_slice, label):
    assert labels([annotation()], on_slice=on_slice)[0] == label


def test_without_a_slice_every_slice_counts():
    assert labels([annotation(slice=None)], on_slice=19)[0] == 1


def test_a_place_without_an_own_object_does_not_count():
    assert labels([annotation()], detected=False) == (0, None, set())


def test_the_closest_annotation_wins_and_both_are_found():
    pair = [annotation(x=52.0), annotation(x=49.0, finding_id=1)]
    assert labels(pair) == (1, 1, {0, 1})


# a box from (48, 16) to (52, 24), widened by 3 px
@pytest.mark.parametrize(
    ("row", "col", "label"), [(20, 50, 1), (26.9, 50, 1), (27.1, 50, 0), (20, 55.1, 0)]
)
def test_boxes_start_at_their_top_left_corner(row, col, label):
    box = annotation(x=48.0, y=16.0, width=4.0, height=8.0, radius=None)
    assert labels([box], row=float(row), col=float(col))[0] == label
