"""Detectors beside the chain: what one learned from, and what all of them find."""

from __future__ import annotations

import msgspec

from tomocalc.accounts.base import Account, Record
from tomocalc.accounts.figures import Lead
from tomocalc.accounts.findings import AtRate, Band, Dbtex, FrocCurve


class DetectorAccount(Account, frozen=True, kw_only=True):
    """One detector: ``comparison/detectors/<detector>.json``.

    Attributes
    ----------
    patients
        That it learned from, or that it was tuned on.
    calcifications
        Of theirs, annotated one by one on a known slice.
    without_slice
        Of theirs, annotated on no slice of several: nothing says where they are seen.
    tiles, filled
        That it learned from, and those of them with a calcification.
    weights, loss
        Of a network; the mean of every epoch.
    settings
        That were chosen by the tiles, of a detector that has no weights.
    """

    detector: str
    patients: tuple[str, ...]
    calcifications: int
    without_slice: int
    tiles: int
    filled: int
    weights: int = 0
    loss: tuple[float, ...] = ()
    settings: dict[str, float] = msgspec.field(default_factory=dict)


class FoundBy(Record, frozen=True, kw_only=True):
    """What one system finds of one kind of findings.

    Attributes
    ----------
    reached
        Findings that at least one of its marks lies on.
    leads
        Over the chain, at each of the *rates*; empty for the chain itself.
    """

    findings: int
    reached: int
    marks_per_volume: float
    curve: FrocCurve
    band: Band
    rates: tuple[AtRate, ...]
    leads: tuple[Lead, ...]


class System(Record, frozen=True, kw_only=True):
    """One system; ``chain`` is the run's own: candidates and released model. None: no such."""

    name: str
    calcifications: FoundBy | None
    clusters: FoundBy | None
    dbtex: Dbtex | None


class Detectors(Account, frozen=True, kw_only=True):
    """All systems on the same volumes: ``comparison/detectors.json``, the chain first."""

    confidence: float
    volumes: int
    patients: int
    patients_with_calcifications: int
    systems: tuple[System, ...]
    learned: tuple[DetectorAccount, ...]
