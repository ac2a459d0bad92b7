"""Detectors that search whole slices: what they learn from, what they mark, how they are judged."""

from functools import cache

import numpy as np
import polars as pl
import pytest
import torch

from tomocalc.detectors.blobs import BlobSearch, precision, tune_blobs
from tomocalc.detectors.marks import SliceMarks, volume_marks
from tomocalc.detectors.networks import suppressed
from tomocalc.detectors.tiles import SIDE, Tiles, calcification_lines
from tomocalc.detectors.training import DetectorRecipe, _turned, find_marks, train_detector
from tomocalc.evaluation.detectors import CHAIN, measure_systems
from tomocalc.evaluation.findings import Calcification, Findings
from tomocalc.evaluation.responses import TestPart
from tomocalc.neighbours import Rule

LINE = {"kind": "calcification", "radius": None, "width": 4.0, "height": 2.0, "x": 10.0, "y": 20.0}


@cache
def tiles(count: int = 24, seed: int = 1) -> Tiles:
    """Return noise with three bright spots a tile, on the middle plane alone."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.25, (count, 3, SIDE, SIDE)).astype(np.float32)
    row, col = np.mgrid[:SIDE, :SIDE]
    boxes = []
    for tile in x:
        centres = rng.integers(10, SIDE - 10, (3, 2))
        for y, at in centres:
            tile[1] += 2.5 * np.exp(-((row - y) ** 2 + (col - at) ** 2) / (2 * 1.3**2))
        # A pixel's centre is its index and a half in boxes.
        boxes.append(
            np.array([(c - 3.5, r - 3.5, c + 4.5, r + 4.5) for r, c in centres], np.float32)
        )
    return Tiles(x, boxes)


@cache
def trained(key: str) -> tuple[torch.nn.Module, list[float]]:
    return train_detector(key, tiles(), DetectorRecipe(epochs=6, batch=2))


def found_in(marks: SliceMarks, boxes: np.ndarray) -> int:
    """Count the boxes in whose middle one of the strongest marks lies, as many as there are."""
    best = np.argsort(-marks.score)[: len(boxes)]
    places = np.column_stack([marks.row[best], marks.col[best]])
    centres = np.column_stack([boxes[:, 1] + boxes[:, 3], boxes[:, 0] + boxes[:, 2]]) / 2 - 0.5
    apart = np.linalg.norm(places[:, None] - centres[None], axis=2)
    return int((apart.min(axis=0, initial=99) <= 2).sum())


@pytest.mark.parametrize("key", ["faster_rcnn", "retinanet", "unet"])
def test_a_detector_finds_what_it_learned_at_its_place(key: str) -> None:
    network, loss = trained(key)
    assert loss[-1] < loss[0]
    fresh = tiles(6, seed=2)
    found = sum(
        found_in(find_marks(network, x), box) for x, box in zip(fresh.x, fresh.boxes, strict=True)
    )
    assert found >= 12  # of 18; by chance none


def test_equal_tiles_give_equal_weights_to_the_bit() -> None:
    few = Tiles(tiles().x[:4], tiles().boxes[:4])
    recipe = DetectorRecipe(epochs=1, batch=2)
    first, _ = train_detector("faster_rcnn", few, recipe)
    torch.manual_seed(5)  # what others draw changes nothing
    second, _ = train_detector("faster_rcnn", few, recipe)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_boxes_are_turned_with_their_tile() -> None:
    x = np.zeros((1, 3, SIDE, SIDE), np.float32)
    x[0, :, 20:24, 10:18] = 1  # rows 20..23, columns 10..17
    one = Tiles(x, [np.array([(10, 20, 18, 24)], np.float32)])
    for way in range(8):
        turned, boxes = _turned(one, [0], way)
        left, top, right, bottom = map(int, boxes[0][0])
        assert turned[0, 0, top:bottom, left:right].sum() == 32
        assert turned[0, 0].sum() == 32


def test_what_overlaps_a_better_box_goes() -> None:
    boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 9], [5, 0, 15, 10], [30, 30, 40, 40.0]])
    scores = torch.tensor([0.5, 0.9, 0.4, 0.6])
    # the first has 0.9 of the second; the third 45 of 145 with it, 0.31
    assert suppressed(boxes, scores, 0.3).tolist() == [1, 3]
    assert suppressed(boxes, scores, 0.32).tolist() == [1, 3, 2]
    assert suppressed(boxes[:0], scores[:0], 0.3).tolist() == []


def test_a_large_slice_is_searched_in_parts_without_a_seam() -> None:
    network, _ = trained("unet")
    whole = np.random.default_rng(3).normal(0, 0.25, (3, 600, 100)).astype(np.float32)
    row, col = np.mgrid[:600, :100]
    places = [(y, 50) for y in (20, 440, 447, 470, 480, 511, 580)]
    for y, x in places:
        whole[1] += 2.5 * np.exp(-((row - y) ** 2 + (col - x) ** 2) / (2 * 1.3**2))
    marks = find_marks(network, whole)
    strong = marks.score >= np.sort(marks.score)[-len(places)]
    assert sorted(np.rint(marks.row[strong])) == pytest.approx([y for y, _ in places], abs=1)


def test_blob_searches_are_tuned_to_rank_the_calcifications_of_the_tiles_best() -> None:
    chosen = tune_blobs("hdogreg", tiles(6))
    assert chosen.hessian is not None
    assert precision(chosen, tiles(6)) > 0.9
    # a scale twenty times as wide sees no spot
    assert precision(BlobSearch(narrowest_px=20, widest_px=30, hessian=None), tiles(6)) < 0.1


def test_lines_of_a_single_image_need_no_slice() -> None:
    finding = LINE | {"slice": None}
    (line,) = calcification_lines([finding], slices=1)
    assert (line.slice, line.row, line.col) == (0, 21.0, 12.0)
    assert calcification_lines([finding], slices=5)[0].slice is None
    assert calcification_lines([finding | {"kind": "cluster"}], slices=1) == []


def test_marks_of_neighbouring_slices_are_one() -> None:
    def slice_marks(*marks: tuple[float, float, float]) -> SliceMarks:
        row, col, score = np.array(marks, float).T
        return SliceMarks(row, col, score)

    table = volume_marks(
        {3: slice_marks((10, 10, 0.2)), 4: slice_marks((11, 10, 0.9), (40, 40, 0.5))},
        volume_id="v",
        spacing_mm=(0.1, 0.1),
        radius_mm=0.5,
    )
    assert table["candidate_id"].n_unique() == 2
    best = table.filter("focus").sort("probability")
    assert best.select("slice", "centroid_row", "probability").rows() == [
        (4, 40, 0.5),
        (4, 11, 0.9),
    ]
    assert volume_marks({}, volume_id="v", spacing_mm=(1, 1), radius_mm=1).is_empty()


def marks_of(*rows: tuple[str, float, int | None]) -> pl.DataFrame:
    """Return marks: volume, score, and the finding that they lie on."""
    return pl.DataFrame(
        [
            {
                "volume_id": volume,
                "patient_id": volume,
                "candidate_id": number,
                "slice": 0,
                "centroid_row": 50.0 * number,
                "centroid_col": 0.0,
                "row_mm": 5.0 * number,
                "col_mm": 0.0,
                "depth_mm": 0.0,
                "probability": score,
                "label": int(finding is not None),
                "finding_id": finding,
            }
            for number, (volume, score, finding) in enumerate(rows)
        ],
        schema_overrides={"finding_id": pl.Int32},
    )


def test_systems_are_judged_on_the_same_findings_and_paired_by_patient() -> None:
    found = Findings([Calcification("a", 0), Calcification("a", 1), Calcification("b", 2)], [])
    test = TestPart({"a": 0, "b": 1}, [0, 1], [5, 5], [0.1, 0.1])
    systems = {
        CHAIN: marks_of(("a", 0.9, 0), ("a", 0.8, None), ("b", 0.7, None)),
        "unet": marks_of(("a", 3.0, 0), ("a", 2.0, 1), ("b", 1.0, 2)),
    }
    chain, unet = measure_systems(systems, found, test, rule=Rule(3, 10.0), confidence=0.95)
    assert (chain.calcifications.reached, unet.calcifications.reached) == (1, 3)
    assert chain.calcifications.leads == ()
    assert [rate.sensitivity for rate in unet.calcifications.rates] == [1.0] * 5
    # 1 of 3 against 3 of 3; beside a share of 1/3, a has (1 - 2/3)/3 too many, b (0 - 1/3)/3
    lead = unet.calcifications.leads[0]
    assert lead.value == pytest.approx(2 / 3)
    # 1/9 either way is a standard error of 1/9; t of one degree of freedom is 12.7062
    assert lead.low == pytest.approx(2 / 3 - 12.7062 / 9, abs=1e-5)
    assert lead.high == 1.0
    assert chain.clusters is None
    assert chain.dbtex is None
