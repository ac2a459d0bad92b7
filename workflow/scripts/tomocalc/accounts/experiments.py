"""Experiments beside a run: a model trained again on less, runs side by side, the paper's tables.

``experiments/ablation_*.json``, ``runs/runs.json`` and ``reproduction.json``.
"""

from typing import Literal

from tomocalc.accounts.base import Account, Record, Setting
from tomocalc.accounts.figures import Figure, Paired
from tomocalc.accounts.metrics import Confusion, PaperFigures, PrecisionRecall, Roc
from tomocalc.sections import NetworkSection


class Variant(Record, frozen=True, kw_only=True):
    """A reduced model: of every figure the whole one's, its own, and how far it is behind."""

    name: str
    figures: dict[str, Paired]


class Ablation(Account, frozen=True, kw_only=True):
    """What a model loses that is trained again on less, by cross-validation.

    Attributes
    ----------
    what
        Is left out.
    candidates, positives, patients, folds, model, slices
        The same for every input: slices of the whole model.
    trainings
        Of every input, each with a seed and folds of its own.
    curves
        Out of fold, by the name of the input; of the sequence alone.
    """

    what: Literal["features", "slices", "sequence"]
    candidates: int
    positives: int
    patients: int
    folds: int
    trainings: int
    model: NetworkSection
    slices: int
    confidence: float
    variants: tuple[Variant, ...]
    curves: dict[str, PrecisionRecall]


class RunData(Record, frozen=True, kw_only=True):
    """Candidates of a run, calcifications among them, and patients."""

    candidates: int
    positives: int
    patients: int


class RunTest(Record, frozen=True, kw_only=True):
    """The test part of a run: rows, calcifications and figures of merit."""

    n: int
    positives: int
    metrics: dict[str, Figure]


class RunFacts(Record, frozen=True, kw_only=True):
    """What a results folder says of its run; *settings* are flat, as ``a.b``, and written."""

    name: str
    settings: dict[str, str]
    data: RunData
    test: RunTest


class RunComparison(Account, frozen=True, kw_only=True):
    """Several runs, the first of which the others are held against.

    Attributes
    ----------
    differing
        Settings that are not the same in all runs: one value per run.
    leads
        Of every run over the first; None where the test rows differ, and of the first itself.
    """

    runs: tuple[RunFacts, ...]
    differing: dict[str, tuple[str | None, ...]]
    leads: tuple[dict[str, Paired] | None, ...]
    confidence: float


class Epoch(Record, frozen=True, kw_only=True):
    """A training after one epoch, with what it reached on its test part."""

    epoch: int
    loss: float
    test_loss: float
    test_accuracy: float
    test_average_precision: float


class Side(Record, frozen=True, kw_only=True):
    """What one training reaches on its test part, and its curves.

    Attributes
    ----------
    accuracy_of_none
        What calling nothing a calcification reaches.
    training
        Hyper-parameters.
    tuned
        Whether trials chose them.
    """

    rows: int
    positives: int
    threshold: float
    confusion: Confusion
    accuracy_of_none: float
    roc: Roc
    figures: dict[str, Figure]
    training: dict[str, Setting]
    tuned: bool
    curves: tuple[Epoch, ...]


class Reproduction(Account, frozen=True, kw_only=True):
    """The reference paper's figures, this run's by its protocol, and those of an honest split.

    *copied_positives*: share of the paper's test calcifications with a copy in the training part.
    """

    paper: PaperFigures
    ours: Side
    honest: Side
    copied_positives: float
    confidence: float
