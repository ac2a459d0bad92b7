"""Tune and fit every feature model on one split, all with the same budget of trials."""

import logging
import time
from typing import Any

import numpy as np
import polars as pl

from tomocalc.comparison.feature_models import FEATURE_MODELS
from tomocalc.comparison.fitting import Data, cross_validate, summary, tune_and_fit
from tomocalc.dataset.splits import usable_candidates
from tomocalc.files import write_json
from tomocalc.log import run
from tomocalc.model.sequences import build_samples
from tomocalc.parquet import read_parquet, write_parquet

log = logging.getLogger("tomocalc.fit_feature_models")

USE = ["volume_id", "candidate_id", "copy"]


def main(
    *,
    candidates: str,
    splits: str,
    protocol: str,
    features: list[str],
    impute: str,
    duplicates: str,
    settings: dict[str, Any],
    objective: str,
    threshold: str,
    folds: int,
    seed: int,
    scores: str,
    account: str,
) -> None:
    """Write the *scores* of every model, and the *account* of its tuning.

    Parameters
    ----------
    settings
        ``trials`` and ``cross_validation`` of the configuration's ``comparison``.
    objective, threshold
        As for the LSTM: score to maximise, rule for the decision threshold.
    folds
        Of the cross-validation, which protocol honest alone gets.
    scores
        volume_id, candidate_id, copy, part, label, group and one column of scores per model.
    """
    everything, rows = read_parquet(candidates), read_parquet(splits)
    data = samples_of(everything, rows, features=features, impute=impute)
    repeats = settings["cross_validation"] if protocol == "honest" else 0
    whole = data
    if repeats:
        focus = usable_candidates(everything, used=features, duplicates=duplicates)
        uses = focus.with_columns(part=pl.lit("train"), fold=pl.lit(0))
        whole = samples_of(everything, uses, features=features, impute=impute)
    found: dict[str, pl.Series] = {}
    facts: dict[str, Any] = {}
    for key, model in FEATURE_MODELS.items():
        started = time.perf_counter()
        fitted = tune_and_fit(
            key,
            model,
            data,
            trials=settings["trials"],
            objective=objective,
            threshold=threshold,
            seed=seed,
        )
        tuned = time.perf_counter() - started
        figures = cross_validate(model, whole, folds=folds, repeats=repeats, seed=seed)
        found[key] = pl.Series(fitted.scores, dtype=pl.Float64)
        facts[key] = {
            "parameters": fitted.parameters,
            "trials": fitted.trials,
            "validation": fitted.value,
            "threshold": fitted.threshold,
            "cross_validation": summary(figures),
        }
        log.info("%s: %d trials and the final fit in %.1f s", key, fitted.trials, tuned)
    write_parquet(
        scores, rows.select(*USE, "patient_id", "group", "label", "part").with_columns(**found)
    )
    write_json(
        account,
        {
            "protocol": protocol,
            "objective": objective,
            "folds": folds,
            "repeats": repeats,
            "models": facts,
        },
    )


def samples_of(
    candidates: pl.DataFrame, splits: pl.DataFrame, *, features: list[str], impute: str
) -> Data:
    """Return one row of features at best focus for every use of a candidate."""
    samples = build_samples(
        candidates,
        splits,
        features=features,
        sequence={"kind": "single_step", "slices": 1},
        impute=impute,
    )
    return Data(samples, impute, splits["group"].to_numpy().astype(np.int32))


if __name__ == "__main__":
    run(main, snakemake)
