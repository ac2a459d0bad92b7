"""Opening a volume with the limits that suit small test images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tomocalc.readers.volume import Volume, open_volume

SPACED: dict[str, Any] = {"pixel_spacing_mm": 0.1, "slice_spacing_mm": 1.0}
"""For formats that carry no spacing."""


def opened(path: Path | str, **options: Any) -> Volume:
    """Open a volume whose files say what its spacing is, unless *options* do."""
    return open_volume(path, **{"max_pixels": 10**6, "min_size": 16, **options})


def opened_spaced(path: Path | str, **options: Any) -> Volume:
    """Open a volume whose files need not say what its spacing is."""
    return opened(path, **{**SPACED, **options})
