"""Deal patients out to parts and folds where chance would leave one without a class.

Standard library only: Snakemake asks while it plans.
"""

from collections.abc import Hashable, Sequence
from typing import TypeVar

from tomocalc.sections import SplitSection

Patient = TypeVar("Patient", bound=Hashable)


def fewest(folds: int) -> int:
    """Return how many patients of a class a split takes.

    One for the test part and one for every fold of what is left to training and validation.
    """
    return max(folds, 2) + 1


def deal_parts(strata: Sequence[Sequence[Patient]], split: SplitSection) -> dict[Patient, str]:
    """Return the part of every patient: train, validation or test.

    Every stratum is dealt out in its own order, by the shares of the configuration: at least one
    patient to the test and the validation part, and no more to the test part than leave one for
    every fold, as far as its number allows.
    """
    parts: dict[Patient, str] = {}
    for patients in strata:
        number = len(patients)
        kept = fewest(split["folds"]) - 1 if number >= fewest(split["folds"]) else 2
        test = max(min(max(round(number * split["test_fraction"]), 1), number - kept), 0)
        validation = max(round(number * split["validation_fraction"]), 1)
        validation = max(min(validation, number - test - 1), 0)
        names = ["test"] * test + ["validation"] * validation + ["train"] * number
        parts |= dict(zip(patients, names, strict=False))
    return parts
