"""Compute trials of the shared study until all are done: one worker of several."""

import logging
import time
from pathlib import Path

import torch

from tomocalc.errors import TomocalcError
from tomocalc.files import write_json
from tomocalc.log import Progress, log_to
from tomocalc.model.device import choose_device
from tomocalc.model.objective import score_trial
from tomocalc.model.recipe import data_hashes
from tomocalc.model.sequences import Samples, load_samples
from tomocalc.model.study import Study, need_same_data, read_study
from tomocalc.model.trial_queue import FAILED, Claim, Queue

log = logging.getLogger("tomocalc.tune_lstm")
POLL_SECONDS = 0.3


def main(
    *,
    study: str,
    journal: str,
    candidates: str,
    splits: str,
    done: str,
    threads: int = 1,
) -> None:
    """Work on the study of *study* and *journal*; write *done* when its last trial is computed.

    Any number of workers may run at once, one after the other, or die and come back.
    """
    plan = read_study(study)
    need_same_data(plan, data_hashes(candidates, splits))
    samples = load_samples(
        candidates, splits, features=plan.features, sequence=plan.sequence, impute=plan.impute
    )
    device = choose_device(plan.model["device"], precision=plan.model["precision"], threads=threads)
    queue = Queue(Path(journal), plan)
    progress = Progress("trial", plan.trials)
    try:
        while not queue.done():
            claim = queue.claim()
            if claim is None:
                time.sleep(POLL_SECONDS)
            else:
                compute(queue, claim, samples, device)
                progress(claim.index + 1)
    finally:
        queue.leave()
    write_json(done, {"study": plan.key, "trials": plan.trials})


def compute(queue: Queue, claim: Claim, samples: Samples, device: torch.device) -> None:
    """Compute one trial; a diverging training or a full GPU fails the trial, not the study."""
    log.info("trial %d: %s", claim.index, claim.parameters)
    study: Study = queue.plan
    try:
        result = score_trial(samples, study=study, parameters=claim.parameters, device=device)
    except TomocalcError as error:
        if error.code not in ("E402", "E405"):
            raise
        log.warning("trial %d has no value: %s", claim.index, error)
        queue.tell(claim, None, **{FAILED: f"{error.what}, {error.where}"})
    else:
        log.info("trial %d: %s %.4f", claim.index, study.tuning["objective"], result.value)
        queue.tell(claim, result.value, epochs=result.epochs)


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        study=snakemake.input.study,
        journal=snakemake.params.journal,
        candidates=snakemake.input.candidates,
        splits=snakemake.input.splits,
        done=snakemake.output.done,
        threads=snakemake.threads,
    )
