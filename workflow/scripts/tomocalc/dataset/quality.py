"""What is in a data set, and what is wrong with it; rows without a meaning are refused."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import polars as pl

from tomocalc.accounts.quality import QualityAccount
from tomocalc.errors import TomocalcError, fault, raise_all
from tomocalc.tables import FEATURES, names, own_columns

PLACES = (("volumes", "volume_id"), ("patients", "patient_id"), ("sites", "site"))
KEPT = (*(column for _, column in PLACES), "label")
GAPS = ("null", "nan", "inf")


def quality_account(
    candidates: pl.LazyFrame,
    *,
    source: str,
    used: list[str],
    duplicates: str,
    impute: str,
    merged: Mapping[str, Any],
) -> QualityAccount:
    """Count rows, gaps, duplicates and contradictions.

    Parameters
    ----------
    candidates
        Rows of ``candidates.parquet``; a hash of those of best focus is held in memory.
    source
        ``phantom``, ``volumes`` or ``table``.
    used
        Features that decide whether two candidates of a patient are equal, on their slice of best
        focus.
    duplicates
        ``drop`` or ``keep``.
    impute
        How missing values of used features will be filled; ``none`` where they may not be.
    merged
        What the merge knows beside: fields of the account that replace the candidates' own, as of
        measured volumes those without a candidate.
    """
    focus = candidates.filter("focus")
    places = focus.group_by(*KEPT).len().collect()
    measured = names(FEATURES + own_columns(used))
    whole = candidates.select(pl.len().alias("rows"), *_gaps(measured)).collect()
    columns = {name: {gap: whole.item(0, f"{name} {gap}") for gap in GAPS} for name in measured}
    repeated = _repeated(focus, used)
    same = ["patient_id", *used]
    groups = repeated.group_by([*same, "label"]).len()
    rows = {label: int(places.filter(pl.col("label") == label)["len"].sum()) for label in (0, 1)}
    per_class = {
        str(label): _duplicates(groups.filter(pl.col("label") == label), rows[label])
        for label in (0, 1)
    }
    kept = {label: rows[label] - per_class[str(label)]["rows"] for label in (0, 1)}
    single = _classes(kept[1], sum(kept.values()))
    everything = _classes(rows[1], sum(rows.values()))
    vectors = repeated.group_by(same).agg(pl.len(), pl.col("label").n_unique().alias("labels"))
    conflicts = vectors.filter(pl.col("labels") > 1)
    redundant = _duplicates(groups, sum(rows.values()))
    named = {key: places.filter(pl.col(column) != "")[column].n_unique() for key, column in PLACES}
    dropped = duplicates == "drop"
    counted: dict[str, Any] = {
        "source": source,
        "rows": whole.item(0, "rows"),
        "candidates": sum(rows.values()),
        **named,
        **{f"{key}_with_candidate": count for key, count in named.items()},
        "positives": rows[1],
        "prevalence": everything["prevalence"],
        "columns": columns,
        "imputed": [
            {"column": name, "values": missing, "method": impute}
            for name in used
            if (missing := columns[name]["null"] + columns[name]["nan"])
        ],
        "duplicates": {**redundant, "per_class": per_class},
        "without_duplicates": single,
        "after_removal": single if dropped else everything,
        "conflicting_labels": {"groups": conflicts.height, "rows": int(conflicts["len"].sum())},
        "removed_duplicates": redundant["rows"] if dropped else 0,
    }
    return msgspec.convert(counted | dict(merged), QualityAccount)


def _classes(positives: int, candidates: int) -> dict[str, Any]:
    return {
        "negatives": candidates - positives,
        "positives": positives,
        "prevalence": positives / candidates if candidates else 0.0,
    }


def _repeated(focus: pl.LazyFrame, used: list[str]) -> pl.DataFrame:
    """Return candidates that may equal another of their patient: the hash of both repeats.

    Only the hashes of all candidates are held in memory.
    """
    value = pl.struct("patient_id", *used).hash()
    hashes = focus.select(value.alias("hash")).collect()["hash"].sort()
    again = hashes.filter(hashes == hashes.shift(1)).unique()
    return focus.filter(value.is_in(again.implode())).select("patient_id", *used, "label").collect()


def _duplicates(groups: pl.DataFrame, rows: int) -> dict[str, int]:
    """Count the groups of equal candidates among *rows*; those of one need not be in *groups*."""
    repeated = groups.filter(pl.col("len") > 1)["len"]
    return {
        "rows": int((repeated - 1).sum()),
        "groups": repeated.len(),
        "largest_group": int(repeated.max() or min(rows, 1)),  # type: ignore[arg-type]
    }


def _gaps(columns: list[str]) -> Iterator[pl.Expr]:
    for name in columns:
        yield pl.col(name).null_count().alias(f"{name} null")
        yield pl.col(name).is_nan().sum().alias(f"{name} nan")
        yield pl.col(name).is_infinite().sum().alias(f"{name} inf")


CANDIDATE = ["volume_id", "candidate_id"]
ROW = [*CANDIDATE, "slice"]
NAMED = 5
"""Rows that a message names."""


def validate(rows: pl.DataFrame, *, needed: list[str], missing: bool) -> None:
    """Check rows of the data set, whole candidates at a time.

    Parameters
    ----------
    rows
        Rows with the columns of ``candidates.parquet``.
    needed
        Features that the model reads.
    missing
        Whether a needed value may be null or NaN, because it will be imputed. Infinite values
        never may.

    Raises
    ------
    TomocalcError
        ``E302``, one line per kind of fault, each naming the first rows that have it.
    """
    rules = _rules(needed, missing=missing)
    broken = rows.select(rule.any().alias(why) for why, rule, _ in rules).row(0, named=True)
    raise_all([_fault(rows.filter(rule), why, fix) for why, rule, fix in rules if broken[why]])


def _rules(needed: list[str], *, missing: bool) -> list[tuple[str, pl.Expr, str]]:
    """Return what is wrong, the rows where it is, and what to do."""
    again = "measure the volume again"
    focus = pl.col("focus").sum().over(CANDIDATE)
    rules = [
        ("a candidate has two rows on one slice", pl.struct(ROW).is_duplicated(), again),
        ("a candidate has not exactly one slice of best focus", focus != 1, again),
        ("a label is neither 0 nor 1", ~pl.col("label").is_in([0, 1]), "correct the label column"),
    ]
    for name in needed:
        value = pl.col(name)
        rules.append((f"{name} is infinite", value.is_infinite(), "correct the value"))
        if not missing:
            fix = f"complete it, take {name} out of `features`, or set dataset.impute"
            rules.append((f"{name} is missing", value.is_null() | value.is_nan(), fix))
    return rules


def _fault(rows: pl.DataFrame, why: str, fix: str) -> TomocalcError:
    named = [
        f"{volume} candidate {candidate} slice {index}"
        for volume, candidate, index in rows.select(ROW).head(NAMED).iter_rows()
    ]
    others = f" and {rows.height - NAMED} more" if rows.height > NAMED else ""
    return fault("rows_against_schema", "; ".join(named) + others, why, fix)
