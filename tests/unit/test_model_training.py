"""The loop: repeatable, resumable to the bit, stopping early, refusing to diverge."""

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from support.trainings import Killed, batch, run, same, settings
from tomocalc.errors import TomocalcError
from tomocalc.model.training import Checkpoint, Row


def test_a_seed_gives_one_result_and_another_seed_another() -> None:
    chosen = settings(patience=0)
    assert same(run(chosen), run(chosen))
    assert not same(run(chosen), run(chosen, seed=6))


@pytest.mark.parametrize(
    "changes",
    [
        {"patience": 0},
        {"patience": 2, "epochs": 40},
        {"schedule": "one_cycle", "imbalance": "oversample", "weight_decay": 0.1},
        {"imbalance": "focal", "monitor": "auroc"},
    ],
)
def test_resuming_gives_the_same_bits(tmp_path: Path, changes: dict[str, Any]) -> None:
    chosen = settings(**changes)
    whole = run(chosen)
    for killed in (1, 3, 5):

        def kill(row: Row, last: int = killed) -> None:
            if row["epoch"] == last:
                raise Killed

        state = Checkpoint(tmp_path / str(killed), key="k")
        with pytest.raises(Killed):
            run(chosen, checkpoint=state, report=kill)
        assert state.path.exists() == (killed > chosen.checkpoint_every)
        rows: list[Row] = []
        assert same(run(chosen, checkpoint=state, report=rows.append), whole)
        saved = (killed - 1) // chosen.checkpoint_every * chosen.checkpoint_every
        assert rows[0]["epoch"] == saved + 1


def test_watching_a_part_changes_no_bit_of_the_weights() -> None:
    chosen = settings(patience=2, epochs=12)
    alone, watched = run(chosen), run(chosen, watched=batch(3))
    for key, value in alone.model.state_dict().items():
        assert torch.equal(value, watched.model.state_dict()[key])
    assert [row["test_accuracy"] for row in alone.history] == [None] * len(alone.history)
    for one, two in zip(alone.history, watched.history, strict=True):
        assert two == one | {key: two[key] for key in two if key.startswith("test_")}
        assert None not in two.values()


def test_a_finished_training_resumes_to_itself(tmp_path: Path) -> None:
    state = Checkpoint(tmp_path / "state", key="k")
    chosen = settings(epochs=4, patience=0)
    assert same(run(chosen, checkpoint=state), run(chosen, checkpoint=state))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half an archive", None])
def test_a_strange_checkpoint_is_reported_and_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    state = Checkpoint(tmp_path / "state", key="k")
    chosen = settings()
    if content is None:
        run(chosen, checkpoint=replace(state, key="other"), seed=9)
    else:
        state.path.write_bytes(content)
    assert same(run(chosen, checkpoint=state), run(chosen))
    assert "starting over" in caplog.text


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (canary,)

    state = Checkpoint(tmp_path / "state", key="k")
    torch.save({"key": "k", "epoch": Hostile()}, state.path)
    assert state.load() is None
    assert not canary.exists()


def test_threads_do_not_change_the_bits() -> None:
    few = settings(epochs=2)
    one = run(few)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert same(run(few), one)
    finally:
        torch.set_num_threads(before)


def test_early_stopping_restores_the_best_weights() -> None:
    chosen = settings(epochs=200, patience=4, learning_rate=0.05)
    found = run(chosen)
    losses = [row["validation_loss"] for row in found.history]
    assert len(losses) < 200
    assert found.best_epoch == 1 + min(range(len(losses)), key=lambda n: losses[n] or 0)
    assert len(losses) == found.best_epoch + 4
    best = run(replace(chosen, epochs=found.best_epoch, patience=0))
    assert all(
        torch.equal(a, b)
        for a, b in zip(found.model.parameters(), best.model.parameters(), strict=True)
    )


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_with_epoch_and_rate(bad: float, tmp_path: Path) -> None:
    data = batch(1)
    data.x[3] = bad
    state = Checkpoint(tmp_path / "state", key="k")
    with pytest.raises(TomocalcError, match=r"E402.*epoch 1, learning rate 0\.01"):
        run(settings(checkpoint_every=1), training=data, checkpoint=state)
    assert not state.path.exists()


def test_an_exploding_loss_stops() -> None:
    with pytest.raises(TomocalcError, match=r"E402.*learning rate 1e\+06"):
        run(settings(learning_rate=1e6))


def test_a_validation_of_one_class_is_watched_by_its_loss() -> None:
    held = batch(2)
    held.y.zero_()
    found = run(settings(epochs=2), validation=held)
    assert found.history[0]["validation_auroc"] is None
    assert found.history[0]["validation_loss"] is not None


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TomocalcError, match=r"E501.*No space left"):
        run(settings(), checkpoint=Checkpoint(tmp_path / "state", key="k"))
    assert not list(tmp_path.iterdir())
