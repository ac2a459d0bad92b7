"""The account of a leakage audit: codes and counts; pages and the command word them."""

from __future__ import annotations

from enum import StrEnum

from tomocalc.accounts.base import Record


class Verdict(StrEnum):
    """What a check, and a whole audit, comes to; from good to bad."""

    CLEAN = "clean"
    """Nothing was found, and the check could have seen it."""
    UNSEEN = "unseen"
    """The data do not hold what the check needs: it says nothing, neither good nor bad."""
    CAUTION = "caution"
    """Something that may flatter the figures, or keeps the audit from telling."""
    LEAKS = "leaks"
    """The models have learnt from what they are tested on."""


class Check(Record, frozen=True, kw_only=True):
    """What one check saw.

    Attributes
    ----------
    name
        A key of `tomocalc.audit.words.CHECKS`.
    subject
        What it was asked of: an identifier or a feature; empty where there is one subject only.
    count, of
        How many rows or patients it found, among how many.
    value, p
        Of an association: the AUROC, and the share of random orders that reach it.
    detectable
        What it would have seen: of an association the smallest AUROC, of near-copies the largest
        distance in shares of the usual one; None where the check is exact.
    """

    name: str
    verdict: Verdict
    count: int
    of: int
    subject: str = ""
    value: float | None = None
    p: float | None = None
    detectable: float | None = None

    @property
    def share(self) -> float:
        """Return the found share, 0 where nothing was asked."""
        return self.count / self.of if self.of else 0.0


class Shared(Record, frozen=True, kw_only=True):
    """A row of the test (or validation) part and its twin, so that the split can be mended."""

    check: str
    row: str
    patient: str
    part: str
    twin_row: str
    twin_patient: str
    twin_part: str
    distance: float


class PartCounts(Record, frozen=True, kw_only=True):
    """Rows, rows of the positive class and patients of one part."""

    rows: int
    positives: int
    patients: int


class FeatureAlone(Record, frozen=True, kw_only=True):
    """How well one feature alone tells the label, in the direction that does it better."""

    feature: str
    auroc: float


class SplitAudit(Record, frozen=True, kw_only=True):
    """The audit of one split."""

    verdict: Verdict
    parts: dict[str, PartCounts]
    patients_named: bool
    checks: list[Check]
    features: list[FeatureAlone]
    shared: list[Shared]
    shared_total: int


def worst(checks: list[Check]) -> Verdict:
    """Return the verdict of an audit: that of its worst check; what was not seen does not count."""
    order = [Verdict.CLEAN, Verdict.CAUTION, Verdict.LEAKS]
    found = [check.verdict for check in checks if check.verdict in order]
    return max(found, key=order.index, default=Verdict.CAUTION)
