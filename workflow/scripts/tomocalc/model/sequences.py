"""What the model reads: one short sequence of feature vectors per candidate."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.errors import TomocalcError, fault, raise_all
from tomocalc.sections import SequenceSection
from tomocalc.tables import slices_above

KINDS = ("slices", "features_as_steps", "single_step", "members")
CANDIDATE = ["volume_id", "candidate_id"]
FAULTS_SHOWN = 10


@dataclass(frozen=True)
class Sequences:
    """Feature sequences of distinct candidates, in the order of *keys*.

    Attributes
    ----------
    keys
        volume_id, candidate_id of every candidate, sorted.
    x
        float32, (candidate, step, feature), in the features' own units; zero where masked.
    mask
        bool, (candidate, step); the valid steps come first.
    focus
        int, (candidate,): the step of best focus; 0 where there are no slices.
    """

    keys: pl.DataFrame
    x: NDArray[np.float32]
    mask: NDArray[np.bool_]
    focus: NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """One sample per row of the splits table, in its order.

    Attributes
    ----------
    x
        float32, (sample, step, feature), in the features' own units; zero where masked.
    mask
        bool, (sample, step); the valid steps come first.
    focus
        int, (sample,): the step of best focus; 0 where there are no slices.
    y
        float32, (sample,): 1 calcification, 0 none.
    part
        str, (sample,): train, validation or test.
    fold
        int, (sample,): fold inside the training part, -1 elsewhere.
    candidate
        int, (sample,): equal for the copies of one candidate.
    """

    x: NDArray[np.float32] = field(repr=False)
    mask: NDArray[np.bool_] = field(repr=False)
    focus: NDArray[np.int64] = field(repr=False)
    y: NDArray[np.float32] = field(repr=False)
    part: NDArray[np.str_] = field(repr=False)
    fold: NDArray[np.int64] = field(repr=False)
    candidate: NDArray[np.int64] = field(repr=False)

    def at_focus(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the mask of the steps of best focus of *rows*, (row, step)."""
        return np.arange(self.mask.shape[1]) == self.focus[rows, np.newaxis]

    def first_uses(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of *rows* that use their candidate for the first time among them."""
        _, first = np.unique(self.candidate[rows], return_index=True)
        return rows[np.sort(first)]


def build_samples(
    candidates: pl.DataFrame,
    splits: pl.DataFrame,
    *,
    features: Sequence[str],
    sequence: SequenceSection,
    impute: str = "none",
) -> Samples:
    """Join the candidates' sequences to the rows of *splits*.

    Parameters
    ----------
    candidates
        One row per candidate and slice.
    splits
        One row per use of a candidate.
    features
        Columns that the model reads, in order.
    sequence
        Section of the configuration; see `build_sequences`.
    impute
        ``none``, or the imputation that follows, before which null and NaN are accepted.

    Raises
    ------
    TomocalcError
        ``E302`` for a missing column, a split row without its candidate, a value that is
        not finite.
    """
    used = splits.select(CANDIDATE).unique()
    sequences = build_sequences(
        candidates.join(used, on=CANDIDATE, how="semi"),
        features=list(features),
        **sequence,
        missing=impute != "none",
    )
    place = splits.join(
        sequences.keys.with_row_index("place"), on=CANDIDATE, how="left", maintain_order="left"
    )["place"]
    if place.null_count():
        volume, candidate = splits.filter(place.is_null()).select(CANDIDATE).row(0)
        why = f"{place.null_count()} split rows have no candidate"
        raise fault("candidate_unknown", f"volume {volume}, candidate {candidate}", why)
    index = place.to_numpy().astype(np.int64)
    return Samples(
        x=sequences.x[index],
        mask=sequences.mask[index],
        focus=sequences.focus[index],
        y=splits["label"].to_numpy().astype(np.float32),
        part=splits["part"].to_numpy().astype(np.str_),
        fold=splits["fold"].to_numpy().astype(np.int64),
        candidate=index,
    )


def build_sequences(
    candidates: pl.DataFrame, *, features: list[str], kind: str, slices: int, missing: bool = False
) -> Sequences:
    """Arrange the rows of every candidate as one sequence.

    ``slices``: the feature vectors on T consecutive slices around the slice of best focus, which
    `slices_above` places, as it did when they were measured, top to bottom. Slices beyond the
    volume are left out and the valid steps moved to the front, so that a network that runs
    forward in depth never sees padding before its last valid step.
    ``features_as_steps``: the features at best focus, one per step, F×1.
    ``single_step``: the features at best focus as one step, 1×F.
    ``members``: the members of a cluster from its centre outwards, at most T of them.

    Raises
    ------
    TomocalcError
        ``E302`` for a missing column, a candidate without exactly one row of best focus, or a
        value that is not finite.
    """
    _need_columns(candidates, [*CANDIDATE, "slice", "focus", *features])
    rows = candidates.sort(*CANDIDATE, "slice")
    focus = rows.filter("focus").select(*CANDIDATE, centre=pl.col("slice"))
    keys = rows.select(CANDIDATE).unique(maintain_order=True)
    _need_one_focus(keys, focus)
    if kind == "slices":
        first = pl.col("slice") - pl.col("centre") + slices_above(slices)
        rows = rows.join(focus, on=CANDIDATE, how="left", maintain_order="left").filter(
            first.is_between(0, slices - 1)
        )
        steps = slices
    elif kind == "members":  # a member's rank stands where slices do
        rows, steps = rows.filter(pl.col("slice") < slices), slices
    else:
        rows, steps = rows.filter("focus"), 1
    _need_finite(rows, features, missing=missing)
    place = rows.join(
        keys.with_row_index("place"), on=CANDIDATE, how="left", maintain_order="left"
    )["place"].to_numpy()
    starts = np.flatnonzero(np.diff(place, prepend=-1)) if len(place) else place
    step = np.arange(len(place)) - np.repeat(starts, np.diff(starts, append=len(place)))
    x = np.zeros((len(keys), steps, len(features)), np.float32)
    mask = np.zeros((len(keys), steps), bool)
    x[place, step] = rows.select(pl.col(features).cast(pl.Float32).fill_null(np.nan)).to_numpy()
    mask[place, step] = True
    best = step[rows["focus"].to_numpy()]  # one row of best focus per candidate, in their order
    if kind == "features_as_steps":
        mask = mask.repeat(len(features), axis=1)
        return Sequences(keys, x.transpose(0, 2, 1).copy(), mask, best)
    return Sequences(keys, x, mask, best)


def _need_columns(frame: pl.DataFrame, columns: list[str]) -> None:
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        raise fault(
            "column_missing", ", ".join(absent), f"the table has {', '.join(frame.columns)}"
        )


def _need_one_focus(keys: pl.DataFrame, focus: pl.DataFrame) -> None:
    counts = keys.join(focus.group_by(CANDIDATE).len("rows"), on=CANDIDATE, how="left")
    wrong = counts.filter(pl.col("rows").fill_null(0) != 1).sort(CANDIDATE)
    if len(wrong):
        volume, candidate, rows = wrong.row(0)
        why = f"{rows or 0} of its rows have focus = true"
        raise fault("no_single_focus", f"volume {volume}, candidate {candidate}, column focus", why)


def _need_finite(rows: pl.DataFrame, features: list[str], *, missing: bool) -> None:
    """Raise for every value that is not finite, the first ones by name."""
    faults: list[TomocalcError] = []
    for column in features:
        value = pl.col(column).cast(pl.Float64)
        bad = value.is_infinite() if missing else ~value.is_finite()
        for volume, candidate, z, found in (
            rows.filter(bad if missing else bad.fill_null(value=True))
            .select(*CANDIDATE, "slice", column)
            .head(FAULTS_SHOWN)
            .iter_rows()
        ):
            faults.append(
                fault(
                    "feature_not_finite",
                    f"volume {volume}, candidate {candidate}, slice {z}, column {column}",
                    f"its value is {found}",
                )
            )
    raise_all(faults[:FAULTS_SHOWN])
