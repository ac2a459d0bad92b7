"""Detectors that learn: two of torchvision's with a slim pyramid, and a network of heat maps."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from tomocalc.comparison.networks import torchvision_models
from tomocalc.detectors.heat_map import LEAST, MOST, PLANES, HeatMapNetwork, Marks, block

STRIDE = 8
"""Sides of the input are multiples of it."""
PYRAMID = 24
"""Channels of the pyramid."""
ANCHORS_PX = (8, 16, 32)
"""Side of the anchors of each level: a calcification of up to 1.5 mm, and its surroundings."""
OVERLAP = 0.3
"""Intersection over union from which on two boxes mark the same."""
POOLED = 5
"""Rows and columns into which a proposal is sampled."""


class Detector(Protocol):
    """What training and search need of a network."""

    def loss(self, x: Tensor, boxes: Sequence[Tensor]) -> Tensor:
        """Return the loss of tiles x (tile, plane, row, column) with their boxes."""
        ...

    def find(self, x: Tensor) -> Marks:
        """Return the marks of one slice x (plane, row, column)."""
        ...


def build_detector(key: str) -> nn.Module:
    """Return the untrained detector called *key*, a `Detector`.

    Raises
    ------
    TomocalcError
        ``E406`` when torchvision is needed and not installed.
    """
    if key == "unet":
        return HeatMapNetwork()
    torchvision_models()
    _with_own_suppression()
    return BoxDetector({"faster_rcnn": _faster_rcnn, "retinanet": _retinanet}[key]())


class BoxDetector(nn.Module):
    """One of torchvision's detectors, boxes as marks."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        # Its own idea of size is 800 pixels and more; few pixels are what calcifications have.
        network.transform.resize = lambda image, target=None: (image, target)
        self.network = network

    def loss(self, x: Tensor, boxes: Sequence[Tensor]) -> Tensor:
        """Return the sum of the network's own losses."""
        truth = [{"boxes": box, "labels": torch.ones(len(box), dtype=torch.int64)} for box in boxes]
        losses: dict[str, Tensor] = self.network(list(x), truth)
        return torch.stack([*losses.values()]).sum()

    def find(self, x: Tensor) -> Marks:
        """Return the centres of the boxes."""
        found = self.network([x])[0]
        left, top, right, bottom = found["boxes"].unbind(1)
        return (top + bottom) / 2, (left + right) / 2, found["scores"]


class Pyramid(nn.Module):
    """Convolutions at strides 2, 4 and 8, and a feature pyramid over them."""

    out_channels = PYRAMID

    def __init__(self) -> None:
        super().__init__()
        from torchvision.ops import FeaturePyramidNetwork

        widths = (16, 24, 32, 48)
        self.stem = block(PLANES, widths[0])
        self.stages = nn.ModuleList(
            nn.Sequential(block(narrow, wide, stride=2), block(wide, wide))
            for narrow, wide in pairwise(widths)
        )
        self.pyramid = FeaturePyramidNetwork([*widths[1:]], PYRAMID)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return maps by level, finest first, for x (batch, plane, row, column)."""
        maps: OrderedDict[str, Tensor] = OrderedDict()
        x = self.stem(x)
        for level, stage in enumerate(self.stages):
            x = stage(x)
            maps[str(level)] = x
        return self.pyramid(maps)


class PooledProposals(nn.Module):
    """Samples every proposal from the finest level: whatever is looked for is small.

    It does what torchvision's operator does, with one sample a cell. The operator is compiled for
    CUDA or at run time, and neither is there on every machine.
    """

    def forward(
        self, maps: dict[str, Tensor], proposals: list[Tensor], sizes: list[tuple[int, int]]
    ) -> Tensor:
        """Return (proposal, channel, `POOLED`, `POOLED`) for proposals in pixels of *sizes*."""
        steps = (torch.arange(POOLED) + 0.5) / POOLED
        pooled = []
        for level, boxes, (rows, columns) in zip(maps["0"], proposals, sizes, strict=True):
            left, top, right, bottom = boxes.unbind(1)
            # Centres of the cells, (proposal, cell), from pixels to the sampler's -1..1.
            y = (top[:, None] + (bottom - top)[:, None] * steps) / rows * 2 - 1
            x = (left[:, None] + (right - left)[:, None] * steps) / columns * 2 - 1
            grid = torch.stack(
                [x[:, None, :].expand(-1, POOLED, -1), y[:, :, None].expand(-1, -1, POOLED)], dim=3
            )  # (proposal, cell row, cell column, [x, y])
            flat = grid.reshape(1, -1, POOLED, 2)
            sampled = grid_sample(level[None], flat, align_corners=False, padding_mode="border")
            pooled.append(sampled[0].reshape(PYRAMID, -1, POOLED, POOLED).transpose(0, 1))
        return torch.cat(pooled)


def _shared() -> dict[str, Any]:
    """Return what both of torchvision's detectors are given."""
    from torchvision.models.detection.anchor_utils import AnchorGenerator

    anchors = AnchorGenerator(tuple((it,) for it in ANCHORS_PX), ((1.0,),) * len(ANCHORS_PX))
    plain = {"image_mean": [0.0] * PLANES, "image_std": [1.0] * PLANES}
    return {"anchors": anchors, "transform": plain | {"size_divisible": STRIDE}}


def _faster_rcnn() -> nn.Module:
    """Return a Faster R-CNN (Ren et al., NeurIPS 2015) with a slim pyramid (Lin et al., 2017)."""
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
    from torchvision.ops import MultiScaleRoIAlign

    shared = _shared()
    network = FasterRCNN(
        Pyramid(),
        rpn_anchor_generator=shared["anchors"],
        box_roi_pool=MultiScaleRoIAlign(["0"], POOLED, 1),  # it accepts no other
        box_head=TwoMLPHead(PYRAMID * POOLED**2, 64),
        box_predictor=FastRCNNPredictor(64, 2),
        rpn_pre_nms_top_n_train=300,
        rpn_pre_nms_top_n_test=300,
        rpn_post_nms_top_n_train=150,
        rpn_post_nms_top_n_test=150,
        rpn_batch_size_per_image=64,
        box_batch_size_per_image=64,
        box_score_thresh=LEAST,
        box_nms_thresh=OVERLAP,
        box_detections_per_img=MOST,
        **shared["transform"],
    )
    network.roi_heads.box_roi_pool = PooledProposals()
    return network


def _retinanet() -> nn.Module:
    """Return a RetinaNet (Lin et al., ICCV 2017) with the same pyramid."""
    from torchvision.models.detection import RetinaNet
    from torchvision.models.detection.retinanet import RetinaNetHead

    shared = _shared()
    return RetinaNet(
        Pyramid(),
        num_classes=2,
        anchor_generator=shared["anchors"],
        head=RetinaNetHead(PYRAMID, 1, 2, norm_layer=partial(nn.GroupNorm, 4)),
        score_thresh=LEAST,
        nms_thresh=OVERLAP,
        detections_per_img=MOST,
        topk_candidates=300,
        **shared["transform"],
    )


def _with_own_suppression() -> None:
    """Put `suppressed` in the place of torchvision's operator where it does not load.

    See `tomocalc.comparison.networks.torchvision_models`.
    """
    from torchvision.ops import boxes

    try:
        boxes.nms(torch.zeros(1, 4), torch.zeros(1), OVERLAP)
    except (RuntimeError, NotImplementedError):
        boxes.nms = suppressed  # type: ignore[assignment]


def suppressed(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Return which boxes stay, best first: none overlaps a better one by more than the threshold.

    As ``torchvision.ops.nms``.
    """
    order = scores.argsort(descending=True, stable=True)
    left, top, right, bottom = boxes[order].unbind(1)
    area = (right - left) * (bottom - top)
    across = torch.minimum(right[:, None], right) - torch.maximum(left[:, None], left)
    down = torch.minimum(bottom[:, None], bottom) - torch.maximum(top[:, None], top)
    shared = across.clamp(min=0) * down.clamp(min=0)
    overlaps = (shared > iou_threshold * (area[:, None] + area - shared)).numpy()
    keep = np.ones(len(order), np.bool_)
    for place in range(len(order)):
        if keep[place]:
            keep[place + 1 :] &= ~overlaps[place, place + 1 :]
    return order[torch.from_numpy(keep)]
