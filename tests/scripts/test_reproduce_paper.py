"""reproduce_paper: the paper's side, this run's, and the honest one, on a small table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import reproduce_paper
import train_lstm
from support.model_data import MODEL, NAMES, make_candidates
from tomocalc.dataset.leakage import leakage_facts
from tomocalc.dataset.splits import split_paper, usable_candidates
from tomocalc.evaluation.metrics import confusion
from tomocalc.files import write_json
from tomocalc.model.release import load_model
from tomocalc.model.tuned import UNTUNED
from tomocalc.parquet import write_parquet

SEQUENCE = {"kind": "single_step", "slices": 1}
PAPER_MODEL = MODEL | {"imbalance": "none", "patience": 0, "epochs": 12}


def prepared(folder: Path) -> dict[str, Any]:
    """Make a run by the paper's protocol up to its evaluation; return the script's arguments."""
    candidates = make_candidates().filter("focus").with_columns(patient_id=pl.lit(""))
    focus = usable_candidates(candidates, used=NAMES, duplicates="drop")
    splits = split_paper(focus, seed=1, test_fraction=0.3, folds=2)
    paths = {
        name: str(folder / file)
        for name, file in {
            "candidates": "candidates.parquet",
            "splits": "splits.parquet",
            "split_account": "split.json",
            "predictions": "predictions.parquet",
            "metrics": "metrics.json",
            "best": "best.json",
        }.items()
    }
    write_parquet(paths["candidates"], candidates)
    write_parquet(paths["splits"], splits)
    write_json(paths["split_account"], {"leakage": leakage_facts(splits, focus, used=NAMES)})
    write_json(paths["best"], {"model": {"units": [6, 4], "dropout": 0.2}, "computed": 1})
    shared = {"features": NAMES, "sequence": SEQUENCE, "model": PAPER_MODEL, "impute": "none"}
    train_lstm.main(
        candidates=paths["candidates"],
        splits=paths["splits"],
        best=paths["best"],
        threshold="half",
        protocol="paper",
        code="c",
        checkpoint=str(folder / "checkpoint.pt"),
        weights=str(folder / "model.safetensors"),
        card=str(folder / "model.json"),
        history=str(folder / "history.parquet"),
        seed=1,
        **shared,
    )
    keys = ["volume_id", "candidate_id"]
    scored = splits.join(load_model(folder).predict(candidates), on=keys, how="left")
    scored = scored.sort(*keys, "copy")
    write_parquet(paths["predictions"], scored.select(*keys, "part", "copy", "probability"))
    test = scored.filter(pl.col("part") == "test")
    counts = confusion(test["label"].to_numpy(), test["probability"].to_numpy(), 0.5)
    write_json(paths["metrics"], {"parts": {"test": {"confusion": counts}}})
    return paths | shared


def reproduced(folder: Path, given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    reproduce_paper.main(
        **given,
        split={"validation_fraction": 0.2, "test_fraction": 0.3, "folds": 2},
        evaluation={"bootstrap": 50, "confidence": 0.95},
        seed=1,
        code="c",
        checkpoints=str(folder / "checkpoints"),
        figures=str(folder / "reproduction.json"),
        page=str(folder / "reproduction.html"),
    )
    page = (folder / "reproduction.html").read_text()
    return json.loads((folder / "reproduction.json").read_text()), page


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("paper")
    return folder, prepared(folder)


def test_both_trainings_are_watched_and_the_first_is_the_released_one(
    run: tuple[Path, dict[str, Any]],
) -> None:
    facts, page = reproduced(*run)
    assert facts["ours"]["same_as_released"]
    assert facts["ours"]["model"]["units"] == [6, 4]
    for curve in facts["curves"].values():
        assert [row["epoch"] for row in curve] == list(range(1, 13))
        assert all(0 <= row["validation_accuracy"] <= 1 for row in curve)
    honest = facts["honest"]
    assert sum(honest["confusion"].values()) == honest["rows"]
    assert honest["positives"] < honest["rows"] / 2
    assert honest["figures"]["auroc"]["low"] <= honest["figures"]["auroc"]["value"]
    for text in ("leaks", "0.9727", "1,454", "not available here", "learning by heart"):
        assert text in page
    assert not list((run[0] / "checkpoints").iterdir())


def test_trials_on_the_honest_test_rows_are_not_used_there(
    run: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    facts, page = reproduced(*run)
    assert facts["honest"]["tuned"]
    assert UNTUNED not in page
    best = tmp_path / "best.json"
    write_json(best, {"model": {"units": [6, 4], "dropout": 0.2}, "computed": 3})
    facts, page = reproduced(tmp_path, run[1] | {"best": str(best)})
    assert not facts["honest"]["tuned"]
    assert UNTUNED in page
    assert facts["ours"]["same_as_released"]


def test_twice_gives_equal_files(run: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, given = run
    first, second = (reproduced(where, given) for where in (folder, tmp_path))
    assert first == second


def test_a_model_of_other_weights_is_noticed(
    run: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    facts, page = reproduced(tmp_path, run[1] | {"model": PAPER_MODEL | {"epochs": 3}})
    assert not facts["ours"]["same_as_released"]
    assert "does not end with the released model" in page
