"""The network in NumPy gives what PyTorch gives."""

import numpy as np
import pytest
import torch

from support.processes import python
from tomocalc.model.card import NetworkShape
from tomocalc.model.inference import Network
from tomocalc.model.lstm import Ensemble

FEATURES, SAMPLES = 6, 1500


def network(shape: NetworkShape) -> tuple[Ensemble, Network]:
    """Draw every weight, biases too, large enough for saturated gates."""
    torch.manual_seed(len(shape.units))
    ensemble = Ensemble(shape)
    with torch.no_grad():
        for weights in ensemble.parameters():
            weights.normal_(0, min(0.7, 2 / weights.shape[-1] ** 0.5))
    size = {"inputs": shape.inputs, "units": shape.units, "members": shape.members}
    return ensemble, Network(ensemble.tensors(), **size)


@pytest.mark.parametrize("kind", ["slices", "features_as_steps", "single_step"])
@pytest.mark.parametrize(
    ("units", "members"), [((5,), 1), ((128, 64, 32), 2), ((7, 3), 3), ((9, 1, 4, 6), 1)]
)
def test_probabilities_are_those_of_pytorch(
    kind: str, units: tuple[int, ...], members: int
) -> None:
    steps, width = {
        "slices": (7, FEATURES),
        "features_as_steps": (FEATURES, 1),
        "single_step": (1, FEATURES),
    }[kind]
    ensemble, found = network(NetworkShape(inputs=width, units=units, members=members))
    rng = np.random.default_rng(3)
    last = rng.integers(0, steps, SAMPLES)
    x = rng.normal(0, 3, (SAMPLES, steps, width)).astype(np.float32)
    x[np.arange(steps) > last[:, np.newaxis]] = 0.0  # masked
    wanted = ensemble.probability(torch.as_tensor(x), torch.as_tensor(last)).numpy()
    assert np.abs(found.probability(x, last) - wanted).max() < 1e-6


def test_what_lies_behind_the_last_valid_step_does_not_matter() -> None:
    _, found = network(NetworkShape(inputs=FEATURES, units=(8, 4)))
    x = np.random.default_rng(0).normal(size=(5, 7, FEATURES)).astype(np.float32)
    other, last = x.copy(), np.array([0, 1, 2, 3, 6])
    other[np.arange(7) > last[:, np.newaxis]] = 1e6
    assert np.array_equal(found.probability(x, last), found.probability(other, last))


def test_no_sample_gives_no_probability() -> None:
    _, found = network(NetworkShape(inputs=FEATURES, units=(4,)))
    assert found.probability(np.zeros((0, 7, FEATURES), np.float32), np.zeros(0, int)).shape == (0,)


def test_tensors_of_another_shape_are_named() -> None:
    _, found = network(NetworkShape(inputs=FEATURES, units=(4,)))
    with pytest.raises(ValueError, match=r"members\.0\.layers\.0\.weight_ih_l0"):
        Network(found.tensors, inputs=FEATURES + 1, units=(4,), members=1)
    with pytest.raises(ValueError, match=r"members\.1\.head\.bias"):
        Network(found.tensors, inputs=FEATURES, units=(4,), members=2)


def test_scoring_a_volume_imports_no_heavy_package() -> None:
    code = "import sys, predict_volume; print(*sorted(sys.modules))"
    heavy = {"torch", "highdicom", "plotly", "sklearn", "imagecodecs"}  # SciPy measures
    assert not heavy & set(python(code).split())
