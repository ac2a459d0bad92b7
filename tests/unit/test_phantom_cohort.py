"""Who is in the phantom cohort."""

from collections import Counter
from itertools import pairwise

import pytest

from tomocalc.phantom.cohort import phantom_volumes, stable_number

SETTINGS = {"patients": 30, "calcified_fraction": 0.5, "malignant_fraction": None}


def test_ids_sides_and_order():
    rows = phantom_volumes(SETTINGS, 1)
    assert [row["volume_id"] for row in rows[:3]] == ["P001-LCC", "P001-RCC", "P002-LCC"]
    assert rows[-1]["volume_id"] == "P030-RCC"
    assert rows[1] | {"calcified": None} == {
        "volume_id": "P001-RCC",
        "patient_id": "P001",
        "laterality": "R",
        "view": "CC",
        "calcified": None,
        "outcome": None,
    }
    assert len({row["volume_id"] for row in rows}) == 60


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.25, 0.5, 1 / 3, 1.0])
def test_the_share_holds_in_every_stretch_of_the_cohort(fraction):
    settings = SETTINGS | {"patients": 400, "calcified_fraction": fraction}
    flags = [row["calcified"] for row in phantom_volumes(settings, 1)]
    blocks = [sum(flags[start : start + 8]) for start in range(0, len(flags), 8)]
    assert abs(sum(flags) - 800 * fraction) < 1
    assert all(abs(count - 8 * fraction) < 1 for count in blocks)


def test_classes_do_not_follow_the_side_or_the_patient():
    rows = phantom_volumes(SETTINGS | {"patients": 200}, 1)
    assert 80 < sum(row["calcified"] for row in rows if row["laterality"] == "L") < 120
    pairs = Counter(a["calcified"] + b["calcified"] for a, b in list(pairwise(rows))[::2])
    assert min(pairs[0], pairs[1], pairs[2]) > 20


def test_adding_patients_changes_nobody_else():
    few = phantom_volumes(SETTINGS | {"patients": 5}, 1)
    assert phantom_volumes(SETTINGS | {"patients": 50}, 1)[: len(few)] == few


def test_the_seed_matters():
    assert phantom_volumes(SETTINGS, 1) != phantom_volumes(SETTINGS, 2)


def test_stable_numbers_are_stable_and_keep_parts_apart():
    assert stable_number(1, "P001") == 230942078341553559632178687582282679372
    assert stable_number("ab", "c") != stable_number("a", "bc")


def test_outcomes_are_balanced_among_calcified_breasts_and_belong_to_them_alone():
    rows = phantom_volumes(SETTINGS | {"patients": 40, "malignant_fraction": 0.25}, 1)
    assert all((row["outcome"] is not None) == row["calcified"] for row in rows)
    outcomes = Counter(row["outcome"] for row in rows)
    assert (outcomes["malignant"], outcomes["benign"]) == (10, 30)
