"""ablate_inputs: one feature after another is left out, or slices, on the same folds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import ablate_inputs
from support.model_data import MODEL, NAMES, write_tables
from tomocalc.errors import TomocalcError
from tomocalc.model import fitting


def ablated(folder: Path, what: str, **changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "features": NAMES,
        "sequence": {"kind": "slices", "slices": 5},
        "model": MODEL | {"epochs": 2, "patience": 0},
        **changes,
    }
    ablate_inputs.main(
        what=what,
        **write_tables(folder),
        **arguments,
        impute="none",
        folds=2,
        evaluation={"bootstrap": 100, "confidence": 0.95},
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
