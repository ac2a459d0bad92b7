"""How many patients a study needs, from the patients of a pilot.

The study is played many times: patients with and without calcifications are drawn from the
pilot's, each once or more, and the figure gets the interval that `jackknife` would give it. Before
every play the pilot itself is drawn anew, by weights of its patients from a Dirichlet
distribution (the Bayesian bootstrap: Rubin, Ann. Stat. 9 (1981) 130): what a small pilot leaves
open is then part of the promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t

from tomocalc.audit.reading import read_table
from tomocalc.errors import TomocalcError
from tomocalc.evaluation.jackknife import FLAT
from tomocalc.metrics import wilson
from tomocalc.shown import Shown

FEWEST = 5
"""Patients of either kind that a pilot must have."""
MOST = 200_000
"""Patients above which no study is planned."""
CELLS = 4_000_000
"""Pairs of rows compared at once."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class StudyPlan(Shown):
    """How many patients a study needs.

    Attributes
    ----------
    with_calcifications, without
        Patients of either kind.
    power
        Share of the played studies that reach what is wanted, at this size.
    auroc, lead
        Of the pilot; no lead where one model is planned for.
    pilot
        Patients of the pilot, with and without calcifications.
    """

    with_calcifications: int
    without: int
    power: float
    auroc: float
    lead: float | None
    pilot: tuple[int, int]

    def _facts(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class _Pilot:
    """A score on patients: what every pair of them adds to the AUROC, as (patient, patient).

    ``wins[i, j]`` counts the pairs of a positive row of i and a negative one of j in which the
    positive one has the higher score, ties half; *positives*, *negatives*: rows of each patient.
    """

    wins: Floats
    positives: Floats
    negatives: Floats

    @classmethod
    def of(cls, label: NDArray[np.bool_], score: Floats, patient: NDArray[np.int64]) -> _Pilot:
        order = np.argsort(patient, kind="stable")
        label, score, patient = label[order], score[order], patient[order]
        count = int(patient[-1]) + 1
        wins = np.zeros((count, count))
        low, whose = score[~label], patient[~label]
        rows = max(1, CELLS // max(len(low), 1))
        high, owner = score[label], patient[label]
        for start in range(0, len(high), rows):
            some = high[start : start + rows, None]
            won = (some > low) + 0.5 * (some == low)  # (positive row, negative row)
            by_patient = np.zeros((len(won), count))
            begins = np.flatnonzero(np.diff(whose, prepend=-1))
            by_patient[:, whose[begins]] = np.add.reduceat(won, begins, axis=1)
            np.add.at(wins, owner[start : start + rows], by_patient)
        rows_of = [np.bincount(patient[kind], minlength=count) for kind in (label, ~label)]
        return cls(wins, *(one.astype(np.float64) for one in rows_of))

    def auroc(self, weight: Floats) -> Floats:
        """Return the AUROC for each line of weights (line, patient)."""
        won = ((weight @ self.wins) * weight).sum(axis=1)
        return won / ((weight @ self.positives) * (weight @ self.negatives))

    def without(self, weight: Floats) -> Floats:
        """Return the AUROC without one of each patient, (line, patient)."""
        lost = weight @ self.wins + weight @ self.wins.T - np.diag(self.wins)
        won = ((weight @ self.wins) * weight).sum(axis=1)[:, None] - lost
        positives = (weight @ self.positives)[:, None] - self.positives
        negatives = (weight @ self.negatives)[:, None] - self.negatives
        return won / np.maximum(positives * negatives, 1.0)


def plan_study(
    pilot: Any,
    *,
    half_width: float | None = None,
    lead: float | None = None,
    score: str = "probability",
    other: str | None = None,
    label: str = "label",
    patient: str = "patient_id",
    share: float | None = None,
    power: float = 0.8,
    confidence: float = 0.95,
    studies: int = 2000,
    seed: int = 0,
) -> StudyPlan:
    """Say how many patients, with calcifications and without, a study of the AUROC needs.

    Parameters
    ----------
    pilot
        Path of a table, or a data frame: one row per candidate of patients that no model was
        trained on, with *label* (1: calcification), *patient* and *score*. Of a table with a
        column ``part``, as ``predictions.parquet`` has it, the test part alone is taken.
    half_width
        Wanted precision: half the width of the interval, on AUROC.
    lead, other
        Instead: by how much *score* is to be ahead of the score *other*, so that the interval of
        the lead leaves out 0.
    share
        Share of the study's patients that have calcifications; None: as in the pilot.
    power
        Share of studies that are to reach it.
    confidence
        Of the intervals.
    studies, seed
        How often each size is played, and the root of its chance.

    Raises
    ------
    TomocalcError
        ``E308`` when the pilot is too small or what is wanted is out of reach, ``E302`` for its
        table.
    """
    _check_wanted(half_width, lead, other, seed)
    if not (0 < power < 1 and 0 < confidence < 1 and (share is None or 0 < share < 1)):
        raise _fault("power, confidence, share", "not all lie between 0 and 1", "correct them")
    frame = read_table(pilot)
    frame = frame.filter(pl.col("part") == "test") if "part" in frame.columns else frame
    columns = [label, patient, score, *([other] if other else [])]
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise _fault(f"column {absent[0]}", "the pilot has no such column", "name one that it has")
    if frame.is_empty():
        raise _fault("part test", "no row of the pilot is in it", "leave out its column part")
    truth = _numbers(frame[label])
    if not np.isin(truth, (0, 1)).all():
        raise _fault(
            f"column {label}", "it holds more than 0 and 1", "write 1 for positive, else 0"
        )
    positive = truth == 1
    member = frame[patient].rank("dense").cast(pl.Int64).to_numpy() - 1
    made = [_Pilot.of(positive, _numbers(frame[name]), member) for name in columns[2:]]
    ill = made[0].positives > 0
    kinds = (int(ill.sum()), int((~ill).sum()))
    if min(kinds) < FEWEST:
        why = f"it has {kinds[0]} patients with and {kinds[1]} without calcifications"
        raise _fault("patients", why, f"take a pilot with {FEWEST} of each kind or more")
    rate = kinds[0] / sum(kinds) if share is None else share

    def sizes(total: int) -> tuple[int, int]:
        with_ = max(2, round(rate * total))
        return with_, max(2, total - with_)

    few = min(kinds)
    # patients drawn from m, by weights that were drawn too, vary by (m - 1) / (m + 1) of the truth
    wider = ((few + 1) / (few - 1)) ** 0.5

    def reached(total: int) -> float:
        generator = np.random.default_rng([seed, total])
        truth, weight = _draw(ill, sizes(total), studies, generator)
        if half_width is not None:
            return float((_half_widths(made[0], weight, confidence, wider) <= half_width).mean())
        assert lead is not None
        return float(_ahead(made, truth, weight, lead, confidence, wider).mean())

    low, high = 3, 8
    while reached(high) < power:
        low, high = high, 2 * high
        if high > MOST:
            raise _fault("what is wanted", f"{MOST:,} patients are not enough", "want less")
    while high - low > max(1, high // 200):
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) >= power else (middle, high)
    every = np.ones((1, len(ill)))
    values = [float(one.auroc(every)[0]) for one in made]
    return StudyPlan(
        *sizes(high), reached(high), values[0], values[0] - values[1] if other else None, kinds
    )


def _check_wanted(
    half_width: float | None, lead: float | None, other: str | None, seed: int
) -> None:
    if (half_width is None) == (lead is None) or (lead is not None) != (other is not None):
        raise _fault("what is wanted", "it is neither a precision nor a lead", "say one of them")
    if not 0 < (half_width if half_width is not None else (lead or 0) / 2) < 0.5 or seed < 0:
        why = "half a width lies between 0 and 0.5, a lead between 0 and 1, a seed at 0 or above"
        raise _fault("half-width, lead, seed", why, "correct them")


def _numbers(values: pl.Series) -> Floats:
    """Return a column as numbers, of which none is missing."""
    found = values.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    bad = np.flatnonzero(~np.isfinite(found))
    if bad.size:
        why = f"row {bad[0]} holds no number, as {bad.size:,} of {len(found):,} rows do"
        raise _fault(f"column {values.name}", why, "correct them, or leave these rows out")
    return found


def _draw(
    ill: NDArray[np.bool_], sizes: tuple[int, int], studies: int, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return how likely each pilot's patient is in each study, and how often he was drawn."""
    truth, weight = np.zeros((studies, len(ill))), np.zeros((studies, len(ill)))
    for kind, size in zip((ill, ~ill), sizes, strict=True):
        chance = generator.dirichlet(np.ones(kind.sum()), size=studies)
        truth[:, kind] = chance * size
        weight[:, kind] = generator.multinomial(size, chance)
    return truth, weight


def _error(without: Floats, weight: Floats) -> Floats:
    """Return the jackknife's standard error of each study, patients counted as often as drawn."""
    count = weight.sum(axis=1)
    mean = (weight * without).sum(axis=1) / count
    square = (weight * (without - mean[:, None]) ** 2).sum(axis=1)
    return np.sqrt((count - 1) / count * square)


def _reach(pilot: _Pilot, weight: Floats, confidence: float) -> Floats:
    """Return Student's t of each study, by the patients of the rarer kind."""
    groups = np.minimum(
        (weight * (pilot.positives > 0)).sum(axis=1), (weight * (pilot.negatives > 0)).sum(axis=1)
    )
    return np.asarray(t.ppf((1 + confidence) / 2, np.maximum(groups - 1, 1)))


def _half_widths(pilot: _Pilot, weight: Floats, confidence: float, wider: float = 1.0) -> Floats:
    """Return half the width of each study's interval, as `jackknife.interval` has it.

    Standard errors are *wider* times what the patients of the pilot give.
    """
    value, without = pilot.auroc(weight), pilot.without(weight)
    error = _error(without, weight)
    flat = (value >= 1) | (value <= 0) | (error <= FLAT)
    share = np.clip(value, 1e-9, 1 - 1e-9)
    inside = ((without > 0) & (without < 1) | (weight == 0)).all(axis=1)
    logit = np.clip(without, 1e-9, 1 - 1e-9)
    spread = np.where(
        inside,
        _error(np.log(logit) - np.log1p(-logit), weight),
        error / (share * (1 - share)),
    )
    centre, reach = (
        np.log(share) - np.log1p(-share),
        wider * _reach(pilot, weight, confidence) * spread,
    )
    low, high = (1 / (1 + np.exp(-(centre + side * reach))) for side in (-1, 1))
    found = (high - low) / 2
    for line in np.flatnonzero(flat):
        groups = int((weight[line] * (pilot.positives > 0)).sum())
        ends = wilson(groups * float(np.clip(value[line], 0, 1)), groups, confidence)
        found[line] = (ends[1] - ends[0]) / 2
    return found


def _ahead(
    made: list[_Pilot],
    truth: Floats,
    weight: Floats,
    lead: float,
    confidence: float,
    wider: float,
) -> NDArray[np.bool_]:
    """Return whether each study's interval of the lead lies above 0, were the true lead *lead*."""
    here, there = made
    found = here.auroc(weight) - there.auroc(weight)
    beyond = wider * (found - (here.auroc(truth) - there.auroc(truth))) + lead
    error = _error(here.without(weight) - there.without(weight), weight)
    return beyond > wider * _reach(here, weight, confidence) * error


def _fault(where: str, why: str, fix: str) -> TomocalcError:
    return TomocalcError("E308", what="a study cannot be planned", where=where, why=why, fix=fix)
