"""A user's own split file, read into rows of ``splits.parquet``; the installed audit has none."""

import logging

import numpy as np
import polars as pl
from sklearn.model_selection import StratifiedGroupKFold

from tomocalc.audit.joining import PLACE, own_rows
from tomocalc.audit.split_file import KEY
from tomocalc.dataset.splits import SPLIT
from tomocalc.delimited import LINE
from tomocalc.errors import fault
from tomocalc.sections import TABLE

log = logging.getLogger(__name__)


def read_own_split(
    path: str,
    focus: pl.DataFrame,
    *,
    folds: int,
    seed: int,
    table: pl.DataFrame | None = None,
    patient: str | None = None,
) -> pl.DataFrame:
    """Read a split of the candidates *focus* from a CSV, TSV or Parquet file.

    Parameters
    ----------
    path
        One line per use of a candidate, with the columns ``part`` (train, validation or test)
        and either ``volume_id`` and ``candidate_id``, or of a table ``row``, the number of its row
        from 0, or a column of it that names rows; or one line per volume (``volume_id``) or
        patient (``patient_id``), which is about all of its candidates. A candidate that the file
        does not name is in no part; one that it names twice is used twice. Rows of a table that
        are of neither class may be named.
    focus
        One row per candidate with its group, nothing removed; see `usable_candidates`.
    folds, seed
        Of a cross-validation inside the training and validation parts, by group.
    table, patient
        All cells of the table that the candidates are rows of, and its column of patients.

    Raises
    ------
    TomocalcError
        ``E302`` for the file, a column, a part or a candidate that is not there; ``E304`` when
        the training or the test part lacks a class.
    """
    if table is None:
        known, who = focus.select(*KEY, "patient_id"), "patient_id"
        told, lacking = own_rows(path, known, patient=who, of_volumes=True, whole=False)
    else:
        told, lacking = own_rows(path, table, patient=patient, of_volumes=False)
        told = told.select("part", LINE, volume_id=pl.lit(TABLE), candidate_id=PLACE)
    told = told.select(*KEY, "part", LINE).cast({KEY[1]: SPLIT[KEY[1]]})
    rows = focus.select(*KEY, "patient_id", "group", "label").join(told, on=KEY, how="inner")
    if lacking:  # of a volume or a patient nothing may have been found
        log.warning("%d lines of %s are about what is not in the data set", lacking, path)
    _need_classes(path, rows)
    rows = rows.sort(*KEY, LINE).with_columns(copy=pl.int_range(pl.len()).over(KEY))
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


def _need_classes(path: str, rows: pl.DataFrame) -> None:
    for part in ("train", "test"):
        labels = rows.filter(pl.col("part") == part)["label"]
        positives = int((labels == 1).sum())
        if not 0 < positives < labels.len():
            why = f"it holds {positives} positive among {labels.len()} candidates"
            raise fault("split_part_of_one_class", f"{path}, part {part}", why)
