"""What is found of the annotated findings, by this chain and by detectors beside it."""

import msgspec

from tomocalc.accounts.base import Account, Record
from tomocalc.accounts.figures import Figure, Lead


class FrocCurve(Record, frozen=True, kw_only=True):
    """Points of a free-response curve."""

    threshold: list[float]
    false_per_volume: list[float]
    sensitivity: list[float]


class Band(Record, frozen=True, kw_only=True):
    """Interval of the sensitivity over the rate of false marks."""

    false_per_volume: list[float]
    low: list[float]
    high: list[float]


class AtRate(Record, frozen=True, kw_only=True):
    """Sensitivity at a rate of false marks; *beyond*: the curve ends before it."""

    false_per_volume: float
    sensitivity: float
    low: float | None
    high: float | None
    beyond: bool


class FrocPoint(Record, frozen=True, kw_only=True):
    """Findings found and false marks at the model's threshold."""

    threshold: float
    found: int
    false: int
    false_per_volume: float
    sensitivity: Figure


class Froc(Record, frozen=True, kw_only=True):
    """A free-response curve; *formed*: clusters that the sheet does not name."""

    findings: int
    with_candidate: int
    volumes: int
    patients_with_findings: int
    curve: FrocCurve
    band: Band
    rates: list[AtRate]
    operating_point: FrocPoint
    formed: int = 0


class ByFinding(Record, frozen=True, kw_only=True):
    """Curves of both kinds of findings; None where none is annotated in the test part."""

    calcifications: Froc | None
    clusters: Froc | None


class DbtexRate(Figure, frozen=True, kw_only=True):
    """Sensitivity at a rate of false marks."""

    false_per_volume: float


class DbtexFigures(Record, frozen=True, kw_only=True):
    """Both metrics of the challenges by one rule of matching.

    Attributes
    ----------
    mean_sensitivity, sensitivity_at
        At 1, 2, 3 and 4 false marks per volume, over the volumes with a lesion. The mean has no
        interval: joined at its hits, as published, the curve lies too high where lesions are few,
        and of simulated cohorts of 50 patients nine in ten had the right mean in theirs.
    tie_break
        At 2 false marks per volume, over all volumes.
    """

    mean_sensitivity: float
    sensitivity_at: list[DbtexRate]
    tie_break: Figure


class DbtexRules(Record, frozen=True, kw_only=True):
    """The rules for a mark within reach of several boxes: it hits the nearest, or the first."""

    nearest: DbtexFigures
    first: DbtexFigures


class Dbtex(Record, frozen=True, kw_only=True):
    """The DBTex metric.

    Attributes
    ----------
    biopsied
        Whether lesions are the clusters of known outcome, as in the challenge.
    formed
        Lesions that annotated calcifications form.
    least_mm
        What 100 pixels are, at the smallest and the largest spacing.
    """

    lesions: int
    volumes: int
    volumes_with_lesion: int
    patients_with_lesion: int
    marks: int
    marks_per_volume: float
    rules: DbtexRules
    biopsied: bool
    formed: int
    least_mm: tuple[float, float]


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
