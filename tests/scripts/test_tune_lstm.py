"""create_study, tune_lstm, select_hyperparameters: one shared study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import create_study
import select_hyperparameters
import tune_lstm
from model_data import MODEL, NAMES, SEQUENCE, TUNING, write_tables
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
        create_study.main(
            **self.tables,
            features=NAMES,
            sequence=SEQUENCE,
            settings=TUNING | changes,
            model=MODEL,
            impute="none",
            seed=1,
            protocol="honest",
            journal=str(self.journal),
            study=str(self.study),
        )

    def work(self) -> None:
        tune_lstm.main(
            **self.tables,
            study=str(self.study),
            journal=str(self.journal),
            done=str(self.folder / "done.json"),
        )

    def select(self) -> tuple[bytes, bytes]:
        trials, best = self.folder / "trials.parquet", self.folder / "best.json"
        select_hyperparameters.main(
            study=str(self.study), journal=str(self.journal), trials=str(trials), best=str(best)
        )
        return trials.read_bytes(), best.read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    tuning = Tuning(tmp_path_factory.mktemp("whole"))
    tuning.create()
    tuning.work()
    return tuning.select()


def test_more_trials_later_are_the_same_study(tmp_path: Path, whole: tuple[bytes, bytes]) -> None:
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
