"""A study whose trials cost nothing."""

import math

from support.model_data import MODEL, TUNING
from tomocalc.accounts.study import Parameters, Search, Trial
from tomocalc.model.search import trial_parameters


def describe(**changes: object) -> Search:
    return Search.of(TUNING | changes, protocol="honest")


SEARCH = describe()


def value(parameters: Parameters) -> float | None:
    """A smooth stand-in for a training that diverges at the largest learning rates."""
    rate = math.log10(parameters["learning_rate"])
    if rate > -1.4:
        return None
    return 1.0 - (rate + 2) ** 2 - (parameters["dropout"] - 0.2) ** 2 - 0.01 * parameters["units_1"]


def trial(number: int, earlier: list[Trial], search: Search = SEARCH) -> Trial:
    """Compute one trial from what it may know of the *earlier* ones."""
    known = earlier[: max(0, number - search.batch + 1)]
    parameters = trial_parameters(number, known, search=search, model=MODEL, seed=1)
    found = value(parameters)
    return Trial(
        number=number,
        parameters=parameters,
        known=len(known),
        value=found,
        epochs=None if found is None else 2,
        failed="diverged" if found is None else None,
    )


def whole_study(trials: int = TUNING["trials"], search: Search = SEARCH) -> list[Trial]:
    """Compute so many trials one after the other."""
    computed: list[Trial] = []
    for number in range(trials):
        computed.append(trial(number, computed, search))
    return computed
