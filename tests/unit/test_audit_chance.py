"""Chances of counts: worked out by hand, and as SciPy has them; what is so by chance alone."""

import numpy as np
import pytest
from scipy.stats import binom, poisson

from support.leaks import table, with_values
from tomocalc.audit.preparation import prepared
from tomocalc.metrics import more_by_binomial, more_by_poisson


def test_small_counts_are_those_of_the_hand() -> None:
    # three throws of a coin: 1, 3, 3 and 1 of 8; a sixth in two throws of a die: 1 of 36
    assert [more_by_binomial(k, 3, 0.5) for k in (-1, 0, 1, 2, 3)] == pytest.approx(
        [1, 7 / 8, 4 / 8, 1 / 8, 0], abs=1e-15
    )
    assert more_by_binomial(1, 2, 1 / 6) == pytest.approx(1 / 36, rel=1e-14)
    assert [more_by_binomial(k, 0, 0.3) for k in (-1, 0)] == [1, 0]
    # where two are expected, none comes in e^-2, one in 2 e^-2
    assert [more_by_poisson(k, 2) for k in (-1, 0, 1)] == pytest.approx(
        [1, 1 - np.exp(-2), 1 - 3 * np.exp(-2)], rel=1e-14
    )
    assert more_by_poisson(1, 1e-20) == pytest.approx(5e-41, rel=1e-12)


def test_all_counts_are_those_of_scipy() -> None:
    generator = np.random.default_rng(0)
    for _ in range(500):
        trials = int(10 ** generator.uniform(0, 6))
        share = 10 ** generator.uniform(-6, -0.01)
        share = share if generator.random() < 0.5 else 1 - share
        mean, spread = trials * share, np.sqrt(trials * share * (1 - share)) + 1
        count = int(np.clip(mean + generator.uniform(-8, 25) * spread, -1, trials))
        expected = binom.sf(count, trials, share)
        assert more_by_binomial(count, trials, share) == pytest.approx(
            expected, rel=1e-10, abs=1e-300
        )
        mean = 10 ** generator.uniform(-45, 4)
        count = int(max(-1, mean + generator.uniform(-8, 25) * (np.sqrt(mean) + 1)))
        expected = poisson.sf(count, mean)
        assert more_by_poisson(count, mean) == pytest.approx(expected, rel=1e-10, abs=1e-300)


def test_a_whole_number_may_be_the_mean_of_its_class_by_chance() -> None:
    few = table(1, patients=60, rows=1)
    counts = np.where(few.label == 1, np.arange(len(few.label)) % 9 + 6, 5.0)
    counts[np.flatnonzero(few.label == 0)[:2]] = 4, 6
    filled = [np.column_stack([*[counts] * k, few.numbers[:, k:]]) for k in (2, 1)]
    assert [prepared(with_values(few, values))[2].count for values in filled] == [2, 0]
