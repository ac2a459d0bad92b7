"""The quality account of a data set: what is in it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from tomocalc.tables import FEATURES, names

KEPT = ("volume_id", "patient_id", "site", "label")
GAPS = ("null", "nan", "inf")


def quality_account(
    candidates: pl.LazyFrame, *, source: str, used: list[str], duplicates: str, impute: str
) -> dict[str, Any]:
    """Count rows, gaps, duplicates and contradictions.

    Parameters
    ----------
    candidates
        Rows of ``candidates.parquet``; only those of best focus are held in memory.
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
        ``without_duplicates`` counts what is left without them, and ``after_removal`` what is
        used: the same where *duplicates* is ``drop``, everything where it is ``keep``.
    """
    focus = candidates.filter("focus").select(*KEPT, *used).collect()
    whole = candidates.select(pl.len().alias("rows"), *_gaps(names(FEATURES))).collect()
    columns = {
        name: {gap: whole.item(0, f"{name} {gap}") for gap in GAPS} for name in names(FEATURES)
    }
    positives = int((focus["label"] == 1).sum())
    groups = focus.group_by([*used, "label"]).len()
    per_class = {
        str(label): _duplicates(groups.filter(pl.col("label") == label)) for label in (0, 1)
    }
    kept = groups["label"]
    single = _classes(int((kept == 1).sum()), kept.len())
    everything = _classes(positives, focus.height)
    vectors = focus.group_by(used).agg(pl.len(), pl.col("label").n_unique().alias("labels"))
    conflicts = vectors.filter(pl.col("labels") > 1)
    redundant = _duplicates(groups)
    removed = [{"reason": "equal to an earlier candidate", "rows": redundant["rows"]}]
    return {
        "source": source,
        "rows": whole.item(0, "rows"),
        "candidates": focus.height,
        "volumes": focus["volume_id"].n_unique(),
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
        "without_duplicates": single,
        "after_removal": single if duplicates == "drop" else everything,
        "conflicting_labels": {"groups": conflicts.height, "rows": int(conflicts["len"].sum())},
        "removed": removed if duplicates == "drop" and redundant["rows"] else [],
    }


def _classes(positives: int, candidates: int) -> dict[str, Any]:
    return {
        "negatives": candidates - positives,
        "positives": positives,
        "prevalence": _share(positives, candidates),
    }


def _duplicates(groups: pl.DataFrame) -> dict[str, int]:
    repeated = groups.filter(pl.col("len") > 1)["len"]
    return {
        "rows": int((groups["len"] - 1).sum()),
        "groups": repeated.len(),
        "largest_group": int(groups["len"].max() or 0),  # type: ignore[arg-type]
    }


def _gaps(columns: list[str]) -> Iterator[pl.Expr]:
    for name in columns:
        yield pl.col(name).null_count().alias(f"{name} null")
        yield pl.col(name).is_nan().sum().alias(f"{name} nan")
        yield pl.col(name).is_infinite().sum().alias(f"{name} inf")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
