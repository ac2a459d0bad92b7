"""Train the LSTM by the released recipe on another split, so that protocols can be compared."""

import logging
import time
from typing import Any

import numpy as np
import polars as pl

from tomocalc.comparison.times import write_times
from tomocalc.files import read_json, write_json
from tomocalc.log import log_to
from tomocalc.model.card import choose_threshold
from tomocalc.model.checkpoint import Checkpoint
from tomocalc.model.data import data_hashes, load_samples
from tomocalc.model.device import choose_device
from tomocalc.model.fitting import Recipe, fit
from tomocalc.model.settings import meaning
from tomocalc.model.tuned import UNTUNED, tuned_values
from tomocalc.parquet import read_parquet, write_parquet

log = logging.getLogger("tomocalc.retrain_lstm")


def main(
    *,
    candidates: str,
    splits: str,
    best: str,
    tuned_on: str,
    protocol: str,
    features: list[str],
    sequence: dict[str, Any],
    model: dict[str, Any],
    impute: str,
    threshold: str,
    seed: int,
    code: str,
    checkpoint: str,
    scores: str,
    account: str,
    times: str,
    threads: int = 1,
) -> None:
    """Write the LSTM's *scores* under *protocol*, its threshold and how long it took.

    Parameters
    ----------
    best
        The tuning's choice, made under the run's own protocol; `tuned_values` says whether it may
        be used here.
    tuned_on
        Splits of the run's own protocol.
    model, sequence
        Sections of the configuration.
    threshold
        ``max_f1`` (chosen on part validation, if there is one) or ``half``.
    code
        Digest of the sources that train.
    checkpoint
        From where a killed training goes on, unless the code changed; deleted in the end.
    """
    started = time.perf_counter()
    choice, rows = read_json(best), read_parquet(splits)
    tuned = tuned_values(choice, tuned_on=read_parquet(tuned_on), splits=rows)
    if tuned is None:
        log.warning("trials were scored on candidates of this test part: configured values")
    model = model | (tuned or {})
    samples = load_samples(candidates, splits, features=features, sequence=sequence, impute=impute)
    recipe = Recipe.of(model, samples, features=len(features), impute=impute, seed=seed)
    device = choose_device(model["device"], precision=model["precision"], threads=threads)
    decisive = [meaning(recipe.shape, recipe.settings), model["scaler"], impute, seed, features]
    data = data_hashes(candidates, splits)
    state = Checkpoint.of(checkpoint, [*decisive, sequence, data, device.type], code=code)
    training, held = (np.flatnonzero(samples.part == part) for part in ("train", "validation"))
    result = fit(
        samples, training=training, validation=held, recipe=recipe, device=device, checkpoint=state
    )
    cut = choose_threshold(result, samples, held, rule=threshold)
    found = pl.Series(result.probability(samples, np.arange(len(samples.y))), dtype=pl.Float64)
    write_parquet(scores, rows.select("volume_id", "candidate_id", "copy").with_columns(lstm=found))
    write_json(
        account,
        {
            "protocol": protocol,
            "threshold": cut["value"],
            "trials": choice["computed"] if tuned is not None else 0,
            "remark": UNTUNED if tuned is None else "trained by the released recipe",
        },
    )
    seconds = time.perf_counter() - started
    write_times(times, protocol, [("lstm", 1, seconds)])
    log.info("trained under protocol %s in %.1f s", protocol, seconds)
    state.remove()


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        candidates=snakemake.input.candidates,
        splits=snakemake.input.splits,
        best=snakemake.input.best,
        tuned_on=snakemake.input.tuned_on,
        protocol=snakemake.wildcards.protocol,
        features=snakemake.params.features,
        sequence=snakemake.params.sequence,
        model=snakemake.params.model,
        impute=snakemake.params.impute,
        threshold=snakemake.params.threshold,
        seed=snakemake.params.seed,
        code=snakemake.params.code,
        checkpoint=snakemake.params.checkpoint,
        scores=snakemake.output.scores,
        account=snakemake.output.account,
        times=snakemake.output.times,
        threads=snakemake.threads,
    )
