"""A user's own split file, read into rows of ``splits.parquet``; the installed audit has none."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl
from sklearn.model_selection import StratifiedGroupKFold

from tomocalc.audit.rows import read_table
from tomocalc.audit.split_file import (
    KEY,
    SHOWN,
    Lines,
    Use,
    is_parquet,
    split_fault,
    split_text,
    split_uses,
)
from tomocalc.dataset.splits import SPLIT
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.sections import TABLE

log = logging.getLogger(__name__)


def read_own_split(path: str, focus: pl.DataFrame, *, folds: int, seed: int) -> pl.DataFrame:
    """Read a split of the candidates *focus* from a CSV, TSV or Parquet file.

    Parameters
    ----------
    path
        One line per use of a candidate, with the columns ``part`` (train, validation or test)
        and either ``volume_id`` and ``candidate_id``, or ``row``, the number of the table's row
        from 0; or one line per volume (``volume_id``) or patient (``patient_id``), which is about
        all of its candidates. A candidate that the file does not name is in no part; one that it
        names twice is used twice. Rows of a table that are of neither class may be named.
    focus
        One row per candidate with its group, nothing removed; see `usable_candidates`.
    folds, seed
        Of a cross-validation inside the training and validation parts, by group.

    Raises
    ------
    TomocalcError
        ``E302`` for the file, a column, a part or a candidate that is not there; ``E304`` when
        the training or the test part lacks a class.
    """
    table = bool((focus["volume_id"] == TABLE).all())
    keyed = pl.DataFrame(
        split_uses(path, *_read(path), of_table=table),
        schema={name: SPLIT.get(name, pl.Int64) for name in Use._fields},
        orient="row",
    )
    key = [name for name in (*KEY, "patient_id") if keyed[name].null_count() == 0]
    rows = keyed.select(*key, "part", "line").join(
        focus.select(*KEY, "patient_id", "group", "label"),
        on=key,
        how="left",
        maintain_order="left",
    )
    # of a volume or a patient nothing may have been found; rows of a table may be of neither class
    found = rows.filter(pl.col("label").is_not_null())
    lacking = rows.height - found.height
    if "candidate_id" not in key or (table and lacking < found.height):
        if lacking:
            log.warning("%d lines of %s are about what is not in the data set", lacking, path)
        rows = found if found.height else rows
    raise_all(_strangers(path, rows))
    _need_classes(path, rows)
    rows = rows.sort(*KEY, "line").with_columns(copy=pl.int_range(pl.len()).over(KEY))
    fold = np.full(rows.height, -1, np.int8)
    inside = np.flatnonzero((rows["part"] != "test").to_numpy())
    label, group = (rows[name].to_numpy()[inside] for name in ("label", "group"))
    most = min(folds, len(np.unique(group[label == 1])), len(np.unique(group[label == 0])))
    if most > 1:
        cutter = StratifiedGroupKFold(most, shuffle=True, random_state=seed)
        for number, (_, held) in enumerate(cutter.split(inside, label, group)):
            fold[inside[held]] = number
    return rows.with_columns(fold=pl.Series(fold)).select(
        pl.col(name).cast(kind) for name, kind in SPLIT.items()
    )


def _read(path: str) -> tuple[list[str], Lines]:
    """Return the header of a split file, and its lines by their number."""
    if not is_parquet(path):
        return split_text(path)
    table = read_table(path)
    rows = table.cast(pl.String).fill_null("").iter_rows()
    return table.columns, list(enumerate(rows, 2))


def _strangers(path: str, rows: pl.DataFrame) -> list[TomocalcError]:
    unknown = rows.filter(pl.col("label").is_null())
    why = f"{unknown.height} lines name what candidates.parquet of this run lacks"
    lines = unknown["line"].head(SHOWN)
    return [split_fault(f"{path}:{line}", why, "take the ids from that table") for line in lines]


def _need_classes(path: str, rows: pl.DataFrame) -> None:
    for part in ("train", "test"):
        labels = rows.filter(pl.col("part") == part)["label"]
        positives = int((labels == 1).sum())
        if not 0 < positives < labels.len():
            raise TomocalcError(
                "E304",
                what="the split cannot be audited",
                where=f"{path}, part {part}",
                why=f"it holds {positives} positive among {labels.len()} candidates",
                fix="put candidates of both classes into train and test",
            )
