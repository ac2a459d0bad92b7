"""What the scores of the model are worth: ``evaluation/metrics.json``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import msgspec

from tomocalc.accounts.base import Account, Record
from tomocalc.accounts.figures import Division, Figure
from tomocalc.accounts.findings import ByFinding, Dbtex
from tomocalc.accounts.prediction import ClusterRule
from tomocalc.accounts.seal import Opened

Released = Literal["lstm", "trees", "average"]
"""What predicts: the stacked LSTM, the trees, or the average of both."""


class Confusion(Record, frozen=True, kw_only=True):
    """Test rows by truth and call; calcifications count positive."""

    tn: int
    fp: int
    fn: int
    tp: int

    @property
    def accuracy(self) -> float:
        """Share of the rows that are called what they are."""
        return (self.tn + self.tp) / (self.tn + self.fp + self.fn + self.tp)

    def figures(self) -> dict[str, float]:
        """Return every figure at the threshold, 0 where its denominator is, as scikit-learn has."""
        tn, fp, fn, tp = self.tn, self.fp, self.fn, self.tp
        recall, specificity = _ratio(tp, tp + fn), _ratio(tn, tn + fp)
        spread = math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
        return {
            "accuracy": self.accuracy,
            "precision": _ratio(tp, tp + fp),
            "recall": recall,
            "specificity": specificity,
            "f1": _ratio(2 * tp, 2 * tp + fp + fn),
            "balanced_accuracy": (recall + specificity) / 2,
            "mcc": _ratio(tp * tn - fp * fn, spread),
        }

    def classes(self) -> Iterator[ClassLine]:
        """Yield precision, recall, F1 and rows of other candidates, then of calcifications."""
        tn, fp, fn, tp = self.tn, self.fp, self.fn, self.tp
        for name, hit, wrongly, missed in (("other", tn, fn, fp), ("calcification", tp, fp, fn)):
            yield ClassLine(
                name=name,
                precision=_ratio(hit, hit + wrongly),
                recall=_ratio(hit, hit + missed),
                f1=_ratio(2 * hit, 2 * hit + wrongly + missed),
                support=hit + missed,
            )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


class Roc(Record, frozen=True, kw_only=True):
    """Points of a ROC curve; no threshold: above every score."""

    fpr: list[float]
    tpr: list[float]
    threshold: list[float | None]


class PrecisionRecall(Record, frozen=True, kw_only=True):
    """Points of a precision-recall curve; no threshold: above every score."""

    recall: list[float]
    precision: list[float]
    threshold: list[float | None]


class CalibrationBin(Record, frozen=True, kw_only=True):
    """A bin of probability: mean given, share observed with its interval, rows."""

    mean_predicted: float
    observed: float
    low: float | None
    high: float | None
    n: int


class CalibrationError(Record, frozen=True, kw_only=True):
    """The calibration error beside its bias.

    Attributes
    ----------
    expected_if_calibrated, upper_if_calibrated
        Mean and 95 % bound of the error of perfect probabilities, by *simulations*.
    debiased
        The error less that mean, at least 0.
    p_value
        Of the error, if the probabilities were right.
    """

    ece: float
    expected_if_calibrated: float
    upper_if_calibrated: float
    debiased: float
    p_value: float
    bins: int
    simulations: int


class AtThreshold(Record, frozen=True, kw_only=True):
    """Figures at one threshold; *flagged*: share of the rows that are called calcifications."""

    threshold: float
    precision: float
    recall: float
    specificity: float
    f1: float
    balanced_accuracy: float
    mcc: float
    flagged: float


class PredictiveValue(Record, frozen=True, kw_only=True):
    """Positive and negative predictive value at one prevalence."""

    prevalence: float
    ppv: Figure
    npv: Figure


Rule = Literal["chosen", "half", "youden", "recall_90", "recall_95"]
"""By which a threshold is chosen on the validation part."""


class OperatingPoint(Record, frozen=True, kw_only=True):
    """What a threshold chosen on the validation part by a rule gives on the test part."""

    rule: Rule
    threshold: float
    recall: Figure
    specificity: Figure
    precision: Figure
    f1: float


class ClassLine(Record, frozen=True, kw_only=True):
    """One line of the classification report; *support*: rows of the class."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


class Part(Record, frozen=True, kw_only=True):
    """One part of the split; without both classes only the counts are known.

    Attributes
    ----------
    groups, rarer_groups, unit
        Groups that intervals leave out one by one, those of them that hold the rarer class, and
        what a group is: ``patient`` or ``equal rows``.
    metrics
        Figures of merit by name.
    operating_points
        Of the test part, where there is a validation part.
    """

    n: int
    positives: int
    groups: int = 0
    rarer_groups: int = 0
    unit: str = "patient"
    metrics: dict[str, Figure] = msgspec.field(default_factory=dict)
    confusion: Confusion | None = None
    calibration: tuple[CalibrationBin, ...] = ()
    calibration_error: CalibrationError | None = None
    thresholds: tuple[AtThreshold, ...] = ()
    predictive_values: tuple[PredictiveValue, ...] = ()
    report: tuple[ClassLine, ...] = ()
    roc: Roc | None = None
    pr: PrecisionRecall | None = None
    operating_points: tuple[OperatingPoint, ...] = ()


class Cases(Record, frozen=True, kw_only=True):
    """What the scores of volumes, or of patients, are worth; *cluster_auroc*: of clusters."""

    n: int
    positives: int
    without_candidates: int
    metrics: dict[str, Figure] = msgspec.field(default_factory=dict)
    cluster_auroc: Figure | None = None
    confusion: Confusion | None = None
    roc: Roc | None = None
    rarer_groups: int | None = None
    predictive_values: tuple[PredictiveValue, ...] = ()


class ByUnit(Record, frozen=True, kw_only=True):
    """Cases of both kinds."""

    volumes: Cases
    patients: Cases


class ImageMetrics(Record, frozen=True, kw_only=True):
    """What was measured on volumes and patients of the test part.

    *patients_drawn*: patients without a candidate that came into the part by chance. *froc* is None
    where clusters are classified and none is searched for.
    """

    volumes: int
    patients: int
    patients_drawn: int
    rule: ClusterRule
    cases: ByUnit
    froc: ByFinding | None
    dbtex: Dbtex | None


class PaperFigures(Record, frozen=True, kw_only=True):
    """The reference paper's own figures."""

    accuracy: float
    confusion: Confusion


class MetricsAccount(Account, frozen=True, kw_only=True):
    """The account of an evaluation: of train, validation and test part.

    Attributes
    ----------
    images, no_images
        What was measured on images, or why nothing was.
    by_patient
        Patients of a feature table that names them, split by patient.
    paper
        None unless the run follows the paper's protocol.
    subgroups
        Of the test part, by everything that divides it.
    opened
        Which look at the test part this is; None where it is not sealed.
    """

    protocol: str
    source: str
    released: Released
    threshold: float
    confidence: float
    parts: dict[str, Part]
    images: ImageMetrics | None = None
    no_images: Literal["no_places", "not_by_patient"] | None = None
    by_patient: Cases | None = None
    paper: PaperFigures | None = None
    subgroups: tuple[Division, ...] = ()
    opened: Opened | None = None

    @property
    def test(self) -> Part:
        """The test part."""
        return self.parts["test"]

    @property
    def cases(self) -> dict[str, Cases]:
        """Cases by their unit, volumes before patients; empty where there are none."""
        if self.images:
            return {"volumes": self.images.cases.volumes, "patients": self.images.cases.patients}
        return {"patients": self.by_patient} if self.by_patient else {}
