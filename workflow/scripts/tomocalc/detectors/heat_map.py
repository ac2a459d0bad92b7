"""A detector that draws a heat map: a small U-Net, and what its peaks mean."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

PLANES = 3
"""Planes of the input."""
MOST = 50
"""Marks of a tile or slice."""
LEAST = 0.01
"""Score below which nothing is marked."""
HEAT_PX = 1.5
"""Standard deviation of a calcification's Gaussian in a heat map."""

Marks = tuple[Tensor, Tensor, Tensor]
"""Row, column and score of what is marked, (mark,) each."""


class HeatMapNetwork(nn.Module):
    """A U-Net whose decoder reads all scales at once, as UNet 3+ does; about 25,000 weights.

    Source: Huang et al., ICASSP 2020, 1055. The loss is that of CenterNet (Zhou, Wang and
    Krähenbühl, 2019).
    """

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = 8, 16, 32
        self.first = nn.Sequential(block(PLANES, fine), block(fine, fine))
        self.second = nn.Sequential(block(fine, middle), block(middle, middle))
        self.third = nn.Sequential(block(middle, coarse), block(coarse, coarse))
        self.to_second = nn.ModuleList(block(it, fine) for it in (fine, middle, coarse))
        self.to_first = nn.ModuleList(block(it, fine) for it in (fine, 3 * fine, coarse))
        self.heat = nn.Sequential(block(3 * fine, fine), nn.Conv2d(fine, 1, 1))
        last = self.heat[1]
        assert isinstance(last, nn.Conv2d)
        nn.init.constant_(last.bias, -4.6)  # type: ignore[arg-type]  # almost nowhere is one

    def forward(self, x: Tensor) -> Tensor:
        """Return log-odds (batch, row, column) for x (batch, plane, row, column)."""
        first = self.first(x)
        second = self.second(max_pool2d(first, 2))
        third = self.third(max_pool2d(second, 2))
        scales = (max_pool2d(first, 2), second, _enlarged(third, 2))
        joined = torch.cat([it(one) for it, one in zip(self.to_second, scales, strict=True)], dim=1)
        scales = (first, _enlarged(joined, 2), _enlarged(third, 4))
        whole = torch.cat([it(one) for it, one in zip(self.to_first, scales, strict=True)], dim=1)
        return self.heat(whole)[:, 0]

    def loss(self, x: Tensor, boxes: Sequence[Tensor]) -> Tensor:
        """Return the focal loss of Gaussians about the centres of boxes, per calcification."""
        odds = self(x)
        wanted = torch.stack([_heat(box, odds.shape[1:]) for box in boxes])
        right = nn.functional.logsigmoid(odds)
        wrong = nn.functional.logsigmoid(-odds)
        peak = wanted > 0.98
        chance = odds.sigmoid()
        at_peaks = ((1 - chance) ** 2 * right)[peak].sum()
        elsewhere = ((1 - wanted) ** 4 * chance**2 * wrong)[~peak].sum()
        return -(at_peaks + elsewhere) / max(sum(map(len, boxes)), 1)

    def find(self, x: Tensor) -> Marks:
        """Return the peaks of the heat map."""
        heat = self(x[None]).sigmoid()[0]
        peak = (heat == max_pool2d(heat[None], 5, stride=1, padding=2)[0]) & (heat >= LEAST)
        row, col = peak.nonzero(as_tuple=True)
        score, order = heat[row, col].sort(descending=True, stable=True)
        best = order[:MOST]
        return row[best].float() + 0.5, col[best].float() + 0.5, score[:MOST]


def block(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    """Convolution, normalisation within the image, rectifier; continued by reflection."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, padding_mode="reflect", bias=False),
        nn.GroupNorm(4, outputs),
        nn.ReLU(),
    )


def _enlarged(x: Tensor, times: int) -> Tensor:
    return interpolate(x, scale_factor=float(times), mode="bilinear", align_corners=False)


def _heat(boxes: Tensor, shape: Sequence[int]) -> Tensor:
    """Return Gaussians of height 1 about the centre pixels of boxes, (row, column)."""
    rows, columns = shape
    heat = torch.zeros(rows, columns)
    y, x = torch.arange(rows)[:, None], torch.arange(columns)[None]
    for left, top, right, bottom in boxes.tolist():
        # A pixel's centre is its index and a half.
        row, col = int((top + bottom) / 2), int((left + right) / 2)
        spot = torch.exp(-((y - row) ** 2 + (x - col) ** 2) / (2 * HEAT_PX**2))
        heat = torch.maximum(heat, spot)
    return heat
