"""What is learned: trials of the tuning and their study, the candidate search, the trees."""

from typing import Literal, Self

import msgspec

from tomocalc.accounts.base import Account, Record
from tomocalc.sections import NetworkSection, SearchSection

Parameters = dict[str, int | float]
"""A point of the search space by name: learning_rate, dropout, layers, units_1, units_2, …"""


class Search(Record, frozen=True, kw_only=True):
    """How a study searches, and how it scores a trial: `tuning` without the number of trials.

    Attributes
    ----------
    batch
        Trials that may run at a time, suggested without each other's values.
    objective
        Validation score to maximise.
    validation
        ``holdout``: scored on the part validation; ``kfold``: by cross-validation inside the
        parts train and validation.
    learning_rate, dropout, layers, units
        Lowest and highest value.
    epochs, members
        Epochs of one trial at most, and its networks.
    """

    batch: int
    objective: Literal["average_precision", "auroc", "accuracy"]
    validation: Literal["holdout", "kfold"]
    learning_rate: tuple[float, float]
    dropout: tuple[float, float]
    layers: tuple[int, int]
    units: tuple[int, int]
    epochs: int
    members: int

    @classmethod
    def of(cls, tuning: SearchSection, *, protocol: str) -> Self:
        """Read the `tuning` section; a validation that is ``auto`` is settled by the *protocol*.

        The paper's protocol has no validation part to score on.
        """
        values = {name: tuning[name] for name in cls.__struct_fields__}
        if values["validation"] == "auto":
            values["validation"] = "kfold" if protocol == "paper" else "holdout"
        return msgspec.convert(values, cls)


class Trial(Account, frozen=True, kw_only=True):
    """One trial, ``tuning/trials/{number}.json``.

    Attributes
    ----------
    known
        Earlier trials whose values its suggestion knew.
    value
        Mean validation score; None where the trial failed.
    epochs
        Spent on all its trainings; None where the trial failed.
    failed
        Why it has no value: a training that diverged or that the GPU could not hold.
    """

    number: int
    parameters: Parameters
    known: int
    value: float | None
    epochs: int | None
    failed: str | None


class Chosen(Record, frozen=True, kw_only=True):
    """The values of the `model` section that a trial stands for."""

    learning_rate: float
    dropout: float
    units: tuple[int, ...]

    def over(self, model: NetworkSection) -> NetworkSection:
        """Return the `model` section with these values in it."""
        return {
            **model,
            "learning_rate": self.learning_rate,
            "dropout": self.dropout,
            "units": list(self.units),
        }


class Best(Account, frozen=True, kw_only=True):
    """The finished study, ``tuning/best.json``.

    Attributes
    ----------
    trial, value, parameters
        The trial of the highest value.
    model
        What these parameters are in the `model` section.
    trials, failed
        Trials computed, and those of them without a value.
    search
        What was searched and how.
    """

    trial: int
    value: float
    parameters: Parameters
    model: Chosen
    trials: int
    failed: int
    search: Search


class SearchAccount(Account, frozen=True, kw_only=True):
    """A trained search.

    Attributes
    ----------
    seed
        Root of every random choice.
    threshold_k
        Of the objects of the classical search among which it chooses.
    cut
        Log-odds from which on it keeps an object.
    spots, others
        Wanted per slice: spots that are put in, and objects that are none.
    passes, epochs
        How often spots were put into every slice, and how often all objects were seen.
    patients
        Whose slices it learned from; empty in a release, which names nobody.
    slices
        That it learned from.
    positives, negatives
        Objects at a spot, and far from all.
    weights
        How many the network has.
    loss
        Mean of every epoch.
    weights_sha256
        Of ``search.safetensors``.
    """

    seed: int
    threshold_k: float
    cut: float
    spots: int
    others: int
    passes: int
    epochs: int
    patients: tuple[str, ...]
    slices: int
    positives: int
    negatives: int
    weights: int
    loss: tuple[float, ...]
    weights_sha256: str


class Scored(Record, frozen=True, kw_only=True):
    """One of the models that a release is chosen from.

    Attributes
    ----------
    threshold, rule, chosen_on
        Score from which on a candidate is called a calcification, and where it comes from.
    validation
        The score on the validation part; None where there is none, or it lacks a class.
    """

    threshold: float
    rule: str
    chosen_on: str | None
    validation: float | None


class Spread(Record, frozen=True, kw_only=True):
    """Mean and standard deviation of a figure over the folds of a cross-validation."""

    mean: float
    deviation: float


class TreesAccount(Account, frozen=True, kw_only=True):
    """What was grown and what it is worth on the validation part.

    Attributes
    ----------
    objective
        Score of the validation part.
    models
        ``lstm``, ``trees`` and ``average``.
    shift
        Added to the LSTM's log-odds in the average.
    share
        Of calcifications in the training rows.
    parameters
        Of both kinds of trees: fixed, no trial was spent on them.
    cross_validation
        Figures by model and name; None where none was asked for, or the protocol is not honest.
    """

    protocol: str
    objective: str
    models: dict[str, Scored]
    shift: float
    share: float
    parameters: dict[str, dict[str, int | float]]
    cross_validation: dict[str, dict[str, Spread]] | None
