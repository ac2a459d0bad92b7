"""How a data set is split and what the parts share: ``protocols/*/split.json``."""

from __future__ import annotations

from tomocalc.accounts.base import Account, Record
from tomocalc.accounts.leakage import SplitAudit


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
    audit
        What the parts share; the leakage audit also asks what names and order tell.
    """

    protocol: str
    seed: int
    grouped_by: str
    before: Counts
    parts: dict[str, Counts]
    oversampled: Balanced
    audit: SplitAudit
