"""What a released model says of itself: ``model.json`` beside its weights.

What it was trained on is described so far as new volumes must resemble it.
"""

import hashlib
import math

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.base import Account, Record, Setting
from tomocalc.accounts.metrics import Released
from tomocalc.accounts.quality import Extraction
from tomocalc.metrics import Threshold
from tomocalc.model.preprocessing import Preprocessing
from tomocalc.sections import ClustersSection, SequenceSection

POINTS = 101
"""Percentiles kept of every feature."""

SPREAD = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Shares below the five numbers that stand for a class."""

KEPT = 10_000
"""Rows of a table whose fingerprints a card has, at most: a random choice, as digests are."""

DIGITS = 9
"""Significant digits: enough to tell any two 32-bit values apart."""


class ReadColumn(Record, frozen=True, kw_only=True):
    """A feature that the model reads."""

    name: str
    unit: str


class NetworkShape(Record, frozen=True, kw_only=True):
    """Shape of the network.

    Attributes
    ----------
    inputs
        Features per step.
    units
        Hidden units of every LSTM layer, one to four layers. The default is the paper's.
    dropout
        Probability of dropping an output, after each layer.
    members
        Networks with random starts of their own whose probabilities are averaged.
    """

    inputs: int
    units: tuple[int, ...] = (128, 64, 32)
    dropout: float = 0.1
    members: int = 1


class Calibration(Record, frozen=True, kw_only=True):
    """The share of calcifications at which the probabilities hold."""

    prevalence: float


class PartRows(Record, frozen=True, kw_only=True):
    """Samples of a part, calcifications among them, and distinct candidates."""

    samples: int
    positives: int
    candidates: int


class TrainedOn(Record, frozen=True, kw_only=True):
    """The tables of a training, by their digests, and its parts."""

    candidates_sha256: str
    splits_sha256: str
    train: PartRows
    validation: PartRows


class Device(Record, frozen=True, kw_only=True):
    """The device of the configuration, and the one that trained."""

    asked: str
    used: str


class Distribution(Record, frozen=True, kw_only=True):
    """How a feature is distributed in the training.

    Attributes
    ----------
    values, below
        Distinct percentiles, and the exact share of rows at or below each.
    classes
        Five numbers of either class (``0``, ``1``), at the shares of `SPREAD`.
    missing
        Share of rows without a value.
    """

    values: tuple[float, ...]
    below: tuple[float, ...]
    classes: dict[str, tuple[float, ...]]
    missing: float


class Domain(Record, frozen=True, kw_only=True):
    """The training part: its source, how it was measured, and every feature of its candidates.

    *rows* are `fingerprints` of the rows of a table that were learnt from, the first `KEPT` sorted;
    of volumes *extraction* has the contents.
    """

    source: str
    extraction: Extraction | None
    candidates: int
    features: dict[str, Distribution]
    rows: tuple[str, ...] = ()


class Release(Record, frozen=True, kw_only=True):
    """Which model was asked for and which it is.

    Attributes
    ----------
    shift
        Added to the LSTM's log-odds in the average.
    objective, validation
        Score of the validation part, and its value by model.
    """

    asked: str
    model: Released
    shift: float
    objective: str
    validation: dict[str, float | None]


class UsedSearch(Record, frozen=True, kw_only=True):
    """The learned search that found the candidates, and how many patients it learned from."""

    sha256: str
    patients: int


class ModelCard(Account, frozen=True, kw_only=True):
    """The card of a network or, with `domain` and `release`, of a released model.

    Attributes
    ----------
    tuned, trials
        Hyper-parameters that trials chose, and how many trials.
    training
        Hyper-parameters and seed.
    protocol
        Of the split.
    clusters
        Section of the configuration, of a model that scores clusters.
    weights_sha256
        Of the file beside the card; empty before it is written.
    """

    features: tuple[ReadColumn, ...]
    sequence: SequenceSection
    preprocessing: Preprocessing
    shape: NetworkShape
    threshold: Threshold
    training: dict[str, Setting] = msgspec.field(default_factory=dict)
    tuned: tuple[str, ...] = ()
    trials: int = 0
    epochs: int | None = None
    best_epoch: int | None = None
    calibration: Calibration | None = None
    data: TrainedOn | None = None
    device: Device | None = None
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    protocol: str | None = None
    clusters: ClustersSection | None = None
    domain: Domain | None = None
    release: Release | None = None
    search: UsedSearch | None = None
    weights_sha256: str = ""

    @property
    def reads(self) -> list[str]:
        """Names of the features that the model reads, in order."""
        return [feature.name for feature in self.features]

    @property
    def source(self) -> str | None:
        """Of the data that it was trained on, where the card says."""
        return self.domain.source if self.domain else None


def model_domain(
    candidates: pl.DataFrame,
    splits: pl.DataFrame,
    *,
    features: list[str],
    source: str,
    extraction: Extraction | None,
) -> Domain:
    """Describe the training part: source, how it was measured, distribution of every feature.

    Parameters
    ----------
    candidates
        One row per candidate and slice; those of best focus count, each candidate once.
    splits
        One row per use of a candidate.
    features
        Columns that the model reads.
    source, extraction
        Of the data set's account: where it is from, and how volumes were measured.
    """
    key = ["volume_id", "candidate_id"]
    focus = candidates.filter("focus").drop("label", strict=False)
    training = splits.filter(pl.col("part") == "train").unique(key).select(*key, "label")
    rows = focus.join(training, on=key)
    learnt = focus.join(splits.filter(pl.col("part") != "test"), on=key, how="semi")
    prints = sorted({*fingerprints(learnt, features)}) if source == "table" else []
    label = rows["label"].to_numpy()
    return Domain(
        source=source,
        extraction=extraction,
        candidates=rows.height,
        rows=tuple(prints[:KEPT]),
        features={
            name: _described(rows[name].cast(pl.Float64).to_numpy(), label) for name in features
        },
    )


def fingerprints(rows: pl.DataFrame, features: list[str]) -> list[str]:
    """Return a digest of the features of every row, as 32-bit numbers: equal rows have equal ones.

    Ten hexadecimal digits: among 10,000 rows on either side, a clash is one in 10,000.
    """
    values = rows.select(pl.col(features).cast(pl.Float32)).fill_null(math.nan).to_numpy()
    return [
        hashlib.blake2b(row.tobytes(), digest_size=5).hexdigest()
        for row in np.ascontiguousarray(values, np.float32) + np.float32(0)  # -0 is 0
    ]


def rows_seen(rows: pl.DataFrame, domain: Domain) -> tuple[int, int]:
    """Return how many rows equal one that was learnt from, and of how many that is known.

    All rows, or where the card has a choice of fingerprints those that would be in it.
    """
    known = {*domain.rows}
    last = domain.rows[-1] if len(domain.rows) == KEPT else "g"
    asked = [one for one in fingerprints(rows, list(domain.features)) if one <= last]
    return sum(one in known for one in asked), len(asked) if known else 0


def _described(values: NDArray[np.float64], label: NDArray[np.integer]) -> Distribution:
    """Describe values; missing ones take no part but in their share."""
    known = np.isfinite(values)
    inside = np.sort(values[known])
    if not inside.size:
        return Distribution(values=(), below=(), classes={}, missing=1.0)
    picked = np.unique(inside[np.linspace(0, inside.size - 1, POINTS).round().astype(int)])
    below = np.searchsorted(inside, picked, side="right") / inside.size
    classes = {
        str(kind): _numbers(np.quantile(values[known & (label == kind)], SPREAD))
        for kind in (0, 1)
        if (known & (label == kind)).any()
    }
    return Distribution(
        values=_numbers(picked),
        below=_numbers(below),
        classes=classes,
        missing=float(f"{1 - inside.size / values.size:.6g}"),
    )


def _numbers(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(f"{value:.{DIGITS}g}") for value in values)
