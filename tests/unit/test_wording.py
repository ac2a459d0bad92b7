"""Sentences about intervals, clusters and verdicts that several pages share."""

import pytest

from tomocalc.wording.clusters import counted_clusters
from tomocalc.wording.intervals import FEW_GROUPS, counted_groups, floor_rule, rests_on
from tomocalc.wording.verdicts import RULINGS, ruling_of, sharing_level, too_good

RULE = {"calcifications": 3, "distance_mm": 10.0}
PERFECT = {"value": 1.0, "low": 0.342, "high": 1.0}


def test_few_groups_are_warned_of():
    assert "rest on 2 patients: read them as a lower bound" in rests_on(2, "patient")
    assert rests_on(FEW_GROUPS, "patient") == ""
    assert counted_groups(1, "equal rows") == "1 group of equal rows"


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (PERFECT, True),
        (PERFECT | {"method": "Wilson of 2: resampling says nothing"}, True),
        (PERFECT | {"method": "Wilson"}, False),
        ({"value": 0.9, "low": 0.8, "high": 1.0}, False),
        ({"value": None}, False),
    ],
)
def test_the_rule_of_perfect_figures_stands_where_it_was_needed(figure, said):
    assert bool(floor_rule([figure], "patient")) == said


def test_clusters_say_where_they_come_from():
    how = "formed from annotated calcifications (at least 3 within 10 mm)"
    assert counted_clusters(2, 2, RULE) == f"2 clusters {how}"
    assert counted_clusters(3, 1, RULE) == f"3 annotated clusters, 1 of them {how}"
    assert counted_clusters(1, 0, RULE) == "1 annotated cluster"


def test_a_split_that_something_is_to_be_said_of_is_not_called_clean():
    clean = {"verdict": "clean", "reasons": []}
    unnamed = {"verdict": "clean", "reasons": ["The data name no patients."]}
    split = {"protocol": "honest", "leakage": unnamed}
    assert sharing_level(clean) == "clean"
    assert ruling_of(split, None) == ("caution", unnamed["reasons"])
    assert ruling_of(split, {"protocols": {"honest": clean}}) == ("clean", [])
    assert [ruling.word for ruling in RULINGS.values()] == ["clean", "take care", "leaks"]


def test_features_that_tell_alone_are_one_sentence():
    names = ["contrast", "contrast_to_noise"]
    measured = too_good(names, source="phantom", others=17)
    assert measured.startswith("2 features each separate the classes alone")
    assert "contrast, contrast to noise." in measured
    assert "the other candidates few (17)" in measured
    assert too_good(["area"], source="table", others=17).endswith("made from the label.")
    assert too_good([], source="table", others=17) == ""
