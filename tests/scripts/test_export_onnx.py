"""export_onnx: the graph predicts what the released model predicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from support.model_data import NAMES, make_candidates
from tomocalc.errors import TomocalcError
from tomocalc.model.lstm import Ensemble, Hyperparameters
from tomocalc.model.preprocessing import fit_preprocessing
from tomocalc.model.release import load_model, save_model
from tomocalc.model.sequences import Sequences, build_sequences

export_onnx = pytest.importorskip("export_onnx", reason="needs onnx")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
TOLERANCE = 1e-6


def released(
    folder: Path, *, kind: str, scaler: str, units: tuple[int, ...], impute: str = "none"
) -> Sequences:
    """Save a model with random weights; return samples in the features' own units."""
    torch.manual_seed(0)
    given = build_sequences(make_candidates(), features=NAMES, kind=kind, slices=5)
    network = Ensemble(Hyperparameters(inputs=given.x.shape[-1], units=units, members=3)).eval()
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(2).add_(torch.randn_like(weights))  # so that samples differ, and biases
    scale = fit_preprocessing(
        given.x, given.mask, features=len(NAMES), scaler=scaler, impute=impute
    )
    facts: dict[str, Any] = {
        "features": [{"name": name, "unit": ""} for name in NAMES],
        "sequence": {"kind": kind, "slices": 5},
        "shape": {
            "inputs": given.x.shape[-1],
            "units": list(units),
            "dropout": 0.1,
            "members": 3,
        },
        "preprocessing": scale.to_json(),
        "threshold": {"rule": "half", "value": 0.5, "chosen_on": None},
    }
    save_model(
        weights=str(folder / "model.safetensors"),
        card=str(folder / "model.json"),
        tensors=network.tensors(),
        facts=facts,
    )
    return given


def exported(folder: Path, name: str = "model.onnx") -> Path:
    export_onnx.main(weights=str(folder / "model.safetensors"), graph=str(folder / name))
    return folder / name


@pytest.mark.parametrize("kind", ["slices", "features_as_steps", "single_step"])
@pytest.mark.parametrize("scaler", ["standard", "quantile"])
@pytest.mark.parametrize("units", [(7,), (8, 5, 4)])
def test_the_graph_predicts_what_pytorch_predicts(
    tmp_path: Path, kind: str, scaler: str, units: tuple[int, ...]
) -> None:
    given = released(tmp_path, kind=kind, scaler=scaler, units=units)
    wanted = load_model(tmp_path).predict_samples(given.x, given.mask)
    assert np.ptp(wanted) > 0.02, "the samples must differ for the comparison to mean anything"
    session = onnxruntime.InferenceSession(exported(tmp_path))
    for rows in (1, 13, len(given.x)):  # the batch is free
        feed = {"x": given.x[:rows], "steps": given.mask[:rows].sum(axis=1)}
        found = session.run(["probability"], feed)[0]
        assert found.shape == (rows,)
        assert np.abs(found - wanted[:rows]).max() < TOLERANCE


def test_padding_has_no_part_in_the_result(tmp_path: Path) -> None:
    given = released(tmp_path, kind="slices", scaler="quantile", units=(6, 4))
    assert not given.mask.all()
    session = onnxruntime.InferenceSession(exported(tmp_path))
    steps = given.mask.sum(axis=1)
    soiled = np.where(given.mask[..., np.newaxis], given.x, np.float32(1e3))
    clean, other = (session.run(None, {"x": x, "steps": steps})[0] for x in (given.x, soiled))
    assert np.array_equal(clean, other)


def test_the_file_says_what_it_reads_and_is_the_same_every_time(tmp_path: Path) -> None:
    released(tmp_path, kind="slices", scaler="quantile", units=(6, 4))
    first = exported(tmp_path)
    assert first.read_bytes() == exported(tmp_path, "second.onnx").read_bytes()
    facts = onnxruntime.InferenceSession(first).get_modelmeta().custom_metadata_map
    assert json.loads(facts["features"]) == NAMES
    assert json.loads(facts["sequence"]) == {"kind": "slices", "slices": 5}
    assert json.loads(facts["threshold"]) == 0.5


def test_a_model_that_fills_gaps_is_refused(tmp_path: Path) -> None:
    released(tmp_path, kind="single_step", scaler="standard", units=(4,), impute="median")
    with pytest.raises(TomocalcError, match=r"E404.*does not fill missing values"):
        exported(tmp_path)
