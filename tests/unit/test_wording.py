"""Sentences about intervals, clusters and verdicts that several pages share."""

import pytest
from msgspec.structs import replace

from tomocalc.accounts.figures import Figure, Lead, Method, Paired
from tomocalc.accounts.prediction import ClusterRule
from tomocalc.pages.merits import (
    FEW_GROUPS,
    alike_rule,
    few_cases,
    figure_of,
    floor_rule,
    in_a_sentence,
    paired_limits,
    with_interval,
    with_reach,
)
from tomocalc.pages.words import counted_clusters, score, signed

RULE = ClusterRule(calcifications=3, distance_mm=10.0)
PERFECT = Figure(value=1.0, low=0.342, high=1.0, method=Method.WILSON)


def test_few_cases_are_warned_of():
    assert few_cases(FEW_GROUPS, "patient") == ""
    assert "2 patients of the test part hold the rarer class" in few_cases(2, "patient")
    assert "there is no interval" in few_cases(1, "equal rows")


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (PERFECT, True),
        (replace(PERFECT, method=Method.LEFT_OUT), False),
        (Figure(value=1.0), False),
        (figure_of({"f1": 1.0, "f1_low": 0.342, "f1_high": 1.0}, "f1"), True),
        (figure_of({"f1": 0.9, "f1_low": 0.8, "f1_high": 1.0}, "f1"), False),
        (figure_of({"f1": None, "f1_low": None, "f1_high": None}, "f1"), False),
    ],
)
def test_the_rule_of_perfect_figures_stands_where_it_was_needed(figure, said):
    assert bool(floor_rule([figure], "patient")) == said


def test_two_models_that_do_equally_well_have_no_interval():
    alike = Lead(value=0.0, low=0.0, high=0.0, p=1.0)
    apart = Lead(value=0.012, low=-0.003, high=0.03, p=0.2)
    assert with_reach(apart) == "+0.012 (−0.003 to +0.030)"
    assert with_reach(alike) == "no difference"
    assert alike_rule([apart]) == ""
    assert "as two perfect ones do" in alike_rule([apart, alike])


def test_what_limits_a_paired_comparison():
    alike = Paired(one=PERFECT, other=PERFECT, lead=Lead(value=0.0, low=0.0, high=0.0, p=1.0))
    said = paired_limits([alike], 3, "phantom")
    assert [text.partition(" ")[0] for text in said] == ["Few", "Where", "Where"]
    assert "3 patients" in said[0]
    assert "3 groups" in paired_limits([alike], 3, "table")[0]
    sure = Figure(value=0.9, low=0.8, high=0.95, method=Method.LEFT_OUT)
    told = Paired(one=sure, other=sure, lead=Lead(value=0.1, low=0.05, high=0.15, p=0.001))
    assert paired_limits([told], FEW_GROUPS, "phantom") == []


def test_figures_of_merit_within_a_sentence():
    names = ("average_precision", "auroc", "f1", "accuracy")
    said = ["average precision", "AUROC", "F1", "accuracy"]
    assert [in_a_sentence(name) for name in names] == said
    below = Figure(value=0.724, low=-0.564, high=0.986)
    assert with_interval(below) == "0.724 (−0.564 to 0.986)"
    assert with_interval(None) == with_interval(Figure(value=None)) == "–"


def test_clusters_say_where_they_come_from():
    how = "formed from annotated calcifications (at least 3 within 10 mm)"
    assert counted_clusters(2, 2, RULE) == f"2 clusters {how}"
    assert counted_clusters(3, 1, RULE) == f"3 annotated clusters, 1 of them {how}"
    assert counted_clusters(1, 0, RULE) == "1 annotated cluster"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.000477, "0.000477"),
        (0.00002177, "0.0000218"),
        (3.2e-7, "< 0.00001"),
        (0.0, "0.000"),
        (1.0, "1.000"),
        (0.99963, "0.9996"),
        (0.999996, "> 0.9999"),
        (-0.25, "−0.250"),
        (0.4567, "0.457"),
    ],
)
def test_no_score_is_shown_as_0_or_1_that_is_not(value, text):
    assert score(value) == text


def test_a_small_difference_keeps_a_digit():
    assert [signed(value) for value in (0.0003, -0.00003, -3e-8, 0.0, 0.0123)] == [
        *("+0.0003", "−0.00003", "> −0.00001", "+0.000", "+0.012"),
    ]
