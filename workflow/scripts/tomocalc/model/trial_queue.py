"""Trials for many workers: the same suggestions whatever their number and their timing.

Trial i is suggested from the values of the trials up to i − W, with those between as running,
and may begin when these values are there. W is `tuning.batch`: twice the number of workers is
enough that one seldom waits for a slower one. It is a setting of its own, so that the suggestions
do not depend on how many workers there are.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import GPSampler
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from tomocalc.model.journal import Owner, exclusive, open_study
from tomocalc.model.space import Parameters, own_parameters, search_space
from tomocalc.model.study import Study

log = logging.getLogger(__name__)
STARTUP = 4
"""Values that the Gaussian process needs; until then parameters are drawn at random."""
WIDE = 16
"""Integers of so many values and more are wide."""
FAILED = "failed"
"""User attribute of a trial that was computed and has no value, with the reason."""


@dataclass(frozen=True)
class Claim:
    """A trial that this worker has to compute."""

    index: int
    parameters: Parameters
    trial: Trial


class Queue:
    """One worker's view of the study."""

    def __init__(self, journal: Path, study: Study) -> None:
        self.journal, self.plan = journal, study
        self.space = search_space(study.tuning)
        self.study = open_study(journal)
        with exclusive(journal, "plan"):
            self.owner = Owner(journal)
            self.owner.bury_dead()

    def claim(self) -> Claim | None:
        """Take the next trial.

        None means that every trial that may begin is being computed by a living worker, or
        that all is `done`.
        """
        with exclusive(self.journal, "plan"):
            self._release_dead()
            index = self._next()
            if index is None:
                return None
            self.study.enqueue_trial(dict(self._parameters(index)), user_attrs={"index": index})
            return self._pop(index)

    def done(self) -> bool:
        """Whether every trial has been computed."""
        return len(finished(self.study, self.plan.trials)) == self.plan.trials

    def tell(self, claim: Claim, value: float | None, **facts: float | str) -> None:
        """Record the *value* of a trial, or None and the reason as fact ``failed``."""
        state = TrialState.FAIL if value is None else TrialState.COMPLETE
        try:
            for key, fact in facts.items():
                claim.trial.set_user_attr(key, fact)
            self.study.tell(claim.trial, value, state=state)
        except (optuna.exceptions.UpdateFinishedTrialError, ValueError) as error:
            log.warning("trial %d was given to another worker: %s", claim.index, error)

    def leave(self) -> None:
        """End this worker."""
        self.owner.leave()

    def _release_dead(self) -> None:
        """Give up the trials of workers that are gone; their indices become free again."""
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if not self.owner.alive(trial.user_attrs.get("owner")):
                log.warning("trial %s lost its worker: computed again", trial.user_attrs["index"])
                self.study.tell(trial.number, state=TrialState.FAIL)

    def _next(self) -> int | None:
        """Return the first index that nobody has and that may begin."""
        known = finished(self.study, self.plan.trials)
        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        taken = set(known) | {trial.user_attrs["index"] for trial in running}
        first = next((n for n in range(self.plan.trials) if n not in taken), None)
        if first is None or any(n not in known for n in range(first - self.plan.window + 1)):
            return None
        return first

    def _parameters(self, index: int) -> Parameters:
        """Return the parameters of trial *index*: those of an earlier try, or suggested."""
        drawn: dict[int, Parameters] = {
            trial.user_attrs["index"]: trial.system_attrs["fixed_params"]
            for trial in self.study.get_trials(deepcopy=False)
        }
        if index in drawn:
            return drawn[index]
        known = finished(self.study, index)
        split = max(0, index - self.plan.window + 1)
        return suggest(
            [known[n] for n in range(split)],
            [drawn[n] for n in range(split, index)],
            plan=self.plan,
        )

    def _pop(self, index: int) -> Claim:
        """Begin the queued trial *index*; give up others that killed workers left queued."""
        while True:
            trial = self.study.ask(self.space)
            if trial.user_attrs["index"] == index:
                trial.set_user_attr("owner", self.owner.name)
                return Claim(index, trial.params, trial)
            self.study.tell(trial, state=TrialState.FAIL)


def finished(study: optuna.Study, trials: int) -> dict[int, FrozenTrial]:
    """Return the computed trials by index, those below *trials*; each once."""
    found: dict[int, FrozenTrial] = {}
    for trial in study.get_trials(deepcopy=False):
        index = trial.user_attrs["index"]
        computed = trial.state == TrialState.COMPLETE or FAILED in trial.user_attrs
        if computed and trial.state.is_finished() and index < trials:
            found.setdefault(index, trial)
    return found


def suggest(known: list[FrozenTrial], running: list[Parameters], *, plan: Study) -> Parameters:
    """Return the parameters of the trial after *known* and *running*.

    The first trial of all is the configuration's own point; the next ones are random until
    `STARTUP` have values; then a Gaussian process chooses where the expected improvement is
    largest, given the values of the *known* trials and that the *running* ones have none yet.
    It sees wide integers as real numbers (see `relaxed`), and its choice is rounded.
    """
    index = len(known) + len(running)
    if index == 0:
        return own_parameters(plan.tuning, plan.model)
    seed = int(np.random.SeedSequence([plan.seed, index]).generate_state(1)[0])
    sampler = GPSampler(seed=seed, n_startup_trials=STARTUP, warn_independent_sampling=False)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    space = search_space(plan.tuning)
    seen = {name: relaxed(distribution) for name, distribution in space.items()}
    for trial in known:
        if trial.value is not None:
            study.add_trial(
                create_trial(params=trial.params, distributions=seen, value=trial.value)
            )
    for parameters in running:
        study.add_trial(
            create_trial(params=parameters, distributions=seen, state=TrialState.RUNNING)
        )
    found = study.ask(seen).params
    return {
        name: round(value) if isinstance(space[name], IntDistribution) else value
        for name, value in found.items()
    }


def relaxed(distribution: BaseDistribution) -> BaseDistribution:
    """Return the real numbers between the bounds of a wide integer *distribution*.

    Optuna looks for the best of many integers one evaluation after another, which takes nine
    tenths of a suggestion's time; for the best real number it follows gradients.
    """
    if not isinstance(distribution, IntDistribution):
        return distribution
    low, high = distribution.low, distribution.high
    if high - low < WIDE:
        return distribution
    return FloatDistribution(low, high, log=distribution.log)
