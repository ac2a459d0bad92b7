"""The network: the paper's shape, masks, members, schedule, losses."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from support.model_data import MODEL
from tomocalc.model.card import NetworkShape
from tomocalc.model.lstm import Ensemble, StackedLSTM
from tomocalc.model.optimisation import Adam, class_weights, learning_rate, oversampled, row_loss
from tomocalc.model.recipe import TrainingSettings


def keras_parameters(inputs: int) -> int:
    """Parameters of Keras' 128-64-32 stack, whose layers have one bias each."""
    sizes = [inputs, 128, 64, 32]
    return sum(4 * (b * (a + b) + b) for a, b in pairwise(sizes)) + 33


def test_the_default_is_the_papers_stack() -> None:
    model = StackedLSTM(NetworkShape(inputs=6))
    assert [layer.hidden_size for layer in model.layers if isinstance(layer, nn.LSTM)] == [
        128,
        64,
        32,
    ]
    assert model.dropout.p == 0.1
    second_biases = 4 * (128 + 64 + 32)
    assert sum(p.numel() for p in model.parameters()) == keras_parameters(6) + second_biases


def test_one_step_by_hand() -> None:
    torch.manual_seed(0)
    model = StackedLSTM(NetworkShape(inputs=3, units=(4,), dropout=0.0))
    x = torch.randn(5, 1, 3)
    w = dict(model.layers[0].named_parameters())
    i, _, g, o = (x[:, 0] @ w["weight_ih_l0"].T + w["bias_ih_l0"] + w["bias_hh_l0"]).chunk(4, 1)
    h = o.sigmoid() * (i.sigmoid() * g.tanh()).tanh()
    expected = (h @ model.head.weight.T + model.head.bias).squeeze(1)
    assert torch.allclose(model(x, torch.zeros(5, dtype=torch.long)), expected, atol=1e-6)


def test_one_step_equals_the_first_of_several() -> None:
    torch.manual_seed(4)
    model = StackedLSTM(NetworkShape(inputs=3, units=(16, 8), dropout=0.0))
    x, last = torch.randn(9, 1, 3), torch.zeros(9, dtype=torch.long)
    gradients = []
    for steps in (1, 2):
        model.zero_grad()
        logits = model(x.repeat(1, steps, 1), last)
        logits.square().sum().backward()
        gradients.append((logits, {k: p.grad for k, p in model.named_parameters()}))
    (one, grad_one), (two, grad_two) = gradients
    assert torch.allclose(one, two, atol=1e-6)
    for name, expected in grad_two.items():
        assert expected is not None
        found = grad_one[name]
        if found is None:
            assert not expected.any(), name
        else:
            assert torch.allclose(found, expected, atol=1e-5), name


@pytest.mark.parametrize("units", [(8,), (8, 4), (8, 4, 4, 2)])
def test_padding_does_not_reach_the_output(units: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    model = Ensemble(NetworkShape(inputs=2, units=units, members=2)).eval()
    x = torch.randn(6, 5, 2)
    last = torch.tensor([0, 1, 2, 3, 4, 2])
    padded = x.clone()
    padded[torch.arange(5)[None] > last[:, None]] = 99.0
    assert torch.equal(model(x, last), model(padded, last))
    assert torch.allclose(model(x, last)[:, :1], model(x[:1, :1], last[:1]))


def test_members_start_differently_and_are_averaged() -> None:
    torch.manual_seed(2)
    model = Ensemble(NetworkShape(inputs=2, units=(4,), members=3))
    x, last = torch.randn(7, 3, 2), torch.full((7,), 2)
    logits = model.eval()(x, last).detach()
    assert logits.shape == (3, 7)
    assert len({float(v) for v in logits[:, 0]}) == 3
    expected = logits.double().sigmoid().mean(0)
    assert torch.allclose(model.probability(x, last, rows=3), expected, atol=1e-6)
    assert model.probability(x[:0], last[:0]).shape == (0,)


def test_first_weights_are_those_of_keras() -> None:
    torch.manual_seed(3)
    w = dict(StackedLSTM(NetworkShape(inputs=6, units=(16,))).layers[0].named_parameters())
    assert w["bias_ih_l0"].tolist() == [0.0] * 16 + [1.0] * 16 + [0.0] * 32
    assert not w["bias_hh_l0"].any()
    r = w["weight_hh_l0"]
    assert torch.allclose(r.T @ r, torch.eye(16), atol=1e-5)
    assert float(w["weight_ih_l0"].detach().abs().max()) <= np.sqrt(6 / (6 + 64))


def test_loss_by_hand() -> None:
    logits = torch.tensor([[0.0, 2.0], [-1.0, 0.5]])
    y = torch.tensor([1.0, 0.0])
    p = torch.sigmoid(logits)
    truth = torch.stack([p[:, 0], 1 - p[:, 1]], dim=1)
    assert torch.allclose(row_loss(logits, y, "none"), -truth.log())
    assert torch.allclose(row_loss(logits, y, "focal"), -((1 - truth) ** 2) * truth.log())


def test_imbalance_by_hand() -> None:
    y = torch.tensor([1.0, 0, 0, 0])
    assert class_weights(y, "none").tolist() == [1, 1]
    assert torch.allclose(class_weights(y, "class_weights"), torch.tensor([4 / 6, 2.0]))
    assert class_weights(torch.zeros(3), "class_weights").tolist() == [1, 1]
    assert oversampled(y, "none", 0).tolist() == [0, 1, 2, 3]
    assert oversampled(y, "oversample", 0).tolist() == [0, 1, 2, 3, 0, 0]
    y = torch.tensor([1.0, 1, 0, 0, 0, 0, 0])
    both = oversampled(y, "oversample", 5)
    assert both.tolist() == oversampled(y, "oversample", 5).tolist()
    assert len(both) == 10
    assert set(both[7:].tolist()) <= {0, 1}


def test_the_optimiser_is_that_of_pytorch() -> None:
    ours, theirs = (nn.Linear(3, 2) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    optimizer = Adam(ours.parameters(), weight_decay=0.1)
    reference = torch.optim.AdamW(theirs.parameters(), weight_decay=0.1, fused=True)
    for rate in (0.1, 0.02, 0.3):
        x = torch.randn(5, 3)
        for model in (ours, theirs):
            model(x).square().sum().backward()
        optimizer.step(rate)
        reference.param_groups[0]["lr"] = rate
        reference.step()
        reference.zero_grad()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(a, b)


def test_one_cycle_rises_peaks_and_falls() -> None:
    settings = TrainingSettings.of(MODEL | {"schedule": "one_cycle", "learning_rate": 0.5})
    rates = [learning_rate(settings, step, 101) for step in range(101)]
    assert rates[0] == pytest.approx(0.5 / 25)
    assert max(rates) == pytest.approx(0.5, rel=1e-3)
    assert rates.index(max(rates)) in (30, 31)
    assert rates[-1] == pytest.approx(0.5e-4)
    assert learning_rate(TrainingSettings.of(MODEL | {"learning_rate": 0.5}), 7, 10) == 0.5
