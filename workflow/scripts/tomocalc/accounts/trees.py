"""Trees beside the LSTM of one protocol, and their average: ``protocols/*/trees/trees.json``."""

from __future__ import annotations

from tomocalc.accounts.base import Account, Record


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
    parameters: dict[str, dict[str, float]]
    cross_validation: dict[str, dict[str, Spread]] | None
