"""Figures of merit as accounts hold them."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """Where an interval comes from."""

    LEFT_OUT = "left_out"
    """Leaving out one group at a time."""
    WILSON = "wilson"
    """The figure is 0 or 1, or no group changes it: as many trials as groups of the rarer class."""
    NONE = "none"
    """Fewer than two groups hold the rarer class: there is no interval."""
