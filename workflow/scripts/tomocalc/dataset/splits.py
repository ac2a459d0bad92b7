"""Split candidates into training, validation and test parts, honestly or as the paper does."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from tomocalc.errors import TomocalcError
from tomocalc.sections import SplitSection

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
    key = pl.struct(["patient_id"] if _by_patient(focus) else used)
    return focus.with_columns(group=(key.rank("dense") - 1).cast(pl.Int32))


def split_honest(
    focus: pl.DataFrame,
    *,
    seed: int,
    validation_fraction: float,
    test_fraction: float,
    folds: int,
    parts: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Split by group, stratified by whether a group holds a calcification.

    Where groups with or without one are too rare to be in every part and fold, as in a cohort in
    which every patient has one, they are split without strata. No group is in two parts or in two
    folds. Nothing is oversampled here: that happens to the training part alone, while training.

    Parameters
    ----------
    parts
        Part of every patient where they were split before the candidates were found.

    Raises
    ------
    TomocalcError
        ``E304`` when a part or a fold lacks candidates of a class.
    """
    groups = focus.group_by("group").agg(positive=pl.col("label").max()).sort("group")
    positive = groups["positive"].to_numpy()
    found = _found(positive, "patients" if _by_patient(focus) else "candidates")
    frequent = min((positive == 1).sum(), (positive == 0).sum()) >= folds + 2
    strata = positive if frequent else np.zeros_like(positive)
    everyone = np.arange(len(positive))
    if parts is None:
        cut = {"seed": seed, "found": found}
        rest, test = _cut(everyone, test_fraction, strata, key="test_fraction", **cut)
        share = validation_fraction / (1 - test_fraction)
        train, validation = _cut(rest, share, strata, key="validation_fraction", **cut)
        part = np.empty(len(positive), dtype=object)
        part[train], part[validation], part[test] = "train", "validation", "test"
    else:
        first = focus.unique("group", keep="first").sort("group")["patient_id"]
        part = np.array([parts[patient] for patient in first], dtype=object)
        rest = everyone[part != "test"]
    assignment = groups.select("group").with_columns(
        part=pl.Series(part.tolist(), dtype=pl.String),
        fold=_folds(strata, np.sort(rest), folds, seed=seed, found=found),
    )
    rows = focus.join(assignment, on="group").with_columns(copy=pl.lit(0))
    _need_classes(rows, found)
    return _arranged(rows)


def split_paper(
    focus: pl.DataFrame, *, seed: int, test_fraction: float, folds: int
) -> pl.DataFrame:
    """Balance by repeating the rarer class, and split only then, as the reference paper does.

    Copies of one candidate land on both sides of the split, so its test figures are too good.
    The paper has no validation part; `fold` serves the tuning.

    Raises
    ------
    TomocalcError
        ``E304`` when there are no candidates of a class, or too few.
    """
    generator = np.random.default_rng(seed)
    label = focus["label"].to_numpy()
    found = _found(label, "candidates")
    _need_classes(focus, found)
    rare = np.flatnonzero(label == (np.mean(label) < 0.5))
    missing = len(label) - 2 * len(rare)
    drawn = generator.choice(rare, size=missing, replace=True)
    use = np.concatenate([np.arange(len(label)), drawn])
    use_label = label[use]
    train, test = _cut(
        np.arange(len(use)), test_fraction, use_label, seed=seed, key="test_fraction", found=found
    )
    part = np.full(len(use), "train", dtype=object)
    part[test] = "test"
    rows = focus[use].with_columns(
        part=pl.Series(part.tolist(), dtype=pl.String),
        fold=_folds(use_label, np.sort(train), folds, seed=seed, found=found),
        copy=pl.int_range(pl.len()).over("volume_id", "candidate_id"),
    )
    _need_classes(rows, found)
    return _arranged(rows)


def split_by(
    protocol: str,
    focus: pl.DataFrame,
    *,
    seed: int,
    settings: SplitSection,
    parts: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Split by protocol ``honest`` or ``paper``; *settings* is the section `split`."""
    if protocol == "honest":
        return split_honest(focus, seed=seed, parts=parts, **settings)
    return split_paper(
        focus, seed=seed, test_fraction=settings["test_fraction"], folds=settings["folds"]
    )


def oversampled_counts(splits: pl.DataFrame) -> dict[str, int]:
    """Return the class counts that the training part has once it is balanced by repetition."""
    largest = int(splits.filter(pl.col("part") == "train")["label"].value_counts()["count"].max())  # type: ignore[arg-type]
    return {"positives": largest, "negatives": largest}


def _by_patient(focus: pl.DataFrame) -> bool:
    return bool((focus["patient_id"] != "").all())


def _cut(
    members: NDArray[Any], share: float, strata: NDArray[Any], *, seed: int, key: str, found: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return *members* without *share* of them, and that share."""
    try:
        rest, part = train_test_split(
            members, test_size=share, stratify=strata[members], random_state=seed
        )
    except ValueError as error:
        raise _too_few(
            f"configuration key split.{key}",
            f"{share:.3g} of {len(members)} leaves one side without a class",
            found,
            f"choose another split.{key}, or add volumes or annotations",
        ) from error
    return np.asarray(rest), np.asarray(part)


def _folds(
    strata: NDArray[Any], members: NDArray[Any], folds: int, *, seed: int, found: str
) -> pl.Series:
    fold = np.full(len(strata), -1, dtype=np.int8)
    cutter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a fold that lacks a class is refused
            parts = list(cutter.split(members, strata[members]))
    except ValueError as error:
        why = f"{folds} folds cannot be made of {len(members)}"
        raise _too_few(
            "configuration key split.folds", why, found, "lower split.folds, or add volumes"
        ) from error
    for number, (_, held_out) in enumerate(parts):
        fold[members[held_out]] = number
    return pl.Series("fold", fold)


def _need_classes(rows: pl.DataFrame, found: str) -> None:
    """Refuse rows of which a part or a fold, or all where there are none, lacks a class."""
    places = {"the data set": rows}
    if "part" in rows.columns:
        names = rows["part"].unique().sort()
        places = {f"the {name} part": rows.filter(pl.col("part") == name) for name in names}
        numbers = rows.filter(pl.col("fold") >= 0)["fold"].unique().sort()
        places |= {f"fold {name}": rows.filter(pl.col("fold") == name) for name in numbers}
    missing = [
        f"{place} holds no {name}"
        for place, held in places.items()
        for label, name in ((1, "calcification"), (0, "other candidate"))
        if not (held["label"] == label).any()
    ]
    if missing:
        where = "candidates.parquet of this run"
        fix = "add volumes or annotations, lower split.folds or candidates.threshold_k"
        raise _too_few(where, ", ".join(missing), found, fix)


def _found(positive: NDArray[Any], unit: str) -> str:
    counts = [int((positive == kind).sum()) for kind in (1, 0)]
    return f"found {counts[0]} {unit} with and {counts[1]} without a calcification"


def _too_few(where: str, why: str, found: str, fix: str) -> TomocalcError:
    return TomocalcError(
        "E304", what="too few of a class to split", where=where, why=f"{why}; {found}", fix=fix
    )


def _arranged(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(kind) for name, kind in SPLIT.items()).sort(
        "volume_id", "candidate_id", "copy"
    )
