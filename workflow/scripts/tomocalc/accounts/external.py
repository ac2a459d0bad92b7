"""What a released model is worth on labelled data of another site: ``external/external.json``."""

from typing import Literal

from tomocalc.accounts.base import Record
from tomocalc.accounts.figures import Figure
from tomocalc.accounts.metrics import MetricsAccount
from tomocalc.accounts.prediction import Drift

Mode = Literal["as_released", "intercept", "slope"]
"""The probabilities as they are; their log-odds shifted; shifted and scaled."""


class CalibrationLine(Record, frozen=True, kw_only=True):
    """The log-odds of the labels as a line over the log-odds that the model gives.

    Attributes
    ----------
    intercept
        With the slope held at 1: 0 where probabilities are right on average, below 0 where they
        are too high.
    slope
        Below 1 where probabilities are too extreme.
    observed, expected
        Share of calcifications, and the mean probability.
    """

    intercept: Figure
    slope: Figure
    observed: float
    expected: float


class Spread(Record, frozen=True, kw_only=True):
    """Mean of a figure over repeated draws of patients, and its 5th and 95th percentile."""

    mean: float
    low: float
    high: float


class Recalibrated(Record, frozen=True, kw_only=True):
    """Figures of the patients that were held out of a recalibration."""

    mode: Mode
    intercept: Spread
    slope: Spread
    brier: Spread


class Recalibration(Record, frozen=True, kw_only=True):
    """Probabilities fitted to some patients and checked on all others.

    Attributes
    ----------
    patients, held_out
        Their numbers, in every draw.
    draws, unusable
        Draws that could be measured, and those that could not because a class was missing or the
        classes were told apart perfectly.
    """

    patients: int
    held_out: int
    draws: int
    unusable: int
    modes: tuple[Recalibrated, ...]


class NetBenefit(Record, frozen=True, kw_only=True):
    """Net benefit at a threshold of probability: of the model, and of flagging everything."""

    threshold: float
    model: Figure
    everything: float


class ExternalAccount(MetricsAccount, frozen=True, kw_only=True):
    """The account of a validation elsewhere; all of its rows are the test part.

    Attributes
    ----------
    weights_sha256
        Of the model.
    trained_on
        Source of its training.
    volumes, patients
        Validated on; *patients* is 0 where none are named.
    removed_duplicates
        Rows that equal an earlier one of their patient and were left out.
    same_pixels
        Volumes whose pixels are those of a volume of the run that made the model.
    same_rows, rows_asked
        Rows of a table that equal one that was learnt from in every feature that the model reads,
        and of how many that is known.
    line
        None where the scores tell the classes apart perfectly or are all equal, or a class is
        missing.
    recalibrations
        Empty where there are too few patients.
    drift
        Of every feature against the training.
    """

    weights_sha256: str
    trained_on: str
    volumes: int
    patients: int
    removed_duplicates: int
    line: CalibrationLine | None
    recalibrations: tuple[Recalibration, ...]
    decision: tuple[NetBenefit, ...]
    drift: tuple[Drift, ...]
    same_pixels: tuple[str, ...] = ()
    same_rows: int = 0
    rows_asked: int = 0
