"""What the exploration of a data set found: ``eda.json``. Aggregates only, never rows."""

from typing import Literal

from tomocalc.accounts.base import Account, Record

Matrix = list[list[float | None]]
"""Correlations in the order of the features; None where one of the two is constant."""


class Statistics(Record, frozen=True, kw_only=True):
    """One sample of one feature; None where the sample is too small or constant.

    Attributes
    ----------
    n, missing
        Rows with a value and without one.
    sd
        With n - 1 in the divisor.
    skew, kurtosis
        m3 / m2^1.5 and m4 / m2² - 3 of the sample as it is.
    outliers
        Share beyond Tukey's fences, the quartiles -/+ 1.5 times their distance.
    whisker_low, whisker_high
        The outermost values inside the fences.
    p1, p5, p25, p50, p75, p95, p99
        Percentiles by linear interpolation.
    """

    n: int
    missing: int
    mean: float | None = None
    sd: float | None = None
    min: float | None = None
    max: float | None = None
    skew: float | None = None
    kurtosis: float | None = None
    outliers: float | None = None
    whisker_low: float | None = None
    whisker_high: float | None = None
    p1: float | None = None
    p5: float | None = None
    p25: float | None = None
    p50: float | None = None
    p75: float | None = None
    p95: float | None = None
    p99: float | None = None


class FeatureSummary(Record, frozen=True, kw_only=True):
    """Statistics of one feature over all rows and per class; *auroc* of it alone as the score."""

    all: Statistics
    negative: Statistics
    positive: Statistics
    auroc: float | None


class Histogram(Record, frozen=True, kw_only=True):
    """Counts of one feature per class.

    Attributes
    ----------
    edges
        Of the bins, one more than counts.
    negative, positive
        Rows per bin.
    negative_rows, positive_rows
        Rows with a value, those outside the bins included.
    below, above
        Rows outside.
    """

    edges: list[float]
    negative: list[int]
    positive: list[int]
    negative_rows: int
    positive_rows: int
    below: int
    above: int


class Distribution(Record, frozen=True, kw_only=True):
    """Histograms of one feature, between its central percentiles and over its whole range."""

    central: Histogram
    whole: Histogram


class Grid(Record, frozen=True, kw_only=True):
    """Counts of a pair of features; rows of cells are those of *y*, from the lowest."""

    x: str
    y: str
    all: list[list[int]]
    positive: list[list[int]]


class Pairs(Record, frozen=True, kw_only=True):
    """Grids of the pairs of features, and the edges of the cells of each that is paired."""

    edges: dict[str, list[float]]
    grids: list[Grid]


class ByClass(Record, frozen=True, kw_only=True):
    """Correlations over all rows and within each class."""

    all: Matrix
    negative: Matrix
    positive: Matrix


class Redundant(Record, frozen=True, kw_only=True):
    """Two features that say the same thing twice."""

    first: str
    second: str
    pearson: float | None
    spearman: float | None


class Correlations(Record, frozen=True, kw_only=True):
    """Both correlations of all pairs of *names*, and the pairs that are redundant."""

    names: list[str]
    pearson: ByClass
    spearman: ByClass
    redundant: list[Redundant]


class Place(Record, frozen=True, kw_only=True):
    """One patient or site."""

    name: str
    volumes: int
    patients: int
    candidates: int
    positives: int


class Counts(Record, frozen=True, kw_only=True):
    """Counts of all places: minimum, quartiles, maximum, mean, and a histogram."""

    five: list[float]
    mean: float
    edges: list[float]
    counts: list[int]


class Spread(Record, frozen=True, kw_only=True):
    """How rows are spread over places; *largest*: those with the most rows, one by one."""

    total: int
    largest: list[Place]
    candidates: Counts
    positives: Counts
    without_positives: int


class Balance(Record, frozen=True, kw_only=True):
    """The spread over sites and over patients; None where the data name none."""

    sites: Spread | None
    patients: Spread | None


class Shift(Record, frozen=True, kw_only=True):
    """One feature in one group beside another.

    Attributes
    ----------
    group, against
        What is compared: a part with ``train``, or a site with ``others``.
    psi, ks
        Population stability index, and the largest gap of the distribution functions.
    psi_chance, ks_chance
        What two samples of these sizes from one distribution show: mean of the index, 95 % bound
        of the gap.
    shift
        Judged by the index where it exceeds what chance makes.
    n, n_reference
        Rows of the group, and of what it is compared with.
    """

    group: str
    against: str
    feature: str
    psi: float
    psi_chance: float
    ks: float | None
    ks_chance: float
    shift: Literal["none", "some", "strong"]
    n: int
    n_reference: int


class Drift(Record, frozen=True, kw_only=True):
    """Shifts between the training part and the others, and between sites."""

    parts: list[Shift]
    sites: list[Shift]


class Exploration(Account, frozen=True, kw_only=True):
    """``eda.json``.

    Attributes
    ----------
    features
        Measured and not *constant*, those of the model first.
    model_features
        Those that the model reads.
    summary
        By feature, constant ones included.
    """

    rows: int
    features: list[str]
    constant: list[str]
    model_features: list[str]
    summary: dict[str, FeatureSummary]
    distributions: dict[str, Distribution]
    pairs: Pairs
    correlations: Correlations
    balance: Balance
    drift: Drift
