"""The networks that read image patches: a small one, and the published ones from torchvision."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from tomocalc.errors import TomocalcError

DEPTH = 3
"""Slices of a patch."""
SMALLEST = {"alexnet": 64}
"""Side in pixels below which a network has no output; patches are enlarged to it."""
SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def patch_array(patches: pl.Series) -> NDArray[np.uint8]:
    """Return patches as one array (patch, slice, row, column); see `patches.SCHEMA`."""
    size = len(patches[0]) if len(patches) else DEPTH
    side = round((size / DEPTH) ** 0.5)
    flat = np.frombuffer(bytearray(b"".join(patches.to_list())), np.uint8)  # writable
    return flat.reshape(-1, DEPTH, side, side)


class SmallCNN(nn.Module):
    """Three pairs of convolutions, each halving the patch, then the mean and one unit."""

    def __init__(self) -> None:
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
        self.head = nn.Linear(channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (batch, 1) for x (batch, slice, row, column)."""
        return self.head(self.layers(x).mean(dim=(2, 3)))


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
        ``E406`` when torchvision is needed and not installed.
    """
    if key == "cnn":
        return SmallCNN()
    models = torchvision_models()
    network = {
        "resnet18": lambda: models.resnet18(num_classes=1),
        "resnet50": lambda: models.resnet50(num_classes=1),
        "resnet101": lambda: models.resnet101(num_classes=1),
        "alexnet": lambda: models.alexnet(num_classes=1),
        "vgg": lambda: models.vgg11_bn(num_classes=1),
        "googlenet": lambda: models.googlenet(num_classes=1, aux_logits=False, init_weights=True),
    }[key]()
    return Enlarged(network, SMALLEST.get(key, 1))


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
        raise TomocalcError(
            "E406",
            what="image models need a package that is not installed",
            where="torchvision",
            why=str(error),
            fix="run `pip install torchvision==0.28.0` (with another PyTorch, its torchvision), "
            "or use --use-conda",
        ) from error
    return models


_kept: list[torch.library.Library] = []
"""Declarations live as long as their library object."""
