"""Split candidates into training, validation and test parts, honestly or as the paper does."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from tomocalc.dataset.dealing import deal_parts
from tomocalc.errors import TomocalcError, fault
from tomocalc.sections import PARTS, TABLE, SplitSection

MORE = {
    "row": "add patients who have what lacks",
    "cluster": "add volumes, fill the column pathology, or lower clusters.contrast_to_noise",
    "candidate": "add volumes or annotations, or lower candidates.threshold_k",
}
"""What brings more of them."""
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
    are identical are one. With ``duplicates="drop"`` only the first of those of a patient that are
    equal in every used feature and the label stays: between two patients coarse features are equal
    by chance, and what is copied is a finding of the audit.
    """
    focus = candidates.filter("focus").sort("volume_id", "candidate_id")
    if duplicates == "drop":
        same = ["patient_id", *used, "label"]
        focus = focus.unique(same, keep="first", maintain_order=True)
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

    Where chance would leave a part or a fold without a class, as where groups with or without a
    calcification are rare, they are dealt out one by one instead. No group is in two parts or in
    two folds. Nothing is oversampled here: that happens to the training part alone, while training.

    Parameters
    ----------
    parts
        Part of every patient where they were split before the candidates were found.

    Raises
    ------
    TomocalcError
        ``E304`` when there are too few groups of a class for the parts and folds.
    """
    split = SplitSection(
        validation_fraction=validation_fraction, test_fraction=test_fraction, folds=folds
    )
    groups = (
        focus.group_by("group")
        .agg(positive=(pl.col("label") == 1).any(), other=(pl.col("label") == 0).any())
        .sort("group")
    )
    given = None
    if parts is not None:
        first = focus.unique("group", keep="first").sort("group")["patient_id"]
        given = np.array([parts[patient] for patient in first], dtype=object)
    missing, rows = _divided(focus, groups, split, seed=seed, given=given)
    if not missing:
        return _arranged(rows)
    works = ""
    for number in range(2, folds):
        split["folds"] = number
        if not _divided(focus, groups, split, seed=seed, given=given)[0]:
            works = f"set split.folds to {number}, or "
    unit = "patients" if _by_patient(focus) else "groups of equal rows"
    having = f"{groups['positive'].sum()} of {len(groups)} {unit} have a positive {_called(focus)}"
    having += f", {groups['other'].sum()} a negative one"
    raise _too_few(f"{', '.join(missing)}; {having}", f"{works}{MORE[_called(focus)]}")


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
    counts = [int((label == kind).sum()) for kind in (1, 0)]
    found = f"found {counts[0]} positive and {counts[1]} negative {_called(focus)}s"
    if not all(counts):
        raise _too_few(found, MORE[_called(focus)])
    rare = np.flatnonzero(label == (np.mean(label) < 0.5))
    missing = len(label) - 2 * len(rare)
    drawn = generator.choice(rare, size=missing, replace=True)
    use = np.concatenate([np.arange(len(label)), drawn])
    use_label = label[use]
    part = np.full(len(use), "train", dtype=object)
    try:
        train, test = _cut(np.arange(len(use)), test_fraction, use_label, seed=seed)
        part[test] = "test"
        rows = focus[use].with_columns(
            part=pl.Series(part.tolist(), dtype=pl.String),
            fold=pl.Series(_folds(use_label, np.sort(train), folds, seed=seed)),
            copy=pl.int_range(pl.len()).over("volume_id", "candidate_id"),
        )
        missing = _without_class(rows, ("train", "test"), folds)
        if not missing:
            return _arranged(rows)
    except ValueError as error:  # of scikit-learn: a class has no candidate, or too few
        missing = [str(error)]
    fix = f"raise split.test_fraction, lower split.folds, or {MORE[_called(focus)]}"
    raise _too_few(f"{', '.join(missing)}; {found}", fix)


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


def _by_patient(focus: pl.DataFrame) -> bool:
    return bool((focus["patient_id"] != "").all())


def _called(focus: pl.DataFrame) -> str:
    """Return what one of the rows is, one of the keys of `MORE`."""
    if (focus["volume_id"] == TABLE).all():
        return "row"
    return "cluster" if "member_id" in focus.columns else "candidate"


def _divided(
    focus: pl.DataFrame,
    groups: pl.DataFrame,
    split: SplitSection,
    *,
    seed: int,
    given: NDArray[Any] | None,
) -> tuple[list[str], pl.DataFrame]:
    """Return which parts and folds lack a class, and the rows with theirs.

    Drawn by chance where that works, else dealt out by who has a positive or a negative row.
    """
    positive, other = (groups[name].to_numpy() for name in ("positive", "other"))
    missing, rows = [""], focus
    for stratum in (None, positive, other, positive.astype(int) - other):
        if stratum is not None:
            part, fold = _dealt(stratum, positive, other, split, seed=seed, given=given)
        elif drawn := _drawn(positive, split, seed=seed, given=given):
            part, fold = drawn
        else:
            continue
        assignment = groups.select(
            "group", part=pl.Series(part.tolist(), dtype=pl.String), fold=pl.Series(fold)
        )
        rows = focus.join(assignment, on="group").with_columns(copy=pl.lit(0))
        missing = _without_class(rows, PARTS, split["folds"])
        if not missing:
            break
    return missing, rows


def _drawn(
    positive: NDArray[np.bool_], split: SplitSection, *, seed: int, given: NDArray[Any] | None
) -> tuple[NDArray[Any], NDArray[np.int8]] | None:
    """Return part and fold of every group by chance, stratified; None of too few groups.

    Parameters
    ----------
    positive
        Whether a group holds a calcification.
    given
        Their parts, where they are known.
    """
    if min(positive.sum(), (~positive).sum()) < split["folds"] + 2:
        return None
    part = np.full(len(positive), "train", dtype=object) if given is None else given
    try:
        if given is None:
            rest, test = _cut(np.arange(len(part)), split["test_fraction"], positive, seed=seed)
            share = split["validation_fraction"] / (1 - split["test_fraction"])
            _, validation = _cut(rest, share, positive, seed=seed)
            part[test], part[validation] = "test", "validation"
        return part, _folds(positive, np.flatnonzero(part != "test"), split["folds"], seed=seed)
    except ValueError:  # of scikit-learn: a share of so few has no place for every class
        return None


def _dealt(
    stratum: NDArray[Any],
    positive: NDArray[np.bool_],
    other: NDArray[np.bool_],
    split: SplitSection,
    *,
    seed: int,
    given: NDArray[Any] | None,
) -> tuple[NDArray[Any], NDArray[np.int8]]:
    """Return part and fold of every group, each stratum dealt out in an order by chance."""
    order = np.random.default_rng(seed).permutation(len(positive))
    part = given
    if part is None:
        strata = [order[stratum[order] == kind].tolist() for kind in np.unique(stratum)[::-1]]
        parts = deal_parts(strata, split)
        part = np.array([parts[group] for group in range(len(positive))], dtype=object)
    # Groups of both classes stand between those of one: so those of a class follow each other.
    row = order[np.argsort(other[order].astype(int) - positive[order], kind="stable")]
    inside = row[part[row] != "test"]
    fold = np.full(len(positive), -1, dtype=np.int8)
    fold[inside] = np.arange(len(inside)) % split["folds"]
    return part, fold


def _cut(
    members: NDArray[Any], share: float, strata: NDArray[Any], *, seed: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return *members* without *share* of them, and that share."""
    rest, part = train_test_split(
        members, test_size=share, stratify=strata[members], random_state=seed
    )
    return np.asarray(rest), np.asarray(part)


def _folds(
    strata: NDArray[Any], members: NDArray[Any], folds: int, *, seed: int
) -> NDArray[np.int8]:
    fold = np.full(len(strata), -1, dtype=np.int8)
    cutter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a fold that lacks a class is looked for
        for number, (_, held_out) in enumerate(cutter.split(members, strata[members])):
            fold[members[held_out]] = number
    return fold


def _without_class(rows: pl.DataFrame, parts: Sequence[str], folds: int) -> list[str]:
    """Say which parts and folds lack a class."""
    called = _called(rows)
    places = {f"the {name} part": rows.filter(pl.col("part") == name) for name in parts}
    places |= {f"fold {name}": rows.filter(pl.col("fold") == name) for name in range(folds)}
    return [
        f"{place} holds no {name}"
        for place, held in places.items()
        for label, name in ((1, f"positive {called}"), (0, f"negative {called}"))
        if not (held["label"] == label).any()
    ]


def _too_few(why: str, fix: str) -> TomocalcError:
    return fault("too_few_of_class", "candidates.parquet of this run", why, fix)


def _arranged(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(kind) for name, kind in SPLIT.items()).sort(
        "volume_id", "candidate_id", "copy"
    )
