"""grow_trees and release_model: a release gives the scores of the model that its card names."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

import grow_trees
import release_model
import train_lstm
from support.model_data import MODEL, make_candidates, training, write_tables
from support.pages_data import write_dataset
from tomocalc.accounts.study import SearchAccount, TreesAccount
from tomocalc.errors import TomocalcError
from tomocalc.files import file_sha256
from tomocalc.model import growing
from tomocalc.model.release import load_model
from tomocalc.parquet import read_parquet


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a trained network and the trees beside it."""
    folder = tmp_path_factory.mktemp("release")
    tables = write_tables(folder)
    write_dataset(folder / "dataset", make_candidates().filter("focus"))
    train_lstm.main(**training(folder, model=MODEL | {"imbalance": "oversample"}))
    with pytest.MonkeyPatch.context() as patch:
        for kind in (growing.AVERAGED, growing.BOOSTED):
            patch.setitem(kind, "n_estimators", 10)
        grow_trees.main(
            **tables,
            network=str(folder / "model/model.safetensors"),
            lstm_scores=str(folder / "model/scores.parquet"),
            protocol="honest",
            objective="average_precision",
            threshold="max_f1",
            seed=1,
            trees=str(folder / "trees/trees.safetensors"),
            account=str(folder / "trees/trees.json"),
            scores=str(folder / "trees/scores.parquet"),
        )
    return folder


def released(folder: Path, release: str, out: Path, **more: Any) -> Any:
    """Return the model that `release_model` writes."""
    release_model.main(
        network=str(folder / "model/model.safetensors"),
        trees=str(folder / "trees/trees.safetensors"),
        trees_account=str(folder / "trees/trees.json"),
        candidates=str(folder / "candidates.parquet"),
        splits=str(folder / "splits.parquet"),
        quality=str(folder / "dataset/quality.json"),
        release=release,
        weights=str(out / "model.safetensors"),
        card=str(out / "model.json"),
        **more,
    )
    return load_model(out)


@pytest.mark.parametrize("release", ["lstm", "trees", "average"])
def test_a_release_gives_the_scores_of_its_model(
    folder: Path, tmp_path: Path, release: str
) -> None:
    model = released(folder, release, tmp_path)
    found = model.predict(make_candidates())
    file = "model" if release == "lstm" else "trees"
    scores = read_parquet(folder / f"{file}/scores.parquet")
    both = scores.join(found, on=["volume_id", "candidate_id"])
    assert len(both) == len(scores) > 0
    assert np.allclose(both[release].to_numpy(), both["probability"].to_numpy(), atol=1e-12)
    account = TreesAccount.read(folder / "trees/trees.json")
    assert model.threshold == account.models[release].threshold
    assert model.released == release
    assert model.card.source == "volumes"
    assert (model.trees is None) == (release == "lstm")


def test_a_balanced_network_is_moved_to_the_share_of_the_training(folder: Path) -> None:
    account = TreesAccount.read(folder / "trees/trees.json")
    share = account.share
    assert 0 < share < 0.5
    assert account.shift == pytest.approx(np.log(share / (1 - share)))


def test_the_best_is_chosen_on_the_validation_part(folder: Path) -> None:
    account = TreesAccount.read(folder / "trees/trees.json")
    for name in account.models:
        values = {key: 0.9 if key == name else 0.1 for key in account.models}
        models = {key: replace(one, validation=values[key]) for key, one in account.models.items()}
        assert release_model.best_of(replace(account, models=models)) == name
    none = {key: replace(one, validation=None) for key, one in account.models.items()}
    assert release_model.best_of(replace(account, models=none)) == "lstm"


def test_a_release_without_its_trees_is_refused(folder: Path, tmp_path: Path) -> None:
    released(folder, "trees", tmp_path / "a")
    other = released(folder, "lstm", tmp_path / "b")
    card = (tmp_path / "a/model.json").read_text()
    (tmp_path / "b/model.json").write_text(card)
    assert other.trees is None
    with pytest.raises(TomocalcError, match="E404"):
        load_model(tmp_path / "b")


def test_a_learned_search_goes_with_the_model_and_names_nobody(
    folder: Path, tmp_path: Path
) -> None:
    paths = [tmp_path / "search" / name for name in ("search.safetensors", "search.json")]
    paths[0].parent.mkdir()
    paths[0].write_bytes(b"weights")
    account = SearchAccount(
        seed=1, threshold_k=3.0, cut=0.5, spots=60, others=200, passes=2, epochs=7,
        patients=("Ann", "Bea"), slices=60, positives=100, negatives=400, weights=69201,
        loss=(0.5, 0.4), weights_sha256=file_sha256(paths[0]),
    )  # fmt: skip
    account.write(paths[1])
    model = released(folder, "lstm", tmp_path, search=tuple(map(str, paths)))
    assert model.search_key == account.weights_sha256
    assert model.card.search.patients == 2
    assert (tmp_path / "search.safetensors").read_bytes() == b"weights"
    assert SearchAccount.read(tmp_path / "search.json") == replace(account, patients=())
    assert released(folder, "lstm", tmp_path).search_key is None
