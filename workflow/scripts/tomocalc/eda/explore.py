"""Everything the exploration computes, as one tree of plain numbers."""

from __future__ import annotations

from typing import Any

from tomocalc.eda.load import load_splits, load_table
from tomocalc.eda.summary import summarise


def explore(
    *, candidates: str, splits: str, features: list[str], settings: dict[str, Any]
) -> dict[str, Any]:
    """Compute the numbers of the exploration page; aggregates only, never rows.

    Parameters
    ----------
    candidates, splits
        Files of ``results/dataset/``.
    features
        Columns that the model reads.
    settings
        The ``eda`` section of the configuration.
    """
    table = load_table(candidates)
    load_splits(splits)
    return {
        "rows": table.rows,
        "bins": settings["bins"],
        "features": list(table.features),
        "model_features": features,
        "summary": summarise(table),
    }
