"""What a model was trained on, so far as new volumes must resemble it: numbers in its card."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.quality import Extraction

POINTS = 101
"""Percentiles kept of every feature."""

SPREAD = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Shares below the five numbers that stand for a class."""

DIGITS = 9
"""Significant digits: enough to tell any two 32-bit values apart."""


def model_domain(
    candidates: pl.DataFrame,
    splits: pl.DataFrame,
    *,
    features: list[str],
    source: str,
    extraction: Extraction | None,
) -> dict[str, Any]:
    """Describe the training part: source, how it was measured, distribution of every feature.

    Parameters
    ----------
    candidates
        One row per candidate and slice; those of best focus count, each candidate once.
    splits
        One row per use of a candidate.
    features
        Columns that the model reads.
    source, extraction
        Of the data set's account: where it is from, and how volumes were measured.
    """
    key = ["volume_id", "candidate_id"]
    training = splits.filter(pl.col("part") == "train").unique(key).select(*key, "label")
    rows = candidates.filter("focus").drop("label", strict=False).join(training, on=key)
    label = rows["label"].to_numpy()
    return {
        "source": source,
        "extraction": msgspec.to_builtins(extraction),
        "candidates": rows.height,
        "features": {
            name: _described(rows[name].cast(pl.Float64).to_numpy(), label) for name in features
        },
    }


def _described(values: NDArray[np.float64], label: NDArray[np.integer]) -> dict[str, Any]:
    """Return distinct percentiles, the exact share of rows at or below each, and five numbers.

    Values that are missing take no part; ``missing`` is their share.
    """
    known = np.isfinite(values)
    inside = np.sort(values[known])
    if not inside.size:
        return {"values": [], "below": [], "classes": {}, "missing": 1.0}
    picked = np.unique(inside[np.linspace(0, inside.size - 1, POINTS).round().astype(int)])
    below = np.searchsorted(inside, picked, side="right") / inside.size
    classes = {
        str(kind): _numbers(np.quantile(values[known & (label == kind)], SPREAD))
        for kind in (0, 1)
        if (known & (label == kind)).any()
    }
    return {
        "values": _numbers(picked),
        "below": _numbers(below),
        "classes": classes,
        "missing": float(f"{1 - inside.size / values.size:.6g}"),
    }


def _numbers(values: NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]
