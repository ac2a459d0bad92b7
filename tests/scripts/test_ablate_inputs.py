"""ablate_inputs: one feature after another is left out, or slices, on the same folds."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

import ablate_inputs
from support.model_data import MODEL, NAMES, make_candidates, make_splits, write_tables
from tomocalc.accounts.figures import Lead
from tomocalc.errors import TomocalcError
from tomocalc.evaluation.weighted import paired_figures
from tomocalc.model import fitting, growing
from tomocalc.parquet import write_parquet


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (growing.AVERAGED, growing.BOOSTED):
        monkeypatch.setitem(kind, "n_estimators", 5)


def ablated(folder: Path, what: str, **changes: Any) -> dict[str, Any]:
    tables = changes.pop("tables", None) or write_tables(folder)
    arguments: dict[str, Any] = {
        "features": NAMES,
        "sequence": {"kind": "slices", "slices": 5},
        "model": MODEL | {"epochs": 2, "patience": 0},
        **changes,
    }
    ablate_inputs.main(
        what=what,
        **tables,
        **arguments,
        impute="none",
        folds=2,
        evaluation={"confidence": 0.95},
        source="phantom",
        seed=1,
        figures=str(folder / "ablation.json"),
        page=str(folder / "ablation.html"),
    )
    return json.loads((folder / "ablation.json").read_text())


def test_every_feature_is_left_out_once(tmp_path: Path) -> None:
    facts = ablated(tmp_path, "features")
    assert [one["name"] for one in facts["variants"]] == [f"without {name}" for name in NAMES]
    assert facts["patients"] == 6
    assert "without contrast" in (tmp_path / "ablation.html").read_text()


def test_slices_are_left_out_from_both_ends(tmp_path: Path) -> None:
    facts = ablated(tmp_path, "slices")
    assert [one["name"] for one in facts["variants"]] == ["1 slice", "3 slices"]


def test_the_gain_of_the_sequence_is_the_ablation_to_one_slice(tmp_path: Path) -> None:
    facts = ablated(tmp_path, "sequence")
    assert "The trees are controls that are no LSTM" in (tmp_path / "ablation.html").read_text()
    one, *controls = facts["variants"]
    assert one["name"] == "1 slice"
    assert [control["name"].partition(",")[0] for control in controls] == ["trees"] * 2
    assert facts["trainings"] == 3
    assert "trained 3 times" in (tmp_path / "ablation.html").read_text()
    lead = one["figures"]["auroc"]["lead"]
    values = [one["figures"]["auroc"][name]["value"] for name in ("one", "other")]
    assert lead["value"] == pytest.approx(values[0] - values[1])
    assert set(facts["curves"]) == {"whole", "1 slice"}


def test_how_much_trainings_differ_widens_the_lead() -> None:
    rng = np.random.default_rng(0)
    label, group = rng.integers(0, 2, 400).astype(np.int8), np.repeat(np.arange(20), 20)
    noise = rng.normal(size=400)
    trained = np.stack([label + noise * spread for spread in (0.8, 1.0, 1.6)])
    alike = np.stack([trained[1]] * 3)
    other = np.stack([label + 3 * noise] * 3)
    arguments = (group.astype(np.int32),)
    wide, narrow = (
        paired_figures(label, (scores, other), *arguments, confidence=0.9)["auroc"].lead
        for scores in (trained, alike)
    )
    alone = paired_figures(label, (alike[0], other[0]), *arguments, confidence=0.9)["auroc"].lead
    assert (narrow.low, narrow.high) == pytest.approx((alone.low, alone.high))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_a_patient_that_both_models_rank_alike_leaves_the_lead_alone() -> None:
    rng = np.random.default_rng(0)
    label = np.tile([1, 0, 0, 0], 50).astype(np.int8)
    group = np.repeat(np.arange(20), 10).astype(np.int32)
    score = rng.random(200) + label
    same = paired_figures(label, (score, score), group, confidence=0.9)["auroc"]
    assert same.lead == Lead(value=0, low=0, high=0, p=1)
    assert same.one.value == 1 > same.one.low  # so few may mislead
    worse = paired_figures(label, (score, rng.random(200)), group, confidence=0.9)
    found = worse["average_precision"]
    assert 0 < found.lead.low < found.lead.high < 1
    assert found.other.low < found.other.value < found.other.high


def test_too_few_patients_are_named(tmp_path: Path) -> None:
    tables = write_tables(tmp_path)
    splits = make_splits(make_candidates())
    splits = splits.with_columns(
        label=pl.when(pl.col("group") == 0).then("label").otherwise(0).cast(pl.Int8)
    )
    write_parquet(tables["splits"], splits)
    with pytest.raises(TomocalcError, match=r"E304.*1 patients have a positive candidate"):
        ablated(tmp_path, "sequence", tables=tables)


def test_nothing_to_leave_out_is_said(tmp_path: Path) -> None:
    with pytest.raises(TomocalcError, match=r"E101.*1 features of 5 slices"):
        ablated(tmp_path, "features", features=NAMES[:1])


def test_a_full_gpu_is_told_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB.")

    monkeypatch.setattr(fitting, "train", full)
    with pytest.raises(TomocalcError, match=r"E405.*batch of 32.*halve model\.batch_size"):
        ablated(tmp_path, "slices")
