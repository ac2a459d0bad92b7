"""How candidates and calcifications are spread over sites and patients."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from tomocalc.eda.load import Table

LARGEST = 50
"""Patients and sites that are listed one by one."""


def balance(table: Table) -> dict[str, Any]:
    """Count candidates and calcifications per site and per patient.

    Returns
    -------
    dict
        ``sites`` and ``patients``: see `spread`; None where the data name none.
    """
    return {
        "sites": spread(table.identity, "site"),
        "patients": spread(table.identity, "patient_id"),
    }


def spread(identity: pl.DataFrame, column: str) -> dict[str, Any] | None:
    """Count rows and calcifications per value of *column*.

    Returns
    -------
    dict or None
        ``total``: how many values there are; ``largest``: up to `LARGEST` of them with the most
        rows, as ``name``, ``volumes``, ``patients``, ``candidates``, ``positives``; ``candidates``
        and ``positives``: the five numbers (min, quartiles, max) over all of them, and a
        ``histogram`` of ``edges`` and ``counts``; ``without_positives``. None when all are empty.
    """
    named = identity.filter(pl.col(column).fill_null("") != "")
    if not named.height:
        return None
    groups = (
        named.group_by(pl.col(column).alias("name"))
        .agg(
            volumes=pl.col("volume_id").n_unique(),
            patients=pl.col("patient_id").filter(pl.col("patient_id") != "").n_unique(),
            candidates=pl.len(),
            positives=(pl.col("label") == 1).sum(),
        )
        .sort(["candidates", "name"], descending=[True, False])
    )
    return {
        "total": groups.height,
        "largest": groups.head(LARGEST).to_dicts(),
        "candidates": _five_numbers(groups["candidates"]),
        "positives": _five_numbers(groups["positives"]),
        "without_positives": int((groups["positives"] == 0).sum()),
    }


def _five_numbers(counts: pl.Series) -> dict[str, Any]:
    values = counts.to_numpy().astype(np.float64)
    top = max(int(values.max()), 1)
    step = max(1, -(-(top + 1) // 30))  # whole numbers fall into whole bins
    edges = np.arange(0, top + step + 1, step) - 0.5
    return {
        "five": np.percentile(values, (0, 25, 50, 75, 100)).tolist(),
        "mean": float(values.mean()),
        "histogram": {
            "edges": edges.tolist(),
            "counts": np.histogram(values, bins=edges)[0].tolist(),
        },
    }
