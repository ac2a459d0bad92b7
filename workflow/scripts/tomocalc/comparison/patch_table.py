"""How image patches are stored."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

DEPTH = 3
"""Slices of a patch."""
SCHEMA = pl.Schema({"volume_id": pl.String, "candidate_id": pl.Int32, "patch": pl.Binary})
"""Columns of the patches' file; a patch is DEPTH · side · side bytes, slice by slice, row-wise."""


def patch_array(patches: pl.Series) -> NDArray[np.uint8]:
    """Return patches as one array (patch, slice, row, column)."""
    size = len(patches[0]) if len(patches) else DEPTH
    side = round((size / DEPTH) ** 0.5)
    flat = np.frombuffer(bytearray(b"".join(patches.to_list())), np.uint8)  # writable
    return flat.reshape(-1, DEPTH, side, side)
