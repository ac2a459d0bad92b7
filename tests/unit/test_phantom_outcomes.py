"""Benign and malignant clusters: traits that overlap, and how far apart they lie."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from support.phantoms import SETTINGS
from tomocalc.phantom.outcomes import Traits, draw_outcome_cluster, separation
from tomocalc.phantom.settings import stream


def clusters(outcome, difficulty=0.0, count=60):
    settings = replace(SETTINGS, difficulty=difficulty)
    inside = lambda position, margin: True  # noqa: E731
    return [
        draw_outcome_cluster(stream(1, str(n)), outcome=outcome, settings=settings, inside=inside)
        for n in range(count)
    ]


def sizes_spread(members):
    return np.std(np.log([member.diameter_mm for member in members]))


def thinness(members):
    plane = np.array([member.centre_mm[1:] for member in members])
    low, high = np.linalg.eigvalsh(np.cov(plane.T))
    return low / high


@pytest.mark.parametrize(("difficulty", "apart"), [(0.0, 2.4), (0.5, 1.2), (1.0, 0.0)])
def test_every_trait_lies_as_far_apart_as_the_difficulty_says(difficulty, apart):
    assert separation(difficulty) == pytest.approx(apart)
    drawn = [
        np.mean(
            [
                astuple(Traits.draw(stream(2, str(n)), malignant=kind, difficulty=difficulty))
                for n in range(2000)
            ],
            axis=0,
        )
        for kind in (True, False)
    ]
    assert drawn[0] - drawn[1] == pytest.approx(np.full(5, apart), abs=0.01)


def test_malignant_clusters_vary_in_size_and_follow_a_duct():
    malignant, benign = clusters("malignant"), clusters("benign")

    def median(measure, found):
        return np.median([measure(members) for members in found])

    assert median(sizes_spread, malignant) > 2 * median(sizes_spread, benign)
    assert median(thinness, malignant) < median(thinness, benign) / 2
    assert median(len, malignant) > median(len, benign)
    assert {member.outcome for members in malignant for member in members} == {"malignant"}


def test_both_look_alike_at_the_highest_difficulty():
    one, other = (clusters(kind, difficulty=1.0, count=3) for kind in ("malignant", "benign"))
    assert [len(members) for members in one] == [len(members) for members in other]
    assert one[0][0].diameter_mm == other[0][0].diameter_mm
