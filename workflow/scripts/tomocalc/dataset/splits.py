"""Split candidates into training, validation and test parts, honestly or as the paper does."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from tomocalc.errors import TomocalcError

SPLIT = {
    "volume_id": pl.String,
    "candidate_id": pl.Int32,
    "patient_id": pl.String,
    "group": pl.Int32,
    "label": pl.Int8,
    "part": pl.String,
    "fold": pl.Int8,
    "copy": pl.Int32,
}
"""One row per use of a candidate; ``copy`` numbers the repetitions that oversampling makes."""


def usable_candidates(
    candidates: pl.DataFrame, *, used: list[str], duplicates: str
) -> pl.DataFrame:
    """Return one row per candidate on its slice of best focus, with the group it belongs to.

    Candidates of one patient are one group; without patients, candidates whose *used* features
    are identical are one. With ``duplicates="drop"`` only the first of those that are equal in
    every used feature and the label stays.
    """
    focus = candidates.filter("focus").sort("volume_id", "candidate_id")
    if duplicates == "drop":
        focus = focus.unique([*used, "label"], keep="first", maintain_order=True)
    by_patient = bool((focus["patient_id"] != "").all())
    key = pl.struct(["patient_id"] if by_patient else used)
    return focus.with_columns(group=(key.rank("dense") - 1).cast(pl.Int32))


def split_honest(
    focus: pl.DataFrame, *, seed: int, validation_fraction: float, test_fraction: float, folds: int
) -> pl.DataFrame:
    """Split by group, stratified by whether a group holds a calcification.

    No group is in two parts or in two folds. Nothing is oversampled here: that happens to the
    training part alone, while training.

    Raises
    ------
    TomocalcError
        ``E304`` when there are too few groups of a class.
    """
    groups = focus.group_by("group").agg(positive=pl.col("label").max()).sort("group")
    positive = groups["positive"].to_numpy()
    _need_groups(positive, folds, by_patient=bool((focus["patient_id"] != "").all()))
    everyone = np.arange(len(positive))
    rest, test = train_test_split(
        everyone, test_size=test_fraction, stratify=positive, random_state=seed
    )
    train, validation = train_test_split(
        rest,
        test_size=validation_fraction / (1 - test_fraction),
        stratify=positive[rest],
        random_state=seed,
    )
    part = np.empty(len(positive), dtype=object)
    part[train], part[validation], part[test] = "train", "validation", "test"
    assignment = groups.select("group").with_columns(
        part=pl.Series(part.tolist(), dtype=pl.String),
        fold=_folds(positive, np.sort(rest), folds, seed),
    )
    rows = focus.join(assignment, on="group").with_columns(copy=pl.lit(0))
    return _arranged(rows)


def split_paper(
    focus: pl.DataFrame, *, seed: int, test_fraction: float, folds: int
) -> pl.DataFrame:
    """Balance by repeating the rarer class, and split only then, as the reference paper does.

    Copies of one candidate land on both sides of the split, so its test figures are too good.
    The paper has no validation part; `fold` serves the tuning.
    """
    generator = np.random.default_rng(seed)
    label = focus["label"].to_numpy()
    rare = np.flatnonzero(label == (np.mean(label) < 0.5))
    missing = len(label) - 2 * len(rare)
    drawn = generator.choice(rare, size=missing, replace=True)
    use = np.concatenate([np.arange(len(label)), drawn])
    use_label = label[use]
    _need_groups(use_label, folds, by_patient=False)
    train, test = train_test_split(
        np.arange(len(use)), test_size=test_fraction, stratify=use_label, random_state=seed
    )
    part = np.full(len(use), "train", dtype=object)
    part[test] = "test"
    rows = focus[use].with_columns(
        part=pl.Series(part.tolist(), dtype=pl.String),
        fold=_folds(use_label, np.sort(train), folds, seed),
        copy=pl.int_range(pl.len()).over("volume_id", "candidate_id"),
    )
    return _arranged(rows)


def oversampled_counts(splits: pl.DataFrame) -> dict[str, int]:
    """Return the class counts that the training part has once it is balanced by repetition."""
    largest = int(splits.filter(pl.col("part") == "train")["label"].value_counts()["count"].max())  # type: ignore[arg-type]
    return {"positives": largest, "negatives": largest}


def _folds(label: NDArray[Any], members: NDArray[Any], folds: int, seed: int) -> pl.Series:
    fold = np.full(len(label), -1, dtype=np.int8)
    cutter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for number, (_, held_out) in enumerate(cutter.split(members, label[members])):
        fold[members[held_out]] = number
    return pl.Series("fold", fold)


def _need_groups(positive: NDArray[Any], folds: int, *, by_patient: bool) -> None:
    counts = {kind: int((positive == kind).sum()) for kind in (1, 0)}
    need = folds + 2
    if min(counts.values()) < need:
        unit = "patients" if by_patient else "candidates"
        raise TomocalcError(
            "E304",
            what="too few of a class to split",
            where="results/dataset/candidates.parquet",
            why=f"found {counts[1]} {unit} with and {counts[0]} without a calcification; "
            f"{folds} folds and a test part need at least {need} of each",
            fix="add volumes or annotations, or lower split.folds",
        )


def _arranged(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(kind) for name, kind in SPLIT.items()).sort(
        "volume_id", "candidate_id", "copy"
    )
