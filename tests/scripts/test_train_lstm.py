"""train_lstm: an end-to-end training on small tables."""

import json
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from support.model_data import MODEL, chosen, make_candidates, start, training, write_tables
from tomocalc.errors import TomocalcError
from tomocalc.model.release import load_model
from tomocalc.parquet import read_parquet
from train_lstm import main


def arguments(folder: Path, name: str = "model", **changes: Any) -> dict[str, Any]:
    write_tables(folder)
    kept = {key: changes.pop(key) for key in ("best", "sequence", "code") if key in changes}
    state = str(folder / "logs" / f"{name}.checkpoint")
    return training(folder, out=folder / name, checkpoint=state, model=MODEL | changes, **kept)


def train(folder: Path, name: str = "model", **changes: Any) -> Path:
    main(**arguments(folder, name, **changes))
    return folder / name


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("kind", ["slices", "features_as_steps", "single_step"])
def test_training_twice_gives_equal_files(tmp_path: Path, kind: str) -> None:
    sequence = {"kind": kind, "slices": 3}
    first = train(tmp_path, name="first", sequence=sequence)
    second = train(tmp_path, name="second", sequence=sequence)
    written = ["history.parquet", "model.json", "model.safetensors", "scores.parquet"]
    assert sorted(contents(first)) == written
    assert contents(first) == contents(second)
    assert not [*(tmp_path / "logs").iterdir()]  # no checkpoint is left


def test_the_release_predicts_in_one_line(tmp_path: Path) -> None:
    folder = train(tmp_path, epochs=30, patience=0)
    found = load_model(folder).predict(make_candidates())
    assert found.columns == ["volume_id", "candidate_id", "probability", "flagged"]
    labels = make_candidates().filter("focus")["label"].to_numpy()
    probability = found["probability"].to_numpy()
    assert probability[labels == 1].mean() > probability[labels == 0].mean() + 0.2
    history = read_parquet(folder / "history.parquet")
    assert history["epoch"].to_list() == list(range(1, 31))
    assert history["loss"][-1] < history["loss"][0]


def test_tuned_values_replace_the_configured_ones(tmp_path: Path) -> None:
    best = tmp_path / "best.json"
    chosen(units=[5], dropout=0.2, learning_rate=0.02, trials=4).write(best)
    card = json.loads((train(tmp_path, best=str(best)) / "model.json").read_text())
    assert card["shape"] == {"inputs": 3, "units": [5], "dropout": 0.2, "members": 1}
    assert card["tuned"] == ["dropout", "learning_rate", "units"]
    assert card["training"]["learning_rate"] == 0.02


def test_a_diverging_training_leaves_no_model(tmp_path: Path) -> None:
    with pytest.raises(TomocalcError, match=r"E402.*epoch 1, learning rate 1e\+06"):
        train(tmp_path, learning_rate=1e6)
    assert not (tmp_path / "model").exists()


def test_without_validation_every_epoch_is_trained(tmp_path: Path) -> None:
    given = arguments(tmp_path)
    splits = read_parquet(given["splits"])
    part = pl.when(pl.col("part") == "validation").then(pl.lit("train")).otherwise(pl.col("part"))
    splits.with_columns(part=part).write_parquet(given["splits"])
    main(**given)
    out = tmp_path / "model"
    history = read_parquet(out / "history.parquet")
    assert len(history) == MODEL["epochs"]
    assert history["validation_loss"].null_count() == len(history)
    assert load_model(out).threshold == 0.5
    assert np.isclose(load_model(out).card.calibration.prevalence, 0.5)


def killed_and_resumed(folder: Path, kills: int, delay: random.Random, **changes: Any) -> Path:
    """Train in processes that are killed some time after their next checkpoint."""
    given = arguments(folder, "killed", **changes)
    state = Path(given["checkpoint"])
    for _ in range(kills):
        before = state.stat().st_mtime_ns if state.exists() else 0
        process = start("train_lstm", given)
        while process.poll() is None and (not state.exists() or state.stat().st_mtime_ns == before):
            time.sleep(0.001)
        time.sleep(delay.random() * 0.05)
        process.kill()
        process.wait()
        assert not (folder / "killed").exists(), "the training was too short to be killed"
    assert start("train_lstm", given).wait() == 0
    return folder / "killed"


LONG = {"epochs": 250, "patience": 0, "checkpoint_every": 10}


def test_a_killed_training_ends_with_the_same_bits(tmp_path: Path) -> None:
    whole = contents(train(tmp_path, "whole", **LONG))
    assert contents(killed_and_resumed(tmp_path, 1, random.Random(1), **LONG)) == whole


@pytest.mark.campaign
def test_twenty_kills_end_with_the_same_bits(tmp_path: Path) -> None:
    long = LONG | {"epochs": 2500}
    whole = contents(train(tmp_path, "whole", **long))
    assert contents(killed_and_resumed(tmp_path, 20, random.Random(2), **long)) == whole


def test_a_state_that_other_code_saved_is_not_resumed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(**_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("train_lstm.network_card", killed)
        with pytest.raises(KeyboardInterrupt):
            main(**arguments(tmp_path, code="old"))
    main(**arguments(tmp_path, code="new"))
    assert "other data, settings or code: starting over" in caplog.text
