"""Objects as runs: labels, sums, cuts."""

import numpy as np
import pytest
from skimage.measure import label, regionprops

from tomocalc.image.border import chunks
from tomocalc.image.runs import Runs, join, label_runs, mask_runs, per_object, stretches


def runs_of(mask: np.ndarray) -> Runs:
    return label_runs(*mask_runs(mask))[0]


def numbered(runs: Runs, shape: tuple[int, int]) -> np.ndarray:
    """Return a label image, objects counted from 1."""
    flat, first = runs.pixels(shape[1])
    image = np.zeros(shape[0] * shape[1], np.int64)
    image[flat] = np.repeat(np.arange(runs.count) + 1, np.diff(first))
    return image.reshape(shape)


def test_runs_of_a_mask_in_reading_order() -> None:
    mask = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [1, 0, 1, 1]], bool)
    row, start, stop = mask_runs(mask)
    assert row.tolist() == [0, 0, 2, 2]
    assert start.tolist() == [0, 3, 0, 2]
    assert stop.tolist() == [2, 4, 1, 4]


@pytest.mark.parametrize("density", [0.0, 0.02, 0.3, 0.5, 0.7, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (53, 71)])
def test_labels_equal_scikit_image(density: float, shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(int(density * 100)).random(shape) < density
    runs = runs_of(mask)
    wanted = np.asarray(label(mask, connectivity=2))
    assert np.array_equal(numbered(runs, shape), wanted)
    assert np.array_equal(runs.paint(shape), mask)
    regions = regionprops(wanted)
    assert runs.area.tolist() == [region.area for region in regions]
    assert np.column_stack(runs.boxes()).tolist() == [list(region.bbox) for region in regions]
    centres = np.array([region.centroid for region in regions]).reshape(-1, 2)
    np.testing.assert_allclose(np.column_stack(runs.centres()), centres)


def test_spirals_and_combs_are_one_object() -> None:
    comb = np.zeros((9, 21), bool)
    comb[0], comb[:, ::2] = True, True
    assert runs_of(comb).count == 1
    assert runs_of(comb[::-1]).count == 1


def test_order_tells_where_each_run_was() -> None:
    mask = np.array([[1, 0, 0, 0, 1], [0, 0, 1, 0, 1], [1, 0, 0, 0, 0]], bool)
    row, start, stop = mask_runs(mask)
    runs, order = label_runs(row, start, stop)
    assert np.array_equal(runs.row, row[order])
    assert np.array_equal(runs.start, start[order])
    assert np.array_equal(runs.stop, stop[order])


def test_take_and_join() -> None:
    runs = runs_of(np.random.default_rng(1).random((30, 30)) < 0.2)
    some = np.array([5, 0, 3])
    assert runs.take(some).area.tolist() == runs.area[some].tolist()
    both = join([runs.take(np.zeros(0, np.int64)), runs.take(some), runs.take(np.array([1]))])
    assert both.area.tolist() == runs.area[[5, 0, 3, 1]].tolist()
    assert join([runs.take(np.zeros(0, np.int64))]).count == 0


def test_moved() -> None:
    runs = runs_of(np.eye(4, dtype=bool)).moved(2, 3)
    assert runs.paint((8, 8)).nonzero()[1].tolist() == [3, 4, 5, 6]


def test_stretches() -> None:
    assert stretches(np.array([4, 9, 2]), np.array([2, 0, 3])).tolist() == [4, 5, 2, 3, 4]
    assert stretches(np.zeros(0, int), np.zeros(0, int)).size == 0


def test_objects_without_values_reduce_to_zero() -> None:
    first = np.array([0, 0, 2, 2, 3, 3])
    assert per_object(np.add, np.array([1.0, 2.0, 4.0]), first).tolist() == [0, 3, 0, 4, 0]


def test_chunks_hold_every_object_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tomocalc.image.border.LIMIT", 200)
    runs = runs_of(np.random.default_rng(2).random((60, 60)) < 0.35)
    seen = np.zeros(runs.count, np.int64)
    for chunk in chunks(runs, 60):
        row = chunk.runs.row
        counts = (row >= chunk.top) & (row < chunk.bottom)
        length = np.where(counts, chunk.runs.stop - chunk.runs.start, 0).astype(np.int64)
        seen[chunk.objects] += per_object(np.add, length, chunk.runs.first)
    assert np.array_equal(seen, runs.area)
