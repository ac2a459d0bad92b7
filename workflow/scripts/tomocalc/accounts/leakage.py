"""Accounts of a split and of its leakage audit: codes and counts; pages word them."""

from __future__ import annotations

from enum import StrEnum

from tomocalc.accounts.base import Account, Record, Shown
from tomocalc.accounts.figures import Figure, Lead


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
        A line of ``pages/checks.tsv``, which words it.
    subject
        What it was asked of: an identifier or a feature; empty where there is one subject only.
    count, of
        How many rows or patients it found, among how many.
    positives, of_positives
        Of these the rows of the positive class, where rows are counted.
    value, p
        Of an association: the AUROC, and the share of random orders that reach it. Of copies of
        coarse features *p* alone: how often chance makes as many.
    detectable
        What it would have seen: of an association the smallest AUROC, of near-copies the largest
        distance in shares of the usual one; None where the check is exact.
    """

    name: str
    verdict: Verdict
    count: int
    of: int
    positives: int | None = None
    of_positives: int | None = None
    subject: str = ""
    value: float | None = None
    p: float | None = None
    detectable: float | None = None

    @classmethod
    def counted(cls, name: str, count: int, of: int, verdict: Verdict, subject: str = "") -> Check:
        """Return a check of this *verdict* where it found something, else a clean one."""
        verdict = verdict if count else Verdict.CLEAN
        return cls(name=name, subject=subject, verdict=verdict, count=count, of=of)

    @classmethod
    def unseen(cls, name: str, of: int) -> Check:
        """Return a check that had nothing to look at."""
        return cls(name=name, verdict=Verdict.UNSEEN, count=0, of=of)

    @property
    def share(self) -> float:
        """Return the found share, 0 where nothing was asked."""
        return self.count / self.of if self.of else 0.0


class Shared(Record, frozen=True, kw_only=True):
    """A row of the test (or validation) part and its twin, so that the split can be mended.

    The *distance* of twins is 0 where they are equal, and None where nothing was measured.
    """

    check: str
    row: str
    patient: str
    part: str
    twin_row: str
    twin_patient: str
    twin_part: str
    distance: float | None


class PartCounts(Record, frozen=True, kw_only=True):
    """Rows, rows of the positive class and patients of one part."""

    rows: int
    positives: int
    patients: int


class FeatureAlone(Record, frozen=True, kw_only=True):
    """How well one feature alone tells the label, in the direction that does it better."""

    feature: str
    auroc: float


class SplitAudit(Shown, Record, frozen=True, kw_only=True):
    """The audit of one split.

    Attributes
    ----------
    positive
        The label that counts as positive, where a table's own words name the classes.
    """

    verdict: Verdict
    parts: dict[str, PartCounts]
    patients_named: bool
    checks: list[Check]
    features: list[FeatureAlone]
    shared: list[Shared]
    positive: str = ""

    def _facts(self) -> dict[str, object]:
        bad = [check for check in self.checks if check.verdict in (Verdict.LEAKS, Verdict.CAUTION)]
        return {
            "verdict": self.verdict.value,
            **{f"rows_{name}": part.rows for name, part in self.parts.items()},
            "checks": len(self.checks),
            "found": ", ".join(dict.fromkeys(check.name for check in bad)) or None,
            "shared": len(self.shared),
        }

    def check(self, name: str) -> Check:
        """Return the check called *name*, the first where it has several subjects."""
        return next(check for check in self.checks if check.name == name)


class ModelWorth(Record, frozen=True, kw_only=True):
    """What one model reaches under one protocol.

    Attributes
    ----------
    raw
        At the protocol's own prevalence.
    matched
        At that of the reference protocol's test part.
    gap
        *matched* minus the reference's; None for the reference itself.
    """

    raw: dict[str, float]
    matched: dict[str, Figure]
    gap: dict[str, Lead] | None


class Gaps(Record, frozen=True, kw_only=True):
    """What other ways of splitting are worth, by protocol and model."""

    reference: str
    prevalence: float | None
    rarer_groups: dict[str, int]
    protocols: dict[str, dict[str, ModelWorth]]


class LeakageAccount(Account, frozen=True, kw_only=True):
    """All audited splits of a run, the *audited* one being that whose verdict counts."""

    audited: str
    verdict: Verdict
    confidence: float
    protocols: dict[str, SplitAudit]
    gaps: Gaps


def worst(checks: list[Check]) -> Verdict:
    """Return the verdict of an audit: that of its worst check; what was not seen does not count."""
    order = [Verdict.CLEAN, Verdict.CAUTION, Verdict.LEAKS]
    found = [check.verdict for check in checks if check.verdict in order]
    return max(found, key=order.index, default=Verdict.CAUTION)


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
