"""compare_sequences: two inputs, the same folds, one paired comparison by patient."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import compare_sequences
from support.model_data import MODEL, NAMES, make_candidates, make_splits, write_tables
from tomocalc.errors import TomocalcError
from tomocalc.evaluation.leads import paired_figures
from tomocalc.parquet import write_parquet


def compared(folder: Path, **changes: Any) -> tuple[dict[str, Any], str]:
    tables = changes.pop("tables", None) or write_tables(folder)
    out = folder / "experiments"
    compare_sequences.main(
        **tables,
        features=NAMES,
        slices=3,
        model=MODEL | {"epochs": 12, "patience": 0},
        impute="none",
        folds=changes.pop("folds", 3),
        evaluation={"bootstrap": 200, "confidence": 0.95},
        source="phantom",
        seed=1,
        figures=str(out / "sequence_gain.json"),
        page=str(out / "sequence_gain.html"),
    )
    facts = json.loads((out / "sequence_gain.json").read_text())
    return facts, (out / "sequence_gain.html").read_text()


def test_every_candidate_is_scored_once_with_both_inputs(tmp_path: Path) -> None:
    facts, page = compared(tmp_path)
    assert facts["candidates"] == make_splits(make_candidates()).height
    for figure in facts["figures"].values():
        lead = figure["lead"]
        assert lead["value"] == pytest.approx(
            figure["slices"]["value"] - figure["single_step"]["value"]
        )
        assert lead["low"] <= lead["value"] <= lead["high"]
    assert "best slice alone" in page
    assert compared(tmp_path / "again") == (facts, page)


def test_a_patient_that_both_models_rank_alike_leaves_the_lead_alone() -> None:
    rng = np.random.default_rng(0)
    label = np.tile([1, 0, 0, 0], 50).astype(np.int8)
    group = np.repeat(np.arange(20), 10).astype(np.int32)
    score = rng.random(200) + label
    same = paired_figures(
        label, {"a": score, "b": score}, group, resamples=100, confidence=0.9, seed=1
    )
    assert same["auroc"]["lead"] == {"value": 0, "low": 0, "high": 0, "share_ahead": 0}
    assert same["auroc"]["a"]["value"] == 1 > same["auroc"]["a"]["low"]  # so few may mislead
    worse = {"a": score, "b": rng.random(200)}
    figures = paired_figures(label, worse, group, resamples=100, confidence=0.9, seed=1)
    assert figures["average_precision"]["lead"]["low"] > 0
    alone = figures["average_precision"]["b"]
    spread = figures["average_precision"]["lead"]
    assert spread["high"] - spread["low"] < 1
    assert alone["low"] < alone["value"] < alone["high"]


def test_too_few_patients_are_named(tmp_path: Path) -> None:
    tables = write_tables(tmp_path)
    splits = make_splits(make_candidates())
    splits = splits.with_columns(
        label=pl.when(pl.col("group") == 0).then("label").otherwise(0).cast(pl.Int8)
    )
    write_parquet(tables["splits"], splits)
    with pytest.raises(TomocalcError, match=r"E304.*1 patients have a calcification"):
        compared(tmp_path, tables=tables)
