"""Image models: patches at the right places, networks that learn the same twice."""

import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import save_file

import fit_image_model
from tomocalc.comparison.catalogue import IMAGE_KEYS
from tomocalc.comparison.image_fitting import (
    ADAM,
    OPTIMIZERS,
    GaborANN,
    Patches,
    Steps,
    chosen_rows,
    enhanced,
    gabor_features,
    predict,
    train_network,
    turned,
)
from tomocalc.comparison.networks import (
    DEPTH,
    STEP_NETWORKS,
    build_network,
    load_weights,
    patch_array,
    route,
    squash,
)
from tomocalc.comparison.patches import SCHEMA, volume_patches
from tomocalc.errors import TomocalcError
from tomocalc.files import read_json
from tomocalc.metrics import auroc
from tomocalc.parquet import write_parquet


class Stack:
    """Slices whose values rise with row, column and depth."""

    class header:  # noqa: N801
        slices = 5
        spacing_mm = (0.1, 0.1)

    def __init__(self, spoilt=()):
        self.reads = []
        self.spoilt = spoilt

    def read(self, index):
        self.reads.append(index)
        if index in self.spoilt:
            raise TomocalcError("E202", what="damaged", where="x", why="spoilt", fix="none")
        row, col = np.indices((60, 50))
        return (1000 + 10 * index + 2 * row + 3 * col).astype(np.uint16)


def places(slices, rows, cols):
    return pl.DataFrame(
        {
            "volume_id": ["v"] * len(slices),
            "candidate_id": range(len(slices)),
            "slice": slices,
            "centroid_row": rows,
            "centroid_col": cols,
        }
    )


def cut(stack, table, side=8):
    patches = pl.concat(volume_patches(stack, table, side=side))
    return patches, patch_array(patches["patch"])


def test_a_patch_is_centred_on_its_candidate_in_three_slices():
    patches, found = cut(Stack(), places([2, 3], [30.2, 20.0], [25.0, 24.6]))
    assert patches.columns == ["volume_id", "candidate_id", "patch"]
    assert found.shape == (2, DEPTH, 8, 8)
    _, wide = cut(Stack(), places([2], [30.0], [25.0]), side=16)
    assert np.array_equal(wide[0, :, 4:12, 4:12], found[0])
    steps = np.diff(found[0, 1].astype(int), axis=1)
    assert steps.min() >= 0
    assert steps.max() > 0


def test_the_image_border_is_black_and_the_end_slices_stand_in():
    _, found = cut(Stack(), places([0], [0.0], [0.0]))
    assert found[0, :, :4].max() == 0
    assert found[0, :, :, :4].max() == 0
    assert np.array_equal(found[0, 0], found[0, 1])


def test_a_slice_is_read_once_and_a_spoilt_neighbour_is_replaced():
    stack = Stack(spoilt={1})
    _, found = cut(stack, places([2, 2, 3], [30.0, 31, 32], [20.0, 21, 22]))
    assert sorted(stack.reads) == [1, 2, 3, 4]
    assert np.array_equal(found[0, 0], found[0, 1])


@pytest.mark.parametrize("key", [key for key in IMAGE_KEYS if key != "gabor_ann"])
def test_every_network_has_one_output_for_the_smallest_patch(key):
    if not key.startswith("cnn") and find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    if key == "inception_resnet" and find_spec("timm") is None:
        with pytest.raises(TomocalcError, match=r"E406.*timm.*pip install timm"):
            build_network(key)
        return
    with torch.device("meta"):  # shapes alone: nothing is computed
        found = build_network(key).eval()(torch.zeros(2, DEPTH, 32, 32))
    assert found.shape == (2, 1)


def test_the_budget_keeps_calcifications():
    label = np.array([1] * 10 + [0] * 990, np.float32)
    rows = np.arange(1000)
    chosen = chosen_rows(label, rows, samples=100, seed=1)
    assert len(chosen) == len(set(chosen)) == 100
    assert label[chosen].sum() == 10
    assert np.array_equal(chosen_rows(label, rows, samples=1000, seed=1), rows)
    assert (1 - label)[chosen_rows(1 - label, rows, samples=100, seed=1)].sum() == 90


def test_turning_keeps_the_content_of_every_slice():
    x = torch.arange(2 * DEPTH * 16.0).reshape(2, DEPTH, 4, 4)
    ways = {
        tuple(turned(x, torch.Generator().manual_seed(seed)).flatten().tolist())
        for seed in range(60)
    }
    assert len(ways) == 8
    assert all(sorted(way) == x.flatten().tolist() for way in ways)


def bright_squares(rows=160, side=16):
    draw = np.random.default_rng(0)
    label = (draw.random(rows) < 0.4).astype(np.float32)
    patches = draw.integers(20, 90, (rows, DEPTH, side, side)).astype(np.uint8)
    patches[label == 1, :, 6:10, 6:10] += 120
    return patches, label


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("key", [*OPTIMIZERS, "cnn_spp"])
def test_other_optimisers_and_a_pyramid_learn_too(key):
    patches, label = bright_squares()
    torch.manual_seed(1)
    network = build_network(key)
    train_network(
        network, Patches(patches), label, epochs=10, seed=1, optimizer=OPTIMIZERS.get(key, ADAM)
    )
    assert auroc(label, predict(network, Patches(patches))) > 0.95


def test_filters_and_a_tree_choose_what_a_perceptron_reads():
    patches, label = bright_squares(rows=300, side=32)
    chain = GaborANN(1).fit(patches[:200], label[:200])
    assert 0 < len(chain.chosen) < gabor_features(patches[:1]).shape[1]
    assert auroc(label[200:], chain.score(patches[200:])) > 0.9
    assert chain.score(patches[:0]).size == 0
    assert (enhanced(np.full((1, DEPTH, 4, 4), 9, np.uint8)) == 0).all()
    steps = np.broadcast_to(np.array([0, 50, 150, 200], np.uint8), (1, DEPTH, 4, 4))
    assert enhanced(steps)[0, 0] == pytest.approx([0, 0.125, 0.875, 1])


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("key", STEP_NETWORKS)
def test_networks_on_sequences_learn_what_only_the_order_tells(key):
    draw = np.random.default_rng(1)
    x = draw.normal(size=(400, 5, 2)).astype(np.float32)
    last = draw.integers(2, 5, 400)
    label = (x[:, 0, 0] > x[:, 1, 0]).astype(np.float32)  # which of two steps comes first
    torch.manual_seed(1)
    network = STEP_NETWORKS[key](2, [16], 0.0)
    before = network(*Steps(x, last).batch(np.arange(3)))
    beyond = x.copy()
    beyond[np.arange(400)[:, None] * 0 + np.arange(5) > last[:, None]] = 99  # is padding
    assert torch.equal(before, network(*Steps(beyond, last).batch(np.arange(3))))
    train_network(
        network, Steps(x, last), label, epochs=30, seed=1, size=50, optimizer=(ADAM[0], 1e-2)
    )
    assert auroc(label, predict(network, Steps(x, last))) > 0.9


def test_capsules_that_agree_win():
    long = squash(torch.tensor([[30.0, 40.0]]))
    assert float(long.norm()) == pytest.approx(2500 / 2501, rel=1e-4)
    votes = torch.zeros(1, 3, 2, 2)
    votes[0, :, 1] = torch.tensor([2.0, 0.0])  # all parts agree on the second class
    votes[0, :, 0] = torch.tensor([[2.0, 0.0], [-2.0, 0.0], [0.0, 2.0]])
    length = route(votes).norm(dim=2)[0]
    assert length[1] > 0.9 > 0.6 > length[0]


def test_pretrained_weights_are_taken_but_for_the_last_layer(tmp_path):
    torch.manual_seed(1)
    other: Any = build_network("cnn")
    mine: Any = build_network("cnn")
    given = other.state_dict()
    given["head.weight"], given["head.bias"] = torch.zeros(1000, 64), torch.zeros(1000)
    save_file(given, tmp_path / "cnn.safetensors")
    head = mine.head.weight.clone()
    load_weights(mine, str(tmp_path / "cnn.safetensors"))
    assert torch.equal(mine.layers[0].weight, other.layers[0].weight)
    assert torch.equal(mine.head.weight, head)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda given: given.pop("layers.0.weight"), "1 do not fit: layers.0.weight is missing"),
        (
            lambda given: given.update({"layers.0.weight": torch.zeros(16, 1, 3, 3)}),
            r"is \(16, 1, 3, 3\), not \(16, 3, 3, 3\)",
        ),
        (
            lambda given: given.update({"layers.0.weight": torch.full((16, 3, 3, 3), np.nan)}),
            "not finite",
        ),
        (
            lambda given: given.update({"layers.9.weight": torch.zeros(2)}),
            "1 of its tensors are not the network's, as layers.9.weight",
        ),
    ],
)
def test_weights_of_another_network_are_named(tmp_path, change, why):
    given = build_network("cnn").state_dict()
    change(given)
    path = tmp_path / "other.safetensors"
    save_file(given, path)
    with pytest.raises(TomocalcError, match=f"E404.*{why}"):
        load_weights(build_network("cnn"), str(path))
    path.write_bytes(b"no weights")
    with pytest.raises(TomocalcError, match=r"E404.*other.safetensors"):
        load_weights(build_network("cnn"), str(path))


@pytest.mark.usefixtures("one_thread")
def test_a_small_network_learns_bright_squares_the_same_way_twice():
    patches, label = bright_squares()
    found = []
    for _ in range(2):
        torch.manual_seed(1)
        network = train_network(build_network("cnn"), Patches(patches), label, epochs=10, seed=1)
        found.append(predict(network, Patches(patches)))
    assert np.array_equal(found[0], found[1])
    assert found[0][label == 1].mean() > found[0][label == 0].mean() + 0.3


def test_fit_image_model_scores_validation_and_test_rows(tmp_path):
    patches, label = bright_squares()
    rows = len(label)
    part = np.array(["train", "validation", "test", "test"])[np.arange(rows) % 4]
    keys = {"volume_id": ["v"] * rows, "candidate_id": range(rows)}
    images = pl.DataFrame({**keys, "patch": [patch.tobytes() for patch in patches]}, schema=SCHEMA)
    splits = pl.DataFrame({**keys, "label": label, "part": part, "copy": [0] * rows}).cast(
        {"candidate_id": pl.Int32, "copy": pl.Int32}
    )
    splits = pl.concat([splits, splits.tail(1).with_columns(copy=pl.lit(1, pl.Int32))])
    write_parquet(tmp_path / "patches.parquet", images)
    write_parquet(tmp_path / "splits.parquet", splits)
    out = {name: str(tmp_path / name) for name in ("scores", "account")}
    fit_image_model.main(
        splits=str(tmp_path / "splits.parquet"),
        patches=str(tmp_path / "patches.parquet"),
        network="cnn",
        protocol="honest",
        settings={"samples": 30, "epochs": 1},
        threshold="max_f1",
        seed=1,
        **out,
    )
    scores = pl.read_parquet(out["scores"])
    assert scores.height == (part != "train").sum() + 1
    assert scores["cnn"].is_between(0, 1).all()
    assert scores["cnn"][-1] == scores["cnn"][-2]
    account = read_json(out["account"])
    assert account["parameters"]["patches"] == 30
    assert 0 < account["threshold"] < 1


def test_networks_without_their_package_are_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(TomocalcError, match=r"E406.*torchvision.*pip install"):
        build_network("resnet18")
