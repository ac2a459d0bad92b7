"""Train the model with the chosen hyper-parameters and release it."""

import logging
from typing import Any

import numpy as np
import polars as pl

from tomocalc.files import read_json
from tomocalc.log import log_to
from tomocalc.model.card import choose_threshold, model_card
from tomocalc.model.checkpoint import Checkpoint
from tomocalc.model.data import data_hashes, load_samples
from tomocalc.model.device import choose_device
from tomocalc.model.domain import model_domain
from tomocalc.model.fitting import Recipe, fit
from tomocalc.model.progress import Progress
from tomocalc.model.release import save_model
from tomocalc.model.settings import meaning
from tomocalc.model.training import METRICS, Row
from tomocalc.parquet import read_parquet, write_parquet

log = logging.getLogger("tomocalc.train_lstm")


def main(
    *,
    candidates: str,
    splits: str,
    best: str | None,
    features: list[str],
    sequence: dict[str, Any],
    model: dict[str, Any],
    impute: str,
    threshold: str,
    seed: int,
    protocol: str,
    code: str,
    checkpoint: str,
    weights: str,
    card: str,
    history: str,
    quality: str | None = None,
    threads: int = 1,
) -> None:
    """Train on part train, watch part validation, write *weights*, *card* and *history*.

    *quality* (the account of the data) tells the card for which volumes the model is good.
    *best* (the tuning's choice) replaces values of *model*. A killed training goes on from
    *checkpoint*, which is deleted in the end, unless *code* (the digest of the sources) changed.
    """
    tuned = read_json(best)["model"] if best else {}
    model = model | tuned
    samples = load_samples(candidates, splits, features=features, sequence=sequence, impute=impute)
    recipe = Recipe.of(model, samples, features=len(features), impute=impute, seed=seed)
    device = choose_device(model["device"], precision=model["precision"], threads=threads)
    data = data_hashes(candidates, splits)
    decisive = [meaning(recipe.shape, recipe.settings), model["scaler"], impute, seed]
    decisive += [features, sequence, data, device.type]
    state = Checkpoint.of(checkpoint, decisive, code=code)
    training, held = (np.flatnonzero(samples.part == part) for part in ("train", "validation"))
    if not len(held):
        log.warning("there is no validation part: every epoch is trained, the threshold is 0.5")
    result = fit(
        samples,
        training=training,
        validation=held,
        recipe=recipe,
        device=device,
        checkpoint=state,
        report=reporter(recipe.settings.epochs, recipe.settings.monitor),
    )
    facts = model_card(
        fit=result,
        recipe=recipe,
        samples=samples,
        features=features,
        sequence=sequence,
        threshold=choose_threshold(result, samples, held, rule=threshold),
        data=data,
        run={
            "protocol": protocol,
            "tuned": sorted(tuned),
            "device": {"asked": model["device"], "used": device.type},
            **({"domain": domain(candidates, splits, features, quality)} if quality else {}),
        },
    )
    write_parquet(history, history_table(result.trained.history))
    save_model(weights=weights, card=card, tensors=result.trained.model.tensors(), facts=facts)
    state.remove()


def domain(candidates: str, splits: str, features: list[str], quality: str) -> dict[str, Any]:
    """Return what new volumes must resemble, from the tables of the training."""
    tables = read_parquet(candidates), read_parquet(splits)
    return model_domain(*tables, features=features, quality=read_json(quality))


def reporter(epochs: int, monitor: str) -> Any:
    """Return the function that reports an epoch's row."""
    progress = Progress("epoch", epochs)

    def report(row: Row) -> None:
        key = f"validation_{monitor}"
        values = {"loss": row["loss"], "validation_loss": row["validation_loss"], key: row[key]}
        number = row["epoch"]
        assert isinstance(number, int)
        progress(number, **values)

    return report


def history_table(history: list[Row]) -> pl.DataFrame:
    """Return one row per epoch: losses in nats, learning rate, validation scores."""
    columns = ["learning_rate", "loss", "validation_loss", *(f"validation_{m}" for m in METRICS)]
    schema = {"epoch": pl.Int32(), **dict.fromkeys(columns, pl.Float64())}
    return pl.DataFrame(history, schema=schema)


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        candidates=snakemake.input.candidates,
        splits=snakemake.input.splits,
        best=snakemake.input.get("best"),
        quality=snakemake.input.quality,
        features=snakemake.params.features,
        sequence=snakemake.params.sequence,
        model=snakemake.params.model,
        impute=snakemake.params.impute,
        threshold=snakemake.params.threshold,
        seed=snakemake.params.seed,
        protocol=snakemake.params.protocol,
        code=snakemake.params.code,
        checkpoint=snakemake.params.checkpoint,
        weights=snakemake.output.weights,
        card=snakemake.output.card,
        history=snakemake.output.history,
        threads=snakemake.threads,
    )
