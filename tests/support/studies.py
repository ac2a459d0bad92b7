"""A study whose trials cost nothing, and workers for it."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl

from support.model_data import MODEL, NAMES, SEQUENCE, TUNING
from tomocalc.model.selection import trials_table
from tomocalc.model.space import Parameters
from tomocalc.model.study import Study, describe_study, prepare_journal
from tomocalc.model.trial_queue import FAILED, Claim, Queue


def describe(code: str = "c", **changes: object) -> Study:
    return describe_study(
        tuning=TUNING | changes,
        model=MODEL,
        features=NAMES,
        sequence=SEQUENCE,
        impute="none",
        seed=1,
        protocol="honest",
        data={"candidates_sha256": "a", "splits_sha256": "b"},
        code=code,
    )


PLAN = describe()


def value(parameters: Parameters) -> float | None:
    """A smooth stand-in for a training that diverges at the largest learning rates."""
    rate = math.log10(parameters["learning_rate"])
    if rate > -1.1:
        return None
    return 1.0 - (rate + 2) ** 2 - (parameters["dropout"] - 0.2) ** 2 - 0.01 * parameters["units_1"]


def begin(folder: Path, plan: Study = PLAN) -> Path:
    journal = folder / "study.journal"
    prepare_journal(journal, plan)
    return journal


def finish(queue: Queue, claim: Claim) -> None:
    found = value(claim.parameters)
    if found is None:
        queue.tell(claim, None, **{FAILED: "diverged"})
    else:
        queue.tell(claim, found, epochs=2)


def work(journal: Path, plan: Study = PLAN) -> pl.DataFrame:
    """Compute what is left with one worker."""
    queue = Queue(journal, plan)
    while not queue.done():
        claim = queue.claim()
        assert claim is not None
        finish(queue, claim)
    queue.leave()
    return trials_table(queue.study, plan)
