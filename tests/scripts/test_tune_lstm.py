"""create_study, tune_lstm, select_hyperparameters: one shared study."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch

import create_study
import select_hyperparameters
import tune_lstm
from support.model_data import MODEL, NAMES, SEQUENCE, TUNING, start, write_tables
from tomocalc.errors import TomocalcError
from tomocalc.model import fitting
from tomocalc.parquet import read_parquet


class Tuning:
    """The four files of a tuning in one folder, and its three scripts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.tables = write_tables(folder)
        self.journal = folder / "logs" / "study.journal"
        self.study = folder / "study.json"

    def create(self, **changes: Any) -> None:
        """Begin a study of the honest protocol, or of another one among *changes*."""
        protocol = changes.pop("protocol", "honest")
        create_study.main(
            **self.tables,
            features=NAMES,
            sequence=SEQUENCE,
            settings=TUNING | changes,
            model=MODEL,
            impute="none",
            seed=1,
            protocol=protocol,
            code="c",
            journal=str(self.journal),
            study=str(self.study),
        )

    def worker(self, name: str = "worker") -> dict[str, Any]:
        return self.tables | {
            "study": str(self.study),
            "journal": str(self.journal),
            "done": str(self.folder / f"{name}.json"),
        }

    def work(self) -> None:
        tune_lstm.main(**self.worker())

    def select(self) -> dict[str, bytes]:
        out = {"trials": "trials.parquet", "best": "best.json", "page": "tuning.html"}
        paths = {name: self.folder / file for name, file in out.items()}
        select_hyperparameters.main(
            study=str(self.study),
            journal=str(self.journal),
            source="phantom",
            **{name: str(path) for name, path in paths.items()},
        )
        return {name: path.read_bytes() for name, path in paths.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    tuning = Tuning(tmp_path_factory.mktemp("whole"))
    tuning.create()
    tuning.work()
    return tuning.select()


def test_more_trials_later_are_the_same_study(tmp_path: Path, whole: dict[str, bytes]) -> None:
    tuning = Tuning(tmp_path)
    tuning.create(trials=3)
    tuning.work()
    tuning.select()
    assert len(read_parquet(tmp_path / "trials.parquet")) == 3
    tuning.create()
    tuning.work()
    assert tuning.select() == whole
    best = json.loads((tmp_path / "best.json").read_text())
    assert best["computed"] == TUNING["trials"]
    assert len(best["model"]["units"]) == best["parameters"]["layers"]


def test_two_workers_find_what_one_finds(tmp_path: Path, whole: dict[str, bytes]) -> None:
    tuning = Tuning(tmp_path)
    tuning.create()
    processes = [start("tune_lstm", tuning.worker(name)) for name in "ab"]
    assert [process.wait() for process in processes] == [0, 0]
    assert tuning.select() == whole
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def killed(tuning: Tuning, kills: int, rng: random.Random) -> None:
    """Keep two workers running, and kill one of them *kills* times just after it wrote."""
    workers = [start("tune_lstm", tuning.worker(name)) for name in "ab"]
    for _ in range(kills):
        size = tuning.journal.stat().st_size
        while tuning.journal.stat().st_size == size and any(w.poll() is None for w in workers):
            time.sleep(0.001)
        time.sleep(rng.random() * 0.02)
        chosen = rng.randrange(2)
        workers[chosen].kill()
        workers[chosen].wait()
        workers[chosen] = start("tune_lstm", tuning.worker("ab"[chosen]))
    assert [process.wait() for process in workers] == [0, 0]


def test_killed_workers_leave_the_same_trials(tmp_path: Path, whole: dict[str, bytes]) -> None:
    tuning = Tuning(tmp_path)
    tuning.create()
    killed(tuning, 2, random.Random(1))
    assert tuning.select() == whole


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(2))
def test_twenty_kills_leave_the_same_trials(tmp_path: Path, seed: int) -> None:
    settings = {"trials": 60, "epochs": 30}
    undisturbed, disturbed = Tuning(tmp_path / "whole"), Tuning(tmp_path / "killed")
    for tuning in (undisturbed, disturbed):
        tuning.create(**settings)
    undisturbed.work()
    killed(disturbed, 20, random.Random(seed))
    assert disturbed.select() == undisturbed.select()


def test_a_trial_that_diverges_does_not_stop_the_study(tmp_path: Path) -> None:
    tuning = Tuning(tmp_path)
    tuning.create(trials=6, learning_rate=[1.0e-2, 1.0e6])
    tuning.work()
    tuning.select()
    trials = read_parquet(tmp_path / "trials.parquet")
    assert len(trials) == 6
    assert 0 < trials["failed"].count() < 6
    assert (trials["failed"].is_null() == trials["value"].is_not_null()).all()


def test_a_full_gpu_fails_the_trial_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tuning = Tuning(tmp_path)
    tuning.create(trials=2)
    train = fitting.train
    calls: list[int] = []

    def full(**arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB.")
        return train(**arguments)

    monkeypatch.setattr(fitting, "train", full)
    tuning.work()
    tuning.select()
    failed = read_parquet(tmp_path / "trials.parquet")["failed"]
    assert "memory of the GPU, batch of 32" in failed[0]
    assert failed[1] is None


def test_k_folds_and_other_objectives(tmp_path: Path) -> None:
    tuning = Tuning(tmp_path)
    tuning.create(trials=1, validation="kfold", objective="auroc")
    tuning.work()
    tuning.select()
    trials = read_parquet(tmp_path / "trials.parquet")
    assert trials["epochs"].item() == 3 * TUNING["epochs"]
    assert 0.5 < trials["value"].item() <= 1


@pytest.mark.parametrize(("protocol", "kind"), [("paper", "kfold"), ("honest", "holdout")])
def test_the_protocol_settles_where_a_trial_is_scored(
    tmp_path: Path, protocol: str, kind: str
) -> None:
    tuning = Tuning(tmp_path)
    tuning.create(validation="auto", protocol=protocol)
    assert json.loads(tuning.study.read_text())["tuning"]["validation"] == kind


def test_tables_of_another_run_are_refused(tmp_path: Path) -> None:
    tuning = Tuning(tmp_path)
    tuning.create()
    splits = read_parquet(tuning.tables["splits"])
    splits.head(50).write_parquet(tuning.tables["splits"])
    with pytest.raises(TomocalcError, match=r"E403.*other data"):
        tuning.work()


def test_one_class_in_a_validation_set_is_an_error(tmp_path: Path) -> None:
    tuning = Tuning(tmp_path)
    splits = read_parquet(tuning.tables["splits"])
    calm = pl.when(pl.col("part") == "validation").then(0).otherwise(pl.col("label"))
    splits.with_columns(label=calm.cast(pl.Int8)).write_parquet(tuning.tables["splits"])
    tuning.create()
    with pytest.raises(TomocalcError, match=r"E304.*holdout"):
        tuning.work()
