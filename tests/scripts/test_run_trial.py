"""run_trial, select_hyperparameters: a study of small files."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch

import run_trial
import select_hyperparameters
from support.model_data import MODEL, NAMES, SEQUENCE, TUNING, write_tables
from tomocalc.accounts.study import Best, Trial
from tomocalc.errors import TomocalcError
from tomocalc.model import fitting
from tomocalc.parquet import read_parquet


class Study:
    """The files of a study in one folder, and its two scripts."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self.settings = TUNING | changes
        self.tables = write_tables(folder)
        self.trials: list[str] = []

    def run(self, number: int) -> Trial:
        """Compute one trial."""
        path = self.folder / f"trials/{number}.json"
        run_trial.main(
            **self.tables,
            number=number,
            known=self.trials[: max(0, number - self.settings["batch"] + 1)],
            features=NAMES,
            sequence=SEQUENCE,
            settings=self.settings,
            model=MODEL,
            impute="none",
            protocol="honest",
            seed=1,
            threads=1,
            trial=str(path),
        )
        self.trials.append(str(path))
        return Trial.read(path)

    def select(self) -> Best:
        """Compute all trials and select."""
        for number in range(self.settings["trials"]):
            self.run(number)
        select_hyperparameters.main(
            trials=self.trials,
            settings=self.settings,
            protocol="honest",
            seed=1,
            source="phantom",
            table=str(self.folder / "trials.parquet"),
            best=str(self.folder / "best.json"),
            page=str(self.folder / "tuning.html"),
        )
        return Best.read(self.folder / "best.json")


def test_a_study_ends_with_a_table_a_choice_and_a_page(tmp_path: Path) -> None:
    best = Study(tmp_path, trials=6).select()
    trials = read_parquet(tmp_path / "trials.parquet")
    assert len(trials) == best.trials == 6
    assert best.value == trials["value"].max()
    assert len(best.model.units) == best.parameters["layers"]
    assert "Every trial" in (tmp_path / "tuning.html").read_text()


def test_a_trial_run_again_has_the_same_bytes(tmp_path: Path) -> None:
    study = Study(tmp_path, batch=1)
    assert study.run(0).known == 0
    study.run(1)
    second = tmp_path / "trials/1.json"
    content = second.read_bytes()
    second.unlink()
    study.run(1)
    assert second.read_bytes() == content


def test_a_trial_that_diverges_does_not_stop_the_study(tmp_path: Path) -> None:
    best = Study(tmp_path, trials=6, learning_rate=[1.0e-2, 1.0e6]).select()
    trials = read_parquet(tmp_path / "trials.parquet")
    assert 0 < best.failed < 6
    assert trials["failed"].count() == best.failed
    assert (trials["failed"].is_null() == trials["value"].is_not_null()).all()


def test_a_full_gpu_fails_the_trial_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = Study(tmp_path)

    def full(**_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB.")

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "train", full)
        failed = study.run(0)
    assert failed.value is None
    assert "memory of the GPU, batch of 32" in str(failed.failed)
    assert study.run(1).failed is None


def test_k_folds_and_other_objectives(tmp_path: Path) -> None:
    trial = Study(tmp_path, validation="kfold", objective="auroc").run(0)
    assert trial.epochs == 3 * TUNING["epochs"]
    assert 0.5 < trial.value <= 1


def test_one_class_in_a_validation_set_is_an_error(tmp_path: Path) -> None:
    study = Study(tmp_path)
    splits = read_parquet(study.tables["splits"])
    calm = pl.when(pl.col("part") == "validation").then(0).otherwise(pl.col("label"))
    splits.with_columns(label=calm.cast(pl.Int8)).write_parquet(study.tables["splits"])
    with pytest.raises(TomocalcError, match=r"E304.*holdout"):
        study.run(0)
