"""How many patients a study needs, from the patients of a pilot.

The study is played many times: patients with and without calcifications are drawn from the
pilot's, each once or more, and the figure gets the interval that `jackknife` would give it. Before
every play the pilot itself is drawn anew, by weights of its patients from a Dirichlet
distribution (the Bayesian bootstrap: Rubin, Ann. Stat. 9 (1981) 130), and its standard error by as
much as so few patients leave open: what a small pilot does not know is then part of the promise.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tomocalc.accounts.base import Shown
from tomocalc.audit.rows import close_to, read_table
from tomocalc.errors import TomocalcError, fault
from tomocalc.identity import EMPTY
from tomocalc.study.plays import Pilot, ahead, draw, half_widths, scales

FEWEST = 5
"""Patients of either kind that a pilot must have."""
MOST = 200_000
"""Patients above which no study is planned."""


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
    made = _pilots(read_table(pilot), label, patient, [score, *([other] if other else [])])
    ill = made[0].positives > 0
    kinds = (int(ill.sum()), int((~ill).sum()))
    if min(kinds) < FEWEST:
        why = f"it has {kinds[0]} patients with and {kinds[1]} without calcifications"
        raise _fault("patients", why, f"take a pilot with {FEWEST} of each kind or more")
    rate = kinds[0] / sum(kinds) if share is None else share

    def sizes(total: int) -> tuple[int, int]:
        with_ = max(2, round(rate * total))
        return with_, max(2, total - with_)

    def reached(total: int) -> float:
        generator = np.random.default_rng([seed, total])
        truth, weight = draw(ill, sizes(total), studies, generator)
        wider = scales(min(kinds), studies, generator)
        if half_width is not None:
            return float((half_widths(made[0], weight, confidence, wider) <= half_width).mean())
        assert lead is not None
        return float(ahead(made, truth, weight, lead, confidence, wider).mean())

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
    if (half_width is None) == (lead is None):
        raise _fault("what is wanted", "it is neither a precision nor a lead", "say one of them")
    if (lead is None) != (other is None):
        why = "a lead is that over another score, and one of both is not said"
        raise _fault("lead and other", why, "give both, or neither")
    if not 0 < (half_width if half_width is not None else (lead or 0) / 2) < 0.5 or seed < 0:
        why = "half a width lies between 0 and 0.5, a lead between 0 and 1, a seed at 0 or above"
        raise _fault("half-width, lead, seed", why, "correct them")


def _pilots(frame: pl.DataFrame, label: str, patient: str, scores: list[str]) -> list[Pilot]:
    """Return each of the *scores* on the patients of the test part."""
    at = pl.int_range(frame.height, eager=True)  # rows count from 0 in the pilot as it is given
    if "part" in frame.columns:
        tested = frame["part"].cast(pl.String).str.to_lowercase() == "test"
        frame, at = frame.filter(tested), at.filter(tested)
    for name in (label, patient, *scores):
        if name not in frame.columns:
            why = f"the pilot has no such column; {close_to(name, frame.columns)}"
            fix = "name it: --label, --patient, --score (of the predictions) and --other"
            raise _fault(f"column {name}", why, fix)
        kind = pl.String if name == patient else pl.Float64
        cells = frame[name].cast(kind, strict=False)
        bad = cells.str.to_lowercase().is_in(EMPTY) if name == patient else ~cells.is_finite()
        if (bad := bad.fill_null(value=True)).any():
            why = f"row {at.filter(bad)[0]} holds no {'name' if name == patient else 'number'}, as "
            why += f"{bad.sum():,} of {len(bad):,} rows do"
            raise _fault(f"column {name}", why, "correct them, or leave these rows out")
    if frame.is_empty():
        raise _fault("part test", "no row of the pilot is in it", "leave out its column part")
    truth, *found = (frame[name].cast(pl.Float64).to_numpy() for name in (label, *scores))
    if not np.isin(truth, (0, 1)).all():
        why = "it holds more than 0 and 1"
        raise _fault(f"column {label}", why, "write 1 for positive, else 0")
    member = frame[patient].rank("dense").cast(pl.Int64).to_numpy() - 1
    made = [Pilot.of(truth == 1, one, member) for one in found]
    if len(made) > 1 and (made[0].wins == made[1].wins).all():
        raise _fault("score and other", "they rank all candidates alike", "name another score")
    return made


def _fault(where: str, why: str, fix: str) -> TomocalcError:
    return fault("study_not_planned", where, why, fix)
