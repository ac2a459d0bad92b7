"""What is found of the annotated findings: free-response curves and the DBTex metric."""

from __future__ import annotations

from tomocalc.accounts.base import Record
from tomocalc.accounts.figures import Figure


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
        At 1, 2, 3 and 4 false marks per volume, over the volumes with a lesion.
    tie_break
        At 2 false marks per volume, over all volumes.
    """

    mean_sensitivity: Figure
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
