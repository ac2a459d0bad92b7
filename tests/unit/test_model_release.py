"""The release: what is loaded is what was saved, and nothing else is."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from safetensors.numpy import load_file, save_file

from support.data_files import release
from support.model_data import NAMES, make_candidates
from tomocalc.errors import TomocalcError
from tomocalc.files import file_sha256
from tomocalc.model.release import load_model
from tomocalc.model.sequences import build_sequences


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return release(tmp_path).parent


def test_a_table_and_its_samples_are_predicted_alike(folder: Path) -> None:
    model = load_model(folder)
    table = make_candidates().sample(fraction=1.0, shuffle=True, seed=1)
    given = build_sequences(make_candidates(), features=NAMES, kind="slices", slices=3)
    samples = model.predict_samples(given.x, given.mask, given.focus)
    found = model.predict(table)
    frame = pd.DataFrame(table.to_dict(as_series=False))
    for one in (
        frame,
        frame.set_index(["volume_id", "candidate_id"]),
        frame.astype({"focus": int}),
    ):
        assert found.equals(model.predict(one))
    with pytest.raises(TomocalcError, match="two of its columns have the same name"):
        model.predict(pd.concat([frame, frame], axis=1))
    assert np.array_equal(found["probability"].to_numpy(), samples)
    assert found["flagged"].to_list() == (samples >= 0.5).tolist()
    assert load_model(folder / "model.safetensors").card == model.card


def test_a_bare_table_is_one_candidate_per_row(folder: Path) -> None:
    table = make_candidates().filter("focus").select(NAMES)
    found = load_model(folder).predict(table)
    assert found["candidate_id"].to_list() == list(range(len(table)))
    assert found["volume_id"].unique().to_list() == ["table"]


def test_no_candidates_no_predictions(folder: Path) -> None:
    found = load_model(folder).predict(make_candidates().clear())
    assert found.schema == {
        "volume_id": pl.String,
        "candidate_id": pl.Int32,
        "probability": pl.Float64,
        "flagged": pl.Boolean,
    }
    assert found.is_empty()


def test_wrong_columns_are_named(folder: Path) -> None:
    with pytest.raises(TomocalcError, match=r"E302.*contrast"):
        load_model(folder).predict(make_candidates().drop("contrast"))


def edit_card(folder: Path, **changes: object) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_altered_files_are_refused(folder: Path) -> None:
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-3] ^= 1
    weights.write_bytes(content)
    with pytest.raises(TomocalcError, match=r"E404.*SHA-256"):
        load_model(folder)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"threshold": {"rule": "half", "value": 0.1, "chosen_on": None}}, "does not belong"),
        ({"features": [{"name": name, "unit": ""} for name in NAMES[::-1]]}, "does not belong"),
        ({"schema": 0}, "its schema is 0"),
        ({"weights_sha256": "0" * 64}, "SHA-256"),
    ],
)
def test_another_card_is_refused(folder: Path, changes: dict[str, object], why: str) -> None:
    edit_card(folder, **changes)
    with pytest.raises(TomocalcError, match=rf"E404.*{why}"):
        load_model(folder)


def test_a_card_that_lacks_a_field_added_since_is_read(folder: Path) -> None:
    weights, path = folder / "model.safetensors", folder / "model.json"
    card = json.loads(path.read_text())
    del card["clusters"]
    save_file(load_file(weights), weights, {"card": json.dumps(card | {"weights_sha256": ""})})
    path.write_text(json.dumps(card | {"weights_sha256": file_sha256(weights)}))
    assert load_model(folder).clusters is None


def test_missing_and_foreign_files_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TomocalcError, match="E404"):
        load_model(tmp_path / "nowhere")
    (folder / "model.safetensors").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(TomocalcError, match="E404"):
        load_model(folder)


def test_files_that_can_run_code_are_never_opened(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Hostile:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (canary,)

    torch.save(Hostile(), tmp_path / "model.pt")
    with pytest.raises(TomocalcError, match=r"E404.*only \.safetensors"):
        load_model(tmp_path / "model.pt")
    torch.save(Hostile(), tmp_path / "model.safetensors")
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(TomocalcError, match="E404"):
        load_model(tmp_path)
    assert not canary.exists()
