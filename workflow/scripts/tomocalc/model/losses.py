"""The loss of a sample, and what is done about few positives among many negatives."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

FOCUS = 2.0
"""Exponent γ of the focal loss (Lin et al. 2017)."""


def row_loss(logits: Tensor, y: Tensor, imbalance: str) -> Tensor:
    """Return the cross-entropy (nats) of every logit; focal: times (1 − p of the truth)^γ.

    *y* (batch,) is repeated along further leading axes of *logits*.
    """
    loss = binary_cross_entropy_with_logits(logits, y.expand_as(logits), reduction="none")
    if imbalance == "focal":
        return (1 - torch.exp(-loss)) ** FOCUS * loss
    return loss


def class_weights(y: Tensor, imbalance: str) -> Tensor:
    """Return the weight of a negative and of a positive sample, (2,).

    ``class_weights``: n / (2 n_class), so that both classes weigh the same in total.
    """
    counts = torch.bincount(y.long(), minlength=2)
    if imbalance != "class_weights" or not bool(counts.all()):
        return torch.ones(2, device=y.device)
    return (len(y) / (2 * counts)).float()


def oversampled(y: Tensor, imbalance: str, seed: int) -> Tensor:
    """Return row numbers: each once, and with ``oversample`` the rarer class up to balance."""
    rows = torch.arange(len(y), device=y.device)
    positives, negatives = rows[y > 0], rows[y <= 0]
    rare = min(positives, negatives, key=len)
    lacking = abs(len(positives) - len(negatives))
    if imbalance != "oversample" or not len(rare) or not lacking:
        return rows
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(rare), (lacking,), generator=generator).to(y.device)
    return torch.cat([rows, rare[drawn]])
