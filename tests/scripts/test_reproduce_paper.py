"""reproduce_paper: the paper's side, this run's, and the honest one, on a small table."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from msgspec import to_builtins

import reproduce_paper
import train_lstm
from support.model_data import MODEL, NAMES, chosen, make_candidates, training
from support.table_data import split_into
from tomocalc.comparison.table import protocol_figures
from tomocalc.pages.words import UNTUNED
from tomocalc.parquet import read_parquet, write_parquet

PROTOCOLS = ("paper", "honest")
EVALUATION = {"confidence": 0.95}
SPLIT = {"validation_fraction": 0.2, "test_fraction": 0.3, "folds": 2}


def prepared(folder: Path, *, trials: int = 1) -> dict[str, Any]:
    """Train by both protocols in a run by the paper's; return the script's arguments."""
    candidates = make_candidates().filter("focus").with_columns(patient_id=pl.lit(""))
    write_parquet(folder / "candidates.parquet", candidates)
    chosen(units=[6, 4], dropout=0.2, trials=trials).write(folder / "best.json")
    for protocol in PROTOCOLS:
        out = folder / protocol
        written = folder / "candidates.parquet"
        split_into(out, written, protocol=protocol, features=NAMES, settings=SPLIT)
        train_lstm.main(
            **training(
                folder,
                out=out,
                splits=str(out / "splits.parquet"),
                tuned_on=str(folder / "paper/splits.parquet"),
                protocol=protocol,
                run_protocol="paper",
                sequence={"kind": "single_step", "slices": 1},
                model=MODEL | {"imbalance": "none", "patience": 0, "epochs": 12},
                threshold="half",
            )
        )
    files = {"splits": "splits", "scores": "scores", "histories": "history"}
    given = {
        name: [str(folder / protocol / f"{file}.parquet") for protocol in PROTOCOLS]
        for name, file in files.items()
    }
    cards = [str(folder / protocol / "model.json") for protocol in PROTOCOLS]
    return given | {"cards": cards, "split_account": str(folder / "paper/split.json")}


def reproduced(folder: Path, given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    reproduce_paper.main(
        **given,
        evaluation=EVALUATION,
        figures=str(folder / "reproduction.json"),
        page=str(folder / "reproduction.html"),
    )
    page = (folder / "reproduction.html").read_text()
    return json.loads((folder / "reproduction.json").read_text()), page


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("paper")
    return folder, prepared(folder)


def test_both_trainings_are_watched(run: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    facts, page = reproduced(*run)
    assert facts["ours"]["training"]["units"] == [6, 4]
    assert facts["ours"]["training"]["imbalance"] == "none"
    assert facts["honest"]["training"]["imbalance"] == "oversample"
    assert facts["honest"]["tuned"]
    for side in ("ours", "honest"):
        assert [row["epoch"] for row in facts[side]["curves"]] == list(range(1, 13))
        assert all(0 <= row["test_accuracy"] <= 1 for row in facts[side]["curves"])
    honest = facts["honest"]
    assert sum(honest["confusion"].values()) == honest["rows"]
    assert honest["positives"] < honest["rows"] / 2
    assert honest["figures"]["auroc"]["low"] <= honest["figures"]["auroc"]["value"]
    for text in (
        "leaks",
        "0.9727",
        "1,454",
        "7,595 distinct negatives",
        "Figure 17",
        "Prinzi",
        "is memorising",
    ):
        assert text in page
    assert UNTUNED not in page
    assert reproduced(tmp_path, run[1]) == (facts, page)


def test_its_figures_are_those_of_the_comparison(run: tuple[Path, dict[str, Any]]) -> None:
    facts, _ = reproduced(*run)
    for place, side in enumerate(("ours", "honest")):
        splits, scores = (read_parquet(run[1][name][place]) for name in ("splits", "scores"))
        rows = splits.join(scores, on=["volume_id", "candidate_id", "copy"])
        drawn = {"confidence": EVALUATION["confidence"]}
        test = rows.filter(pl.col("part") == "test")
        compared = protocol_figures(test, {"lstm": 0.5}, **drawn)["lstm"].metrics
        for name, figure in compared.items():
            assert facts[side]["figures"][name] == to_builtins(figure), name


def test_trials_on_the_honest_test_rows_are_not_used_there(tmp_path: Path) -> None:
    facts, page = reproduced(tmp_path, prepared(tmp_path, trials=3))
    assert facts["ours"]["tuned"]
    assert not facts["honest"]["tuned"]
    assert facts["honest"]["training"]["units"] == MODEL["units"]
    assert UNTUNED in page
