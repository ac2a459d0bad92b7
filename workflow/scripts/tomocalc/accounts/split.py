"""How a data set is split and what the parts share: ``protocols/*/split.json``."""

from __future__ import annotations

from typing import Literal

from tomocalc.accounts.base import Account, Record


class Counts(Record, frozen=True, kw_only=True):
    """Rows (uses of candidates), candidates, calcifications among the rows, named patients."""

    rows: int
    candidates: int
    positives: int
    patients: int


class Balanced(Record, frozen=True, kw_only=True):
    """Rows of both classes once the training part is balanced by repetition."""

    positives: int
    negatives: int


class Copies(Record, frozen=True, kw_only=True):
    """Share of test rows whose used features equal a row that the model learns from, 0 to 1."""

    all: float
    positive: float
    negative: float


class Near(Record, frozen=True, kw_only=True):
    """Share of test rows with a neighbour among the others no farther away than *distance*."""

    share: float
    distance: float


class Sharing(Record, frozen=True, kw_only=True):
    """What the test part shares with everything that the model may learn from.

    Attributes
    ----------
    shared_patients, shared_groups
        How many stand on both sides.
    patients_named
        Whether every candidate has a patient.
    verdict
        ``leaks`` where a group or a patient stands on both sides.
    """

    test_rows_with_copy_in_train: Copies
    shared_patients: int
    shared_groups: int
    near_duplicates: Near
    patients_named: bool
    verdict: Literal["clean", "leaks"]


class SplitAccount(Account, frozen=True, kw_only=True):
    """The account of one split.

    Attributes
    ----------
    protocol
        ``honest``, ``paper`` or ``own``.
    grouped_by
        What is never in two parts of an honest split: ``patient`` or ``feature vector``.
    before
        The candidates before anything was dropped or repeated.
    parts
        Of train, validation and test.
    """

    protocol: str
    seed: int
    grouped_by: str
    before: Counts
    parts: dict[str, Counts]
    oversampled: Balanced
    leakage: Sharing
