"""The quality account of a data set: what is in it, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import polars as pl

from tomocalc.tables import FEATURES, names

ACCOUNTED = ["volume_id", "patient_id", "site", "focus", "label", *names(FEATURES)]
"""Columns that the account reads."""


def quality_account(
    candidates: pl.DataFrame, *, source: str, used: list[str], duplicates: str, impute: str
) -> dict[str, Any]:
    """Count rows, gaps, duplicates and contradictions.

    Parameters
    ----------
    candidates
        Columns `ACCOUNTED` of ``candidates.parquet``.
    source
        ``phantom``, ``volumes`` or ``table``.
    used
        Features that decide whether two candidates are equal, on their slice of best focus.
    duplicates
        ``drop`` or ``keep``.
    impute
        How missing values of used features will be filled; ``none`` where they may not be.

    Returns
    -------
    dict
        Counts; shares are between 0 and 1. ``duplicates.rows`` counts redundant candidates:
        those that are equal to an earlier one in every used feature and the label.
    """
    focus = candidates.filter("focus")
    columns = {name: _gaps(candidates[name]) for name in names(FEATURES)}
    positives = int((focus["label"] == 1).sum())
    groups = focus.group_by([*used, "label"]).len()
    per_class = {
        str(label): _duplicates(groups.filter(pl.col("label") == label)) for label in (0, 1)
    }
    kept = groups["label"]
    after = {"negatives": int((kept == 0).sum()), "positives": int((kept == 1).sum())}
    vectors = focus.group_by(used).agg(pl.len(), pl.col("label").n_unique().alias("labels"))
    conflicts = vectors.filter(pl.col("labels") > 1)
    redundant = _duplicates(groups)
    removed = [{"reason": "equal to an earlier candidate", "rows": redundant["rows"]}]
    return {
        "source": source,
        "rows": candidates.height,
        "candidates": focus.height,
        "volumes": candidates["volume_id"].n_unique(),
        "patients": focus.filter(pl.col("patient_id") != "")["patient_id"].n_unique(),
        "sites": focus.filter(pl.col("site") != "")["site"].n_unique(),
        "positives": positives,
        "prevalence": _share(positives, focus.height),
        "columns": columns,
        "imputed": [
            {"column": name, "values": missing, "method": impute}
            for name in used
            if (missing := columns[name]["null"] + columns[name]["nan"])
        ],
        "duplicates": {**redundant, "per_class": per_class},
        "after_removal": {
            **after,
            "prevalence": _share(after["positives"], kept.len()),
        },
        "conflicting_labels": {"groups": conflicts.height, "rows": int(conflicts["len"].sum())},
        "removed": removed if duplicates == "drop" and redundant["rows"] else [],
    }


def _duplicates(groups: pl.DataFrame) -> dict[str, int]:
    repeated = groups.filter(pl.col("len") > 1)["len"]
    return {
        "rows": int((groups["len"] - 1).sum()),
        "groups": repeated.len(),
        "largest_group": int(groups["len"].max() or 0),  # type: ignore[arg-type]
    }


def _gaps(values: pl.Series) -> dict[str, int]:
    return {
        "null": values.null_count(),
        "nan": int(values.is_nan().sum()),
        "inf": int(values.is_infinite().sum()),
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
