"""Networks beside the stacked LSTM: those on image patches, and those on a candidate's sequence.

Of patches a small one, and the published ones from torchvision.
"""

from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import adaptive_max_pool2d, interpolate

from tomocalc.errors import fault

DEPTH = 3
"""Slices of a patch."""
SMALLEST = {"alexnet": 64, "inception_resnet": 76}
"""Side in pixels below which a network has no output; patches are enlarged to it."""
OTHERWISE_NAMED = {"vgg": "vgg11_bn", "vgg16": "vgg16_bn", "vgg19": "vgg19_bn"}
OTHERWISE_NAMED |= {"convnext": "convnext_tiny"}
"""What torchvision calls them."""
SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
PRIMARY, PRIMARY_SIZE = 8, 8
CLASS_SIZE = 16
ROUTES = 3
"""Capsules that the LSTM's output forms, their length, that of a class, and rounds of routing."""


def patch_array(patches: pl.Series) -> NDArray[np.uint8]:
    """Return patches as one array (patch, slice, row, column); see `patches.SCHEMA`."""
    size = len(patches[0]) if len(patches) else DEPTH
    side = round((size / DEPTH) ** 0.5)
    flat = np.frombuffer(bytearray(b"".join(patches.to_list())), np.uint8)  # writable
    return flat.reshape(-1, DEPTH, side, side)


class SmallCNN(nn.Module):
    """Three pairs of convolutions, each halving the patch, then the mean and one unit.

    With a *pyramid* the largest values of grids of so many cells a side stand for the mean: spatial
    pyramid pooling, He et al. 2015.
    """

    def __init__(self, pyramid: tuple[int, ...] = ()) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = DEPTH
        for width in (16, 32, 64):
            for inputs in (channels, width):
                layers += [nn.Conv2d(inputs, width, 3, padding=1, bias=False)]
                layers += [nn.BatchNorm2d(width), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
            channels = width
        self.layers = nn.Sequential(*layers)
        self.pyramid = pyramid
        self.head = nn.Linear(channels * (sum(size**2 for size in pyramid) or 1), 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (batch, 1) for x (batch, slice, row, column)."""
        x = self.layers(x)
        if not self.pyramid:
            return self.head(x.mean(dim=(2, 3)))
        pooled = [adaptive_max_pool2d(x, size).flatten(1) for size in self.pyramid]
        return self.head(torch.cat(pooled, dim=1))


class Enlarged(nn.Module):
    """A network behind an enlargement of patches that are too small for it."""

    def __init__(self, network: nn.Module, side: int) -> None:
        super().__init__()
        self.network, self.side = network, side

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (batch, 1) for x (batch, slice, row, column)."""
        if x.shape[-1] < self.side:
            x = interpolate(x, size=(self.side, self.side), mode="bilinear", align_corners=False)
        return self.network(x)


def build_network(key: str) -> nn.Module:
    """Return the untrained network called *key* in the catalogue, with one output.

    Raises
    ------
    TomocalcError
        ``E406`` when torchvision, or timm, is needed and not installed.
    """
    if key.startswith("cnn"):
        return SmallCNN((4, 2, 1) if key == "cnn_spp" else ())
    models = torchvision_models()  # which timm needs too, and which may need help
    if key == "inception_resnet":
        try:
            timm = import_module("timm")  # nobody else needs it: it is in no environment
        except ImportError as error:
            raise fault("network_needs_timm", "timm", str(error)) from error
        network = timm.create_model("inception_resnet_v2", num_classes=1)
    elif key == "resnet22":  # 10 blocks of two convolutions, the first convolution and the head
        network = models.ResNet(models.resnet.BasicBlock, [2, 3, 3, 2], num_classes=1)
    else:
        more = {"aux_logits": False, "init_weights": True} if key == "googlenet" else {}
        network = getattr(models, OTHERWISE_NAMED.get(key, key))(num_classes=1, **more)
    return Enlarged(network, SMALLEST.get(key, 1))


def load_weights(network: nn.Module, path: str) -> None:
    """Start a network from weights that were trained elsewhere, but for its last layer.

    Parameters
    ----------
    network
        As `build_network` returns it.
    path
        A safetensors file with the tensor names of torchvision (or timm).

    Raises
    ------
    TomocalcError
        ``E404`` when it cannot be read or is of another network.
    """
    inner = network.network if isinstance(network, Enlarged) else network
    try:
        given = load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        raise fault("weights_misfit", path, str(error).splitlines()[0]) from error
    own = inner.state_dict()
    head = [name for name, part in inner.named_modules() if isinstance(part, nn.Linear)][-1]
    rest = {name: part for name, part in own.items() if not name.startswith(f"{head}.")}
    counters = {name for name in rest if name.endswith("num_batches_tracked")}
    wrong = sorted(
        name
        for name, part in rest.items()
        if name not in counters and (name not in given or given[name].shape != part.shape)
    )
    if wrong:
        seen = tuple(given[wrong[0]].shape) if wrong[0] in given else "missing"
        why = f"of {len(rest) - len(counters)} tensors {len(wrong)} do not fit: {wrong[0]} is "
        raise fault("weights_misfit", path, f"{why}{seen}, not {tuple(rest[wrong[0]].shape)}")
    # A deeper sibling has every tensor of a network; the side outputs of GoogLeNet are not built.
    beyond = [
        name for name in given if name not in own and not name.startswith((f"{head}.", "aux"))
    ]
    if beyond:
        why = f"{len(beyond)} of its tensors are not the network's, as {min(beyond)}"
        raise fault("weights_misfit", path, why)
    if not all(bool(given[name].isfinite().all()) for name in rest.keys() - counters):
        raise fault("weights_misfit", path, "a weight is not finite")
    inner.load_state_dict(
        {name: given.get(name, part) for name, part in rest.items()}, strict=False
    )


def torchvision_models() -> Any:
    """Import torchvision's classification networks.

    torchvision as PyPI has it is built for CUDA. Beside a PyTorch without CUDA its compiled
    operators do not load, and its import then stops at two of them that only detectors use;
    declared without a body they let it pass.
    """
    try:
        try:
            from torchvision import models
        except RuntimeError as error:
            if "torchvision::" not in str(error):
                raise
            declared = torch.library.Library("torchvision", "DEF")
            for schema in SCHEMAS:
                declared.define(schema)
            _kept.append(declared)
            from torchvision import models
    except ImportError as error:
        raise fault("torchvision_missing", "torchvision", str(error)) from error
    return models


_kept: list[torch.library.Library] = []
"""Declarations live as long as their library object."""


class PlainRNN(nn.Module):
    """Layers of plain recurrent units (tanh), read at the last valid step, then one unit."""

    def __init__(self, inputs: int, units: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.RNN(size, hidden, batch_first=True) for size, hidden in pairwise([inputs, *units])
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(units[-1], 1)

    def forward(self, x: Tensor, last: Tensor) -> Tensor:
        """Return logits (batch, 1) for x (batch, step, feature) and *last* valid steps (batch,)."""
        for layer in self.layers:
            x = self.dropout(layer(x)[0])  # (batch, step, units)
        return self.head(x[torch.arange(len(x)), last])


class LSTMCapsules(nn.Module):
    """Stacked LSTM whose output forms capsules; their agreement routes them to two classes.

    After Sabour et al., NeurIPS 2017: a capsule is a vector whose length, below 1, says how sure
    its part is there. The log-odds are the difference of the lengths of the two classes, times a
    learned factor.
    """

    def __init__(self, inputs: int, units: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.LSTM(size, hidden, batch_first=True) for size, hidden in pairwise([inputs, *units])
        )
        self.dropout = nn.Dropout(dropout)
        self.primary = nn.Linear(units[-1], PRIMARY * PRIMARY_SIZE)
        self.votes = nn.Parameter(torch.randn(PRIMARY, 2, PRIMARY_SIZE, CLASS_SIZE) / 4)
        self.sharpness = nn.Parameter(torch.tensor(8.0))

    def forward(self, x: Tensor, last: Tensor) -> Tensor:
        """Return logits (batch, 1) for x (batch, step, feature) and *last* valid steps (batch,)."""
        for layer in self.layers:
            x = self.dropout(layer(x)[0])  # (batch, step, units)
        x = x[torch.arange(len(x)), last]
        parts = squash(self.primary(x).reshape(len(x), PRIMARY, PRIMARY_SIZE))
        length = route(torch.einsum("bpi,pcij->bpcj", parts, self.votes)).norm(dim=2)  # (batch, 2)
        return self.sharpness * (length[:, 1:] - length[:, :1])


def squash(x: Tensor) -> Tensor:
    """Shrink vectors (..., component) to a length below 1, long ones least."""
    squared = (x**2).sum(dim=-1, keepdim=True)
    return squared / (1 + squared) * x / (squared + 1e-9).sqrt()


def route(votes: Tensor) -> Tensor:
    """Return the capsule of each class, (batch, class, component), by dynamic routing.

    *votes* (batch, part, class, component): what every part says that the class looks like. Parts
    whose vote agrees with the outcome count more in the next round.
    """
    agreement = torch.zeros(votes.shape[:3])  # (batch, part, class)
    capsule = votes.new_zeros(0)
    for _ in range(ROUTES):
        share = agreement.softmax(dim=2)[..., None]
        capsule = squash((share * votes).sum(dim=1))
        agreement = agreement + (votes * capsule[:, None]).sum(dim=3)
    return capsule


STEP_NETWORKS = {"rnn": PlainRNN, "lstm_capsules": LSTMCapsules}
