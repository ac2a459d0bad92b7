"""The shared study: equal results for any workers, any timing, any deaths."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import create_trial
from polars.testing import assert_frame_equal

from support.model_data import MODEL, TUNING
from support.studies import PLAN, begin, describe, finish, work
from tomocalc.errors import TomocalcError
from tomocalc.model import study
from tomocalc.model.journal import open_study
from tomocalc.model.selection import best_trial, trials_table
from tomocalc.model.space import Parameters, model_values, own_parameters, search_space
from tomocalc.model.study import need_same_data
from tomocalc.model.trial_queue import STARTUP, Claim, Queue, relaxed, suggest


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    return work(begin(tmp_path_factory.mktemp("whole")))


def test_the_study_is_of_the_configured_size(whole: pl.DataFrame) -> None:
    assert whole["trial"].to_list() == list(range(TUNING["trials"]))
    assert whole["known"].to_list() == [0, 0, 0, 0, 1, 2, 3, 4, 5]
    first = whole.row(0, named=True)
    own = own_parameters(TUNING, MODEL)
    assert {name: first[name] for name in own} == own
    assert whole["value"].drop_nulls().len() >= STARTUP


def test_as_many_trials_run_at_a_time_as_the_window_holds(tmp_path: Path) -> None:
    queue = Queue(begin(tmp_path), PLAN)
    assert PLAN.window == 4
    claims = [queue.claim() for _ in range(6)]
    assert [claim and claim.index for claim in claims] == [0, 1, 2, 3, None, None]
    assert claims[1] is not None
    finish(queue, claims[1])
    assert queue.claim() is None, "trial 4 needs the value of trial 0"
    assert claims[0] is not None
    finish(queue, claims[0])
    found = [queue.claim() for _ in range(3)]
    assert [claim and claim.index for claim in found] == [4, 5, None]
    queue.leave()


@pytest.mark.parametrize("seed", range(6))
def test_workers_come_go_and_die_and_the_result_is_the_same(
    tmp_path: Path, whole: pl.DataFrame, seed: int
) -> None:
    rng = random.Random(seed)
    journal = begin(tmp_path)
    workers: list[tuple[Queue, Claim | None]] = []
    for _ in range(500):
        if len(workers) < 3:
            workers.append((Queue(journal, PLAN), None))
        chosen = rng.randrange(len(workers))
        queue, claim = workers[chosen]
        if queue.done():
            break
        if rng.random() < 0.2:  # killed: the kernel ends its locks, nothing is tidied
            queue.owner.handle.close()
            del workers[chosen]
        elif claim is None:
            workers[chosen] = (queue, queue.claim())
        else:
            finish(queue, claim)
            workers[chosen] = (queue, None)
    for queue, _ in workers:
        queue.leave()
    assert_frame_equal(trials_table(open_study(journal), PLAN), whole)
    Queue(journal, PLAN).leave()
    assert not list(tmp_path.glob("*.worker.*"))


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_the_number_of_workers_changes_no_suggestion(
    tmp_path: Path, whole: pl.DataFrame, workers: int
) -> None:
    plan = describe(workers=workers)
    assert plan.key == PLAN.key
    assert_frame_equal(work(begin(tmp_path, plan), plan), whole)


def test_more_workers_than_trials_at_a_time_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    describe(workers=5)
    assert "raise tuning.batch" in caplog.text


def test_another_batch_is_another_study() -> None:
    assert describe(batch=5).key != PLAN.key


def test_a_raised_number_of_trials_goes_on_and_a_lowered_one_cuts(
    tmp_path: Path, whole: pl.DataFrame
) -> None:
    journal = begin(tmp_path, describe(trials=3))
    assert_frame_equal(work(journal, describe(trials=3)), whole.head(3))
    begin(tmp_path)
    queue = Queue(journal, PLAN)
    queue.claim()
    queue.owner.handle.close()
    assert_frame_equal(work(journal, describe(trials=2)), whole.head(2))
    assert_frame_equal(work(journal), whole)
    assert not list(tmp_path.glob("study.*.journal"))


def test_other_settings_begin_another_study_and_keep_the_old_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = begin(tmp_path)
    old = journal.read_bytes()
    begin(tmp_path)
    begin(tmp_path, describe(trials=50, workers=7))
    assert journal.read_bytes() == old
    begin(tmp_path, describe(dropout=[0.1, 0.4]))
    aside = tmp_path / f"study.{PLAN.key[:8]}.journal"
    assert aside.read_bytes() == old
    assert str(aside) in caplog.text
    assert journal.read_bytes() != old


def test_other_code_or_another_torch_begins_another_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begin(tmp_path)
    old = journal.read_bytes()
    begin(tmp_path, describe(code="edited"))
    assert (tmp_path / f"study.{PLAN.key[:8]}.journal").read_bytes() == old
    assert not open_study(journal).trials
    monkeypatch.setattr(study, "version", lambda _: "0")
    assert describe().key != PLAN.key


def test_a_worker_of_a_replaced_study_stops(tmp_path: Path) -> None:
    journal = begin(tmp_path)
    queue = Queue(journal, PLAN)
    claim = queue.claim()
    assert claim is not None
    begin(tmp_path, describe(epochs=3))
    content = journal.read_bytes()
    with pytest.raises(TomocalcError, match=r"E403.*replaced"):
        queue.tell(claim, 0.5, epochs=2)
    assert journal.read_bytes() == content
    queue.leave()


def test_a_missing_study_and_other_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(TomocalcError, match=r"E403.*create_study"):
        open_study(tmp_path / "study.journal")
    with pytest.raises(TomocalcError, match=r"E403.*other data"):
        need_same_data(PLAN, {"candidates_sha256": "a", "splits_sha256": "c"})


def test_an_unfinished_study_selects_nothing(tmp_path: Path) -> None:
    journal = begin(tmp_path)
    with pytest.raises(TomocalcError, match=r"E403.*0 of 9"):
        trials_table(open_study(journal), PLAN)


def test_the_best_trial_and_a_study_of_failures(whole: pl.DataFrame) -> None:
    best = best_trial(whole, PLAN)
    assert best["value"] == whole["value"].max()
    assert best["model"] == model_values(best["parameters"])
    assert best["failed"] == whole["failed"].count()
    lost = whole.with_columns(value=pl.lit(None, pl.Float64), failed=pl.lit("diverged"))
    with pytest.raises(TomocalcError, match=r"E402.*diverged"):
        best_trial(lost, PLAN)


def test_the_configured_point_moves_into_the_space() -> None:
    model = {"units": [500, 2, 6], "dropout": 0.0, "learning_rate": 0.5}
    own = own_parameters(TUNING, model)
    assert own == {
        "learning_rate": 0.1,
        "dropout": 0.05,
        "layers": 2,
        "units_1": 8,
        "units_2": 4,
    }
    assert model_values(own)["units"] == [8, 4]


def test_a_range_of_one_value_is_fixed() -> None:
    plan = replace(PLAN, tuning=TUNING | {"units": [6, 6], "layers": [2, 2], "dropout": [0.1, 0.1]})
    first = suggest([], [], plan=plan)
    for parameters in (first, suggest([], [first], plan=plan)):
        assert parameters["units_1"] == parameters["units_2"] == 6
        assert (parameters["layers"], parameters["dropout"]) == (2, 0.1)


def test_wide_integers_are_searched_as_real_numbers_and_rounded() -> None:
    plan = replace(PLAN, tuning=TUNING | {"units": [16, 128]})
    space = search_space(plan.tuning)
    assert relaxed(space["units_1"]) == FloatDistribution(16, 128, log=True)
    for name in ("layers", "dropout", "learning_rate"):
        assert relaxed(space[name]) is space[name]
    tried: list[Parameters] = []
    for _ in range(STARTUP + 2):
        known = [
            create_trial(params=p, distributions=space, value=0.01 * p["units_1"]) for p in tried
        ]
        tried.append(suggest(known, [], plan=plan))
        for name in ("units_1", "units_2", "layers"):
            assert isinstance(tried[-1][name], int)
            assert space[name]._contains(tried[-1][name])
    assert tried[-1]["units_1"] > 100  # where the values are highest
