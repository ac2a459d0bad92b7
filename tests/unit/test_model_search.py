"""What each trial tries, and which trial is the best."""

import random

import polars as pl
import pytest
from optuna.distributions import FloatDistribution

from support.model_data import MODEL, TUNING
from support.studies import SEARCH, describe, trial, whole_study
from tomocalc.accounts.study import Search, Trial
from tomocalc.errors import TomocalcError
from tomocalc.model.search import (
    STARTUP,
    best_trial,
    model_values,
    own_parameters,
    relaxed,
    search_space,
    suggest,
    trials_table,
)


@pytest.fixture(scope="module")
def whole() -> list[Trial]:
    return whole_study()


def test_the_first_trial_is_the_configured_point(whole: list[Trial]) -> None:
    assert whole[0].parameters == own_parameters(SEARCH, MODEL)
    assert [trial.known for trial in whole] == [0, 0, 0, 0, 1, 2, 3, 4, 5]
    assert sum(trial.value is not None for trial in whole) >= STARTUP
    assert any(trial.failed for trial in whole)


def test_the_order_in_which_trials_run_changes_nothing(whole: list[Trial]) -> None:
    draw = random.Random(1)
    done: dict[int, Trial] = {}
    while len(done) < len(whole):
        open_trials = [
            number
            for number in range(len(whole))
            if number not in done and all(n in done for n in range(number - SEARCH.batch + 1))
        ]
        number = draw.choice(open_trials)
        known = [done[n] for n in range(max(0, number - SEARCH.batch + 1))]
        done[number] = trial(number, known)
    assert [done[number] for number in range(len(whole))] == whole


def test_more_trials_later_leave_the_earlier_ones_as_they_are(whole: list[Trial]) -> None:
    assert whole_study(trials=6) == whole[:6]


def test_another_batch_and_another_seed_are_other_studies(whole: list[Trial]) -> None:
    assert whole_study(search=describe(batch=1))[4:] != whole[4:]
    first = [whole[0].parameters]
    tried = {str(suggest([], first, search=SEARCH, model=MODEL, seed=seed)) for seed in (1, 2, 1)}
    assert len(tried) == 2


@pytest.mark.parametrize(("protocol", "kind"), [("paper", "kfold"), ("honest", "holdout")])
def test_the_protocol_settles_where_a_trial_is_scored(protocol: str, kind: str) -> None:
    assert Search.of(TUNING | {"validation": "auto"}, protocol=protocol).validation == kind


def test_the_table_and_the_best_trial(whole: list[Trial]) -> None:
    table = trials_table(whole[::-1], SEARCH)
    assert table["trial"].to_list() == list(range(TUNING["trials"]))
    assert table["layers"].dtype == table["units_2"].dtype == pl.Int32
    best = best_trial(whole, SEARCH)
    assert best.value == table["value"].max()
    assert best.trial == table["value"].arg_max()
    assert best.model == model_values(best.parameters)
    assert (best.trials, best.failed) == (len(whole), table["failed"].count())


def test_a_study_of_failures_is_named(whole: list[Trial]) -> None:
    failed = [trial for trial in whole if trial.failed]
    with pytest.raises(TomocalcError, match=r"E402.*diverged"):
        best_trial(failed, SEARCH)


def test_the_configured_point_moves_into_the_space() -> None:
    model = {"units": [500, 2, 6], "dropout": 0.0, "learning_rate": 0.5}
    own = own_parameters(SEARCH, model)
    assert own == {"learning_rate": 0.1, "dropout": 0.05, "layers": 2, "units_1": 8, "units_2": 4}
    assert model_values(own).over({"units": [1], "epochs": 9}) == {
        "units": [8, 4],
        "dropout": 0.05,
        "learning_rate": 0.1,
        "epochs": 9,
    }


def test_a_range_of_one_value_is_fixed() -> None:
    fixed = describe(units=[6, 6], layers=[2, 2], dropout=[0.1, 0.1])
    first = suggest([], [], search=fixed, model=MODEL, seed=1)
    for parameters in (first, suggest([], [first], search=fixed, model=MODEL, seed=1)):
        assert parameters["units_1"] == parameters["units_2"] == 6
        assert (parameters["layers"], parameters["dropout"]) == (2, 0.1)


def test_wide_integers_are_searched_as_real_numbers_and_rounded() -> None:
    wide = describe(units=[16, 128])
    space = search_space(wide)
    assert relaxed(space["units_1"]) == FloatDistribution(16, 128, log=True)
    for name in ("layers", "dropout", "learning_rate"):
        assert relaxed(space[name]) is space[name]
    known: list[Trial] = []
    for number in range(STARTUP + 2):
        tried = suggest(known, [], search=wide, model=MODEL, seed=1)
        for name in ("units_1", "units_2", "layers"):
            assert isinstance(tried[name], int)
            assert space[name]._contains(tried[name])
        value = 0.01 * tried["units_1"]
        known.append(
            Trial(number=number, parameters=tried, known=number, value=value, epochs=1, failed=None)
        )
    assert known[-1].parameters["units_1"] > 100  # where the values are highest
