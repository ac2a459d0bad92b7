"""The tables that tuning and training share, and the digests that tell them apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tomocalc.files import file_sha256
from tomocalc.model.sequences import Samples, build_samples
from tomocalc.parquet import read_parquet


def load_samples(
    candidates: str, splits: str, *, features: list[str], sequence: Mapping[str, Any], impute: str
) -> Samples:
    """Read both tables and build one sample per split row; *sequence* is the config section."""
    return build_samples(
        read_parquet(candidates),
        read_parquet(splits),
        features=features,
        kind=sequence["kind"],
        slices=sequence["slices"],
        missing=impute != "none",
    )


def data_hashes(candidates: str, splits: str) -> dict[str, str]:
    """Return the SHA-256 of both tables."""
    return {
        "candidates_sha256": file_sha256(candidates),
        "splits_sha256": file_sha256(splits),
    }
