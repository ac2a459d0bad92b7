"""The tuning: one account per trial, and the finished study with its best trial."""

from __future__ import annotations

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
