"""Objects of neighbouring slices become candidates."""

import numpy as np
import polars as pl
import pytest

from tomocalc.image.linking import Candidates, Places, link
from tomocalc.model.sequences import build_sequences


def places(*slices: list[tuple[float, float, float]], first: int = 0) -> list[Places]:
    """Make slices from lists of (row, column, strength)."""
    made = []
    for index, objects in enumerate(slices, start=first):
        table = np.array(objects, np.float64).reshape(-1, 3)
        made.append(Places(index, table[:, 0], table[:, 1], table[:, 2]))
    return made


def members(candidates: Candidates, number: int) -> list[tuple[int, int]]:
    return [
        (index, int(place))
        for index, of in candidates.of_object.items()
        for place in np.flatnonzero(of == number)
    ]


def test_a_spot_over_four_slices_is_one_candidate_in_focus_where_it_is_strongest() -> None:
    found = link(
        places([(5, 5, 6)], [(5.1, 5, 9)], [(5.2, 5, 12)], [(5.2, 5.1, 7)], []), radius_mm=0.5
    )
    assert found.count == 1
    assert (found.focus, found.focus_object) == (2, 0)
    assert (found.first, found.last) == (0, 3)
    assert members(found, 0) == [(0, 0), (1, 0), (2, 0), (3, 0)]


def test_the_radius_is_a_limit() -> None:
    assert link(places([(0, 0, 1)], [(0, 0.49, 1)]), radius_mm=0.5).count == 1
    assert link(places([(0, 0, 1)], [(0, 0.51, 1)]), radius_mm=0.5).count == 2


def test_only_mutual_nearest_objects_are_linked() -> None:
    found = link(places([(0, 0, 1), (0, 0.4, 1)], [(0, 0.3, 5)]), radius_mm=0.5)
    assert found.count == 2
    assert found.of_object[0][1] == found.of_object[1][0]


def test_a_missing_slice_ends_a_chain() -> None:
    parts = places([(0, 0, 1)], [(0, 0, 2)], [(0, 0, 3)])
    assert link([parts[0], parts[2]], radius_mm=0.5).count == 2


def test_equal_strength_is_in_focus_on_the_first_slice() -> None:
    assert link(places([(0, 0, 2)], [(0, 0, 2)]), radius_mm=0.5).focus == [0]


def test_numbers_follow_slice_and_object_of_best_focus() -> None:
    found = link(
        places([(0, 0, 1), (9, 9, 8)], [(0, 0, 5), (9, 9, 3), (4, 4, 1)], first=3), radius_mm=0.5
    )
    assert found.focus.tolist() == [3, 4, 4]
    assert found.focus_object.tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("focus", "slices", "length", "wanted"),
    [
        (5, 20, 7, (2, 9)),
        (0, 20, 7, (0, 4)),
        (19, 20, 7, (16, 20)),
        (5, 20, 1, (5, 6)),
        (5, 20, 4, (3, 7)),
        (2, 3, 9, (0, 3)),
    ],
)
def test_sequences(focus: int, slices: int, length: int, wanted: tuple[int, int]) -> None:
    found = link(places(*[[]] * focus, [(0, 0, 1)]), radius_mm=0.5)
    begin, end = found.sequence(slices, length)
    assert (begin[0], end[0]) == wanted


@pytest.mark.parametrize("length", range(1, 10))
def test_the_model_reads_every_slice_that_is_measured(length: int) -> None:
    found = link(places(*[[]] * 10, [(0, 0, 1)]), radius_mm=0.5)
    begin, end = found.sequence(21, length)
    measured = list(range(begin[0], end[0]))
    rows = pl.DataFrame(
        {
            "volume_id": "v",
            "candidate_id": 0,
            "slice": range(21),
            "focus": [z == 10 for z in range(21)],
            "z": [float(z) for z in range(21)],
        }
    )
    read = build_sequences(rows, features=["z"], kind="slices", slices=length)
    assert read.x[0, :, 0].tolist() == measured
    assert len(measured) == length
    assert abs((10 - measured[0]) - (measured[-1] - 10)) <= 1


def test_without_objects_there_are_no_candidates() -> None:
    assert link([], radius_mm=0.5).count == 0
    found = link(places([], []), radius_mm=0.5)
    assert found.count == 0
    assert found.of_object[1].size == 0


def test_every_object_belongs_to_one_candidate_and_chains_have_one_object_per_slice() -> None:
    rng = np.random.default_rng(3)
    parts = places(*[rng.random((200, 3)).tolist() for _ in range(6)])
    parts = [Places(p.slice, p.row_mm * 9, p.col_mm * 9, p.strength) for p in parts]
    found = link(parts, radius_mm=0.5)
    numbers = np.concatenate(list(found.of_object.values()))
    assert np.array_equal(np.unique(numbers), np.arange(found.count))
    for of in found.of_object.values():
        assert np.unique(of).size == of.size
    assert (found.first <= found.focus).all()
    assert (found.focus <= found.last).all()
    assert np.array_equal(np.bincount(numbers), found.last - found.first + 1)
