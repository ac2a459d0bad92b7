"""Trials in rounds: the same suggestions whatever the number of workers and their timing.

A round holds as many trials as the configuration names workers. Its parameters follow from the
seed, the round's number and the values of all trials of earlier rounds, so it does not matter
who plans it or who computes it. A round begins when the one before is complete.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
from optuna.samplers import GPSampler
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from tomocalc.model.journal import Owner, exclusive, open_study
from tomocalc.model.space import Parameters, own_parameters, search_space
from tomocalc.model.study import Study

LOG = logging.getLogger(__name__)
STARTUP = 6
"""Random trials before the Gaussian process takes over."""
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
        """Take the next trial, after planning its round where that is due.

        None means that every trial of the round is being computed by a living worker, or that
        all is `done`.
        """
        with exclusive(self.journal, "plan"):
            self._release_dead()
            wanted = self._round()
            self._enqueue(wanted)
            return self._pop(wanted)

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
            LOG.warning("trial %d was given to another worker: %s", claim.index, error)

    def leave(self) -> None:
        """End this worker."""
        self.owner.leave()

    def _release_dead(self) -> None:
        """Give up the trials of workers that are gone; their indices become free again."""
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if not self.owner.alive(trial.user_attrs.get("owner")):
                LOG.warning("trial %s lost its worker: computed again", trial.user_attrs["index"])
                self.study.tell(trial.number, state=TrialState.FAIL)

    def _round(self) -> range:
        """Return the indices of the first round that is not complete."""
        known = finished(self.study, self.plan.trials)
        first = next((n for n in range(self.plan.trials) if n not in known), self.plan.trials)
        start = first // self.plan.batch * self.plan.batch
        return range(start, min(start + self.plan.batch, self.plan.trials))

    def _enqueue(self, wanted: range) -> None:
        """Queue those of the round's trials that nobody has queued, begun or finished."""
        active = (TrialState.WAITING, TrialState.RUNNING)
        taken = set(finished(self.study, self.plan.trials)) | {
            trial.user_attrs["index"]
            for trial in self.study.get_trials(deepcopy=False, states=active)
        }
        missing = [index for index in wanted if index not in taken]
        if not missing:
            return
        past = finished(self.study, wanted.start)
        suggested = suggest_round(
            [past[index] for index in sorted(past)], plan=self.plan, start=wanted.start
        )
        for index in missing:
            parameters = suggested[index - wanted.start]
            self.study.enqueue_trial(dict(parameters), user_attrs={"index": index})

    def _pop(self, wanted: range) -> Claim | None:
        waiting = self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        for _ in waiting:
            trial = self.study.ask(self.space)
            index = trial.user_attrs["index"]
            if index in wanted:
                trial.set_user_attr("owner", self.owner.name)
                return Claim(index, trial.params, trial)
            self.study.tell(trial, state=TrialState.FAIL)  # beyond a lowered number of trials
        return None


def finished(study: optuna.Study, trials: int) -> dict[int, FrozenTrial]:
    """Return the computed trials by index, those below *trials*; each once."""
    found: dict[int, FrozenTrial] = {}
    for trial in study.get_trials(deepcopy=False):
        index = trial.user_attrs["index"]
        computed = trial.state == TrialState.COMPLETE or FAILED in trial.user_attrs
        if computed and trial.state.is_finished() and index < trials:
            found.setdefault(index, trial)
    return found


def suggest_round(past: list[FrozenTrial], *, plan: Study, start: int) -> list[Parameters]:
    """Return the parameters of the round that begins at index *start*.

    *past* are all computed trials of earlier rounds, by index. The first trial of all is the
    configuration's own point; the next ones are random until `STARTUP` have values; then the
    Gaussian process suggests, taking the round's earlier trials into account as running.
    """
    seed = int(np.random.SeedSequence([plan.seed, start]).generate_state(1)[0])
    sampler = GPSampler(seed=seed, n_startup_trials=STARTUP, warn_independent_sampling=False)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    space = search_space(plan.tuning)
    for trial in past:
        if trial.value is not None:
            study.add_trial(
                create_trial(params=trial.params, distributions=space, value=trial.value)
            )
    if start == 0:
        study.enqueue_trial(own_parameters(plan.tuning, plan.model))
    return [study.ask(space).params for _ in range(plan.batch)]
