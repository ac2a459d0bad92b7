"""Annotations meet candidates."""

import numpy as np
import pytest
from PIL import Image

from support.candidates import candidate_rows
from support.manifests import manifest as made
from support.table_data import LABELS
from tomocalc.dataset.labels import drop_ambiguous, label_candidates
from tomocalc.dataset.masks import placed
from tomocalc.dataset.places import Size, misplaced
from tomocalc.dicom_output.identity import identity
from tomocalc.dicom_output.segmentation import segmentation_bytes
from tomocalc.image.runs import Runs

SPACING = (0.1, 0.1)


def annotation(**changes):
    return {
        "volume_id": "v",
        "_line": 7,
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
    ).drop("label", "finding_id")
    labelled, found = label_candidates(rows, annotations, LABELS, spacing)
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
    assert labels([annotation(x=52.0), annotation(x=49.0, finding_id=1)]) == (1, 1, {0, 1})


# a box from (48, 16) to (52, 24), widened by 3 px
@pytest.mark.parametrize(
    ("row", "col", "label"), [(20, 50, 1), (26.9, 50, 1), (27.1, 50, 0), (20, 55.1, 0)]
)
def test_boxes_start_at_their_top_left_corner(row, col, label):
    box = annotation(x=48.0, y=16.0, width=4.0, height=8.0, radius=None)
    assert labels([box], row=float(row), col=float(col))[0] == label


def ambiguous(annotations, others=(), *, ignore_mm=0.0, col=50.0, on_slice=5):
    rows = candidate_rows(centroid_row=[20.0], centroid_col=[col], slice=[on_slice])
    rule = LABELS | {"ignore_mm": ignore_mm}
    labelled, _ = label_candidates(rows.drop("label", "finding_id"), annotations, rule, SPACING)
    left, dropped = drop_ambiguous(labelled, annotations, others, rule, SPACING)
    assert left.height + dropped == 1
    return dropped


# radius 2 px and 0.3 mm reach 5 px from the centre; a band of 0.4 mm goes on to 9 px
@pytest.mark.parametrize(("col", "dropped"), [(54.9, 0), (55.1, 1), (58.9, 1), (59.1, 0)])
def test_a_band_around_an_annotation_belongs_to_neither_class(col, dropped):
    assert ambiguous([annotation()], ignore_mm=0.4, col=col) == dropped
    assert ambiguous([annotation()], ignore_mm=0.0, col=col) == 0


def test_the_band_ends_with_the_slices_that_count():
    assert ambiguous([annotation()], ignore_mm=0.4, col=57.0, on_slice=7) == 0


def test_a_finding_of_another_kind_drops_what_lies_in_it_but_no_calcification():
    mass = annotation(radius=None, width=40.0, height=40.0, x=40.0, y=0.0)
    assert ambiguous([], [mass]) == 1
    assert ambiguous([annotation()], [mass]) == 0
    assert ambiguous([], [mass], col=90.0) == 0


def test_a_point_has_the_tolerance_alone():
    assert labels([annotation(radius=0.0)], col=52.9)[0] == 1
    assert labels([annotation(radius=0.0)], col=53.1)[0] == 0


VOLUME = made("v", slices=10, rows=64, columns=96)
SIZES = {"v": Size(64, 96, 10, 0.5)}


@pytest.fixture
def mask(tmp_path):
    """Columns 40 to 49 of rows 10 to 19 are set."""
    image = np.zeros((64, 96), np.uint8)
    image[10:20, 40:50] = 255
    path = tmp_path / "mask.png"
    Image.fromarray(image).save(path)
    return annotation(x=None, y=None, radius=None, mask=str(path))


# the last set column is 49; 0.3 mm are 3 px
@pytest.mark.parametrize(("col", "label"), [(45, 1), (52.0, 1), (53.0, 0), (37.0, 1), (36.0, 0)])
def test_a_mask_is_widened_by_the_tolerance(mask, col, label):
    (row,) = placed([mask], [VOLUME])
    assert labels([row], row=15.0, col=col)[0] == label
    assert (row["x"], row["y"], row["width"], row["height"]) == (40, 10, 10, 10)


def test_a_mask_at_the_border_of_the_image_is_widened_inwards(tmp_path):
    image = np.zeros((64, 96), np.uint8)
    image[0, 0] = 1
    Image.fromarray(image).save(tmp_path / "m.png")
    (row,) = placed([annotation(radius=None, mask=str(tmp_path / "m.png"))], [VOLUME])
    assert labels([row], row=0.0, col=3.0)[0] == 1
    assert labels([row], row=0.0, col=4.0)[0] == 0


def faults(row):
    row = {"volume_id": "v", "kind": "calcification", "_line": 7, **row}
    return [str(fault) for fault in misplaced("a.tsv", placed([row], [VOLUME]), SIZES)]


@pytest.mark.parametrize("rows", [(64, 96), (64, 97), (65, 96), (96, 64)])
def test_a_mask_has_exactly_the_size_of_the_slices(tmp_path, rows):
    image = np.zeros(rows, np.uint8)
    image[10:20, 40:50] = 255
    Image.fromarray(image).save(tmp_path / "mask.png")
    found = faults(annotation(x=None, y=None, radius=None, mask=str(tmp_path / "mask.png")))
    assert len(found) == (rows != (64, 96))
    if found:
        words = f"(a.tsv:7): the mask has {rows[0]} rows and {rows[1]} columns, and v has 10 slices"
        assert words in found[0]


BOX = {"radius": None, "x": 86.0, "y": 60.0, "width": 10.0, "height": 4.0}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"slice": None}, None),
        ({"x": 95.9, "y": 63.9, "slice": 9}, None),
        (BOX, None),
        ({"slice": 10}, "slice is 10, and v has 10 slices of 64 rows and 96 columns"),
        ({"x": 20.0, "y": 70.0}, "y of its centre is 70, and v has"),
        ({"x": 96.0}, "x of its centre is 96, and"),
        (BOX | {"x": -4.0, "y": 62.0, "height": 3.0}, None),  # over the border
        (BOX | {"x": 91.0}, "x of its centre is 96, and"),
        (BOX | {"height": 9.0}, "y of its centre is 64.5, and"),
    ],
)
def test_an_annotation_lies_in_its_volume(changes, why):
    found = faults(annotation(**changes))
    assert len(found) == (why is not None)
    if why:
        assert "E303" in found[0]
        assert f"(a.tsv:7): {why}" in found[0]


def test_a_dicom_segmentation_labels_its_own_slices(tmp_path):
    manifest = made("v", slices=8, rows=64, columns=96)
    row, start, stop = (np.array(part, np.int32) for part in ([20, 21], [48, 48], [53, 53]))
    box = Runs(row, start, stop, np.array([0, 2]))
    content = segmentation_bytes(
        identity=identity(manifest, [], identifiers="pseudonymous", content=""),
        manifest=manifest,
        objects={2: box, 6: box},
        version="1",
    )
    (tmp_path / "seg.dcm").write_bytes(content)
    (row,) = placed([annotation(slice=None, radius=None, mask=str(tmp_path / "seg.dcm"))], [VOLUME])
    assert row["slice"] == 6
    short = Size(64, 96, slices=6)
    (fault,) = misplaced("a.tsv", [row | {"volume_id": "v", "_line": 2}], {"v": short})
    assert "slice is 6, and v has 6 slices" in str(fault)
    assert [labels([row], on_slice=index)[0] for index in range(8)] == [0, 1, 1, 1, 0, 1, 1, 1]
