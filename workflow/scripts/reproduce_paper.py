"""Put the reference paper's tables and figures beside this run's, and an honest figure to them."""

import logging
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from tomocalc.files import read_json, write_json
from tomocalc.log import log_to
from tomocalc.model.checkpoint import Checkpoint
from tomocalc.model.data import data_hashes, load_samples
from tomocalc.model.device import choose_device
from tomocalc.model.fitting import Recipe
from tomocalc.model.paper import ACCURACY, CONFUSION
from tomocalc.model.progress import Progress
from tomocalc.model.reproduction import (
    Watched,
    honest_figures,
    honest_recipe,
    honest_samples,
    watch,
)
from tomocalc.model.sequences import Samples
from tomocalc.model.settings import meaning
from tomocalc.model.tuned import tuned_values
from tomocalc.pages.frame import write_page
from tomocalc.pages.reproduction import reproduction_page
from tomocalc.parquet import read_parquet

log = logging.getLogger("tomocalc.reproduce_paper")
SAME = 1e-5
"""Probabilities of the same weights agree: a release runs on NumPy, a training on PyTorch."""


def main(
    *,
    candidates: str,
    splits: str,
    split_account: str,
    predictions: str,
    metrics: str,
    best: str,
    features: list[str],
    sequence: dict[str, Any],
    model: dict[str, Any],
    impute: str,
    split: dict[str, Any],
    evaluation: dict[str, Any],
    seed: int,
    code: str,
    checkpoints: str,
    figures: str,
    page: str,
    threads: int = 1,
) -> None:
    """Write *figures* (JSON) and *page*.

    The released model's training is repeated, because it was not watched on the test part; its
    last weights must give the same predictions. Then the same network (with the configured
    hyper-parameters, unless `tuned_values` allows the tuned ones) is trained for as many epochs on
    a split that does not leak. *checkpoints* is a folder; both trainings go on from
    there after a kill, unless *code* (the digest of the sources) changed.
    """
    choice, configured = read_json(best), model
    model = model | choice["model"]
    device = choose_device(model["device"], precision=model["precision"], threads=threads)
    table = read_parquet(candidates)
    samples = load_samples(candidates, splits, features=features, sequence=sequence, impute=impute)
    recipe = Recipe.of(model, samples, features=len(features), impute=impute, seed=seed)
    honest, honest_splits = honest_samples(
        table, features=features, sequence=sequence, impute=impute, split=split, seed=seed
    )
    tuned = tuned_values(choice, tuned_on=read_parquet(splits), splits=honest_splits)
    own = configured | (tuned or {})
    fair_recipe = honest_recipe(
        Recipe.of(own, honest, features=len(features), impute=impute, seed=seed)
    )
    group = honest_splits["group"].to_numpy().astype(np.int32)
    data = data_hashes(candidates, splits)
    decisive = [impute, seed, features, sequence, split, data, device.type]
    train = partial(watched, device=device, decisive=decisive, folder=Path(checkpoints), code=code)
    ours, first = train("paper", samples, recipe)
    fair, second = train("honest", honest, fair_recipe)
    same = same_as_released(predictions, ours)
    if not same:
        log.warning("the repeated training does not end with the released model's predictions")
    measured = read_json(metrics)["parts"]["test"]
    facts = {
        "paper": {"accuracy": ACCURACY, "confusion": CONFUSION},
        "ours": {
            "confusion": measured["confusion"],
            "model": model,
            "same_as_released": same,
        },
        "honest": honest_figures(
            fair,
            group[honest.part == "test"],
            resamples=evaluation["bootstrap"],
            confidence=evaluation["confidence"],
            seed=seed,
        )
        | {"tuned": tuned is not None},
        "leakage": read_json(split_account)["leakage"],
        "confidence": evaluation["confidence"],
        "curves": {"paper": ours.curves(), "honest": fair.curves()},
    }
    write_json(figures, facts)
    write_page(page, reproduction_page(facts))
    first.remove()
    second.remove()


def watched(
    name: str,
    samples: Samples,
    recipe: Recipe,
    *,
    device: torch.device,
    decisive: list[Any],
    folder: Path,
    code: str,
) -> tuple[Watched, Checkpoint]:
    """Return a training that was watched on its test part, and the checkpoint it went on from.

    *decisive* is what decides the weights beside the recipe; see `Checkpoint.of`.
    """
    content = [name, meaning(recipe.shape, recipe.settings), recipe.scaler, *decisive]
    state = Checkpoint.of(folder / f"{name}.pt", content, code=code)
    progress = Progress(f"{name} epoch", recipe.settings.epochs)
    found = watch(
        samples,
        training=np.flatnonzero(samples.part != "test"),
        test=np.flatnonzero(samples.part == "test"),
        recipe=recipe,
        device=device,
        checkpoint=state,
        report=lambda row: progress(int(row["epoch"] or 0), loss=row["loss"]),
    )
    return found, state


def same_as_released(predictions: str, repeated: Watched) -> bool:
    """Return whether the repeated training ends with the released model's probabilities."""
    released = read_parquet(predictions).filter(pl.col("part") == "test")["probability"].to_numpy()
    if len(released) != len(repeated.probability):
        return False
    return bool(np.allclose(released, repeated.probability, rtol=0, atol=SAME))


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        candidates=snakemake.input.candidates,
        splits=snakemake.input.splits,
        split_account=snakemake.input.split_account,
        predictions=snakemake.input.predictions,
        metrics=snakemake.input.metrics,
        best=snakemake.input.best,
        features=snakemake.params.features,
        sequence=snakemake.params.sequence,
        model=snakemake.params.model,
        impute=snakemake.params.impute,
        split=snakemake.params.split,
        evaluation=snakemake.params.evaluation,
        seed=snakemake.params.seed,
        code=snakemake.params.code,
        checkpoints=snakemake.params.checkpoints,
        figures=snakemake.output.figures,
        page=snakemake.output.page,
        threads=snakemake.threads,
    )
