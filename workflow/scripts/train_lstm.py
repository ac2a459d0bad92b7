"""Train the stacked LSTM with the chosen hyper-parameters on the split of one protocol."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from tomocalc.accounts.study import Best, Chosen
from tomocalc.log import Progress, run
from tomocalc.metrics import choose_threshold
from tomocalc.model.card import Device
from tomocalc.model.device import choose_device
from tomocalc.model.fitting import fit, network_card
from tomocalc.model.recipe import Recipe, data_hashes, tuned_values
from tomocalc.model.release import load_model, save_model
from tomocalc.model.sequences import build_samples
from tomocalc.model.training import COLUMNS, Checkpoint, Row
from tomocalc.parquet import read_parquet, write_parquet
from tomocalc.sections import ClustersSection, NetworkSection, SequenceSection

log = logging.getLogger("tomocalc.train_lstm")


def main(
    *,
    candidates: str,
    splits: str,
    best: str,
    tuned_on: str,
    protocol: str,
    run_protocol: str,
    features: list[str],
    sequence: SequenceSection,
    model: NetworkSection,
    impute: str,
    threshold: str,
    seed: int,
    code: str,
    checkpoint: str,
    weights: str,
    card: str,
    history: str,
    scores: str,
    threads: int = 1,
    clusters: ClustersSection | None = None,
) -> None:
    """Train on part train, watch part validation; write the network and its scores of all rows.

    A killed training goes on from *checkpoint*, which is deleted in the end, unless
    `Recipe.key` says that it is of another training.

    Parameters
    ----------
    best, tuned_on
        The tuning's choice, made on the splits *tuned_on* of the run's own protocol; it replaces
        values of *model*, under another protocol where `tuned_values` allows it.
    protocol, run_protocol
        Of these splits, and of the run. A run by the paper's protocol shows every epoch's score
        of the test part, as the paper does; it decides nothing.
    threshold
        ``max_f1`` (chosen on part validation, if there is one) or ``half``.
    code
        Digest of the sources that train.
    clusters
        Section of the configuration, where rows are clusters; the card tells it.
    """
    choice, table, rows = Best.read(best), read_parquet(candidates), read_parquet(splits)
    tuned: Chosen | None = choice.model
    if protocol != run_protocol:
        tuned = tuned_values(choice, tuned_on=read_parquet(tuned_on), splits=rows)
    if tuned is None:
        log.warning("trials were scored on candidates of this test part: configured values")
    settings = tuned.over(model) if tuned else model
    recipe = Recipe.of(settings, features=features, sequence=sequence, impute=impute, seed=seed)
    recipe = recipe.under(protocol, chosen=run_protocol)
    samples = build_samples(table, rows, features=features, sequence=sequence, impute=impute)
    device = choose_device(model["device"], precision=model["precision"], threads=threads)
    data, watch = data_hashes(candidates, splits), run_protocol == "paper"
    key = recipe.key(data=data, device=device.type, code=code, watch=watch)
    state = Checkpoint(Path(checkpoint), key)
    training, held, test = (
        np.flatnonzero(samples.part == part) for part in ("train", "validation", "test")
    )
    if not len(held):
        log.warning("there is no validation part: every epoch is trained, the threshold is 0.5")
    result = fit(
        samples,
        training=training,
        validation=held,
        watched=test if watch else None,
        recipe=recipe,
        device=device,
        checkpoint=state,
        report=reporter(recipe),
    )
    facts = network_card(
        fit=result,
        recipe=recipe,
        samples=samples,
        threshold=choose_threshold(
            samples.y[held], result.probability(samples, held), rule=threshold
        ),
        data=data,
        protocol=protocol,
        tuned=sorted(tuned.__struct_fields__) if tuned else (),
        trials=choice.trials if tuned is not None else 0,
        clusters=clusters,
        device=Device(asked=model["device"], used=device.type),
    )
    write_parquet(history, pl.DataFrame(result.trained.history, schema=history_schema()))
    save_model(weights=weights, path=card, tensors=result.trained.model.tensors(), card=facts)
    found = load_model(weights).of_network(samples.x, samples.mask)
    uses = rows.select("volume_id", "candidate_id", "copy")
    write_parquet(scores, uses.with_columns(lstm=pl.Series(found, dtype=pl.Float64)))
    state.remove()


def reporter(recipe: Recipe) -> Callable[[Row], None]:
    """Return the function that reports an epoch's row."""
    progress = Progress("epoch", recipe.settings.epochs)
    names = ("loss", "validation_loss", f"validation_{recipe.settings.monitor}")

    def report(row: Row) -> None:
        number = row["epoch"]
        assert isinstance(number, int)
        progress(number, **{name: row[name] for name in names})

    return report


def history_schema() -> dict[str, pl.DataType]:
    """Return the columns of ``history.parquet``, one row per epoch."""
    return {name: pl.Int32() if name == "epoch" else pl.Float64() for name in COLUMNS}


if __name__ == "__main__":
    run(main, snakemake)
