"""Train one network of the comparison on one split: on image patches, or on sequences."""

import logging
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from tomocalc.comparison.catalogue import STEP_KEYS
from tomocalc.comparison.image_fitting import (
    ADAM,
    OPTIMIZERS,
    GaborANN,
    Patches,
    Steps,
    chosen_rows,
    predict,
    train_network,
)
from tomocalc.comparison.networks import STEP_NETWORKS, build_network, load_weights, patch_array
from tomocalc.files import file_sha256, write_json
from tomocalc.log import run
from tomocalc.metrics import choose_threshold
from tomocalc.model.preprocessing import fit_preprocessing
from tomocalc.model.sequences import build_samples
from tomocalc.parquet import read_parquet, write_parquet
from tomocalc.sections import NetworkSection, SequenceSection

log = logging.getLogger("tomocalc.fit_image_model")

KEY = ["volume_id", "candidate_id"]
Rows = NDArray[np.int64]
Scores = tuple[NDArray[np.float64], dict[str, Any]]
"""Score of every wanted row, and what the network is and has seen."""


def main(
    *,
    splits: str,
    network: str,
    protocol: str,
    settings: Mapping[str, Any],
    threshold: str,
    seed: int,
    scores: str,
    account: str,
    patches: str | None = None,
    candidates: str | None = None,
    weights: str | None = None,
    sequences: Mapping[str, Any] | None = None,
) -> None:
    """Write the *scores* of the validation and test rows, and the *account*.

    Parameters
    ----------
    network
        Its key in the catalogue.
    settings
        ``samples`` and ``epochs`` of the configuration's ``comparison``.
    threshold
        ``max_f1`` (chosen on part validation, if there is one) or ``half``.
    patches, weights
        What a network on images reads, and the safetensors file that it starts from, if any.
    candidates, sequences
        What a network on sequences reads, and the sections ``features``, ``sequence``, ``model``
        and the setting ``impute`` of the configuration.
    """
    started = time.perf_counter()
    torch.set_num_threads(1)  # so that the weights do not depend on the number of threads
    rows = read_parquet(splits)
    label = rows["label"].to_numpy().astype(np.float32)
    part = rows["part"].to_numpy()
    training, wanted = np.flatnonzero(part == "train"), np.flatnonzero(part != "train")
    if network in STEP_KEYS:
        assert candidates is not None
        assert sequences is not None
        found, facts = of_sequences(
            network, read_parquet(candidates), rows, training, wanted, seed=seed, **sequences
        )
    else:
        assert patches is not None
        training = chosen_rows(label, training, samples=settings["samples"], seed=seed)
        images = read_parquet(patches).with_row_index("place")
        place = rows.join(images.select(*KEY, "place"), on=KEY, how="left", maintain_order="left")
        at = place["place"].to_numpy().astype(np.int64)
        distinct, back = np.unique(at[wanted], return_inverse=True)
        found, facts = of_patches(
            network,
            patch_array(images["patch"].gather(at[training])),
            label[training],
            patch_array(images["patch"].gather(distinct)),
            epochs=settings["epochs"],
            weights=weights,
            seed=seed,
        )
        found = found[back]
    held = part[wanted] == "validation"
    table = rows[wanted].select(*KEY, "copy")
    write_parquet(scores, table.with_columns(pl.Series(network, found, dtype=pl.Float64)))
    write_json(
        account,
        {
            "network": network,
            "protocol": protocol,
            "threshold": choose_threshold(label[wanted][held], found[held], rule=threshold).value,
            "trials": 1,
            "parameters": facts,
        },
    )
    seconds = time.perf_counter() - started
    log.info("%s under protocol %s: %.1f s", network, protocol, seconds)


def of_patches(
    network: str,
    training: NDArray[np.uint8],
    label: NDArray[np.float32],
    wanted: NDArray[np.uint8],
    *,
    epochs: int,
    weights: str | None,
    seed: int,
) -> Scores:
    """Return the scores of the patches *wanted* by a network that has learnt *training* ones."""
    if network == "gabor_ann":
        chain = GaborANN(seed).fit(training, label)
        facts = {"weights": chain.weights, "patches": len(training), "features": len(chain.chosen)}
        return chain.score(wanted), facts
    torch.manual_seed(seed)  # first weights
    model = build_network(network)
    if weights is not None:
        load_weights(model, weights)
    train_network(
        model,
        Patches(training),
        label,
        epochs=epochs,
        seed=seed,
        optimizer=OPTIMIZERS.get(network, ADAM),
    )
    facts: dict[str, Any] = {"weights": _weights(model), "patches": len(training), "epochs": epochs}
    if weights is not None:
        facts["pretrained"] = file_sha256(weights)[:16]
    return predict(model, Patches(wanted)), facts


def of_sequences(
    network: str,
    candidates: pl.DataFrame,
    splits: pl.DataFrame,
    training: Rows,
    wanted: Rows,
    *,
    features: list[str],
    sequence: SequenceSection,
    model: NetworkSection,
    impute: str,
    seed: int,
) -> Scores:
    """Return the scores of the rows *wanted*; shape and budget are those of the stacked LSTM."""
    samples = build_samples(candidates, splits, features=features, sequence=sequence, impute=impute)
    once = samples.first_uses(training)
    prepare = fit_preprocessing(
        samples.x[once],
        samples.at_focus(once),
        features=len(features),
        scaler=model["scaler"],
        impute=impute,
    )
    x = prepare(samples.x, samples.mask)
    last = samples.mask.sum(axis=1) - 1
    torch.manual_seed(seed)  # first weights
    made = STEP_NETWORKS[network](x.shape[2], model["units"], model["dropout"])
    train_network(
        made,
        Steps(x[training], last[training]),
        samples.y[training],
        epochs=model["epochs"],
        seed=seed,
        size=model["batch_size"],
        optimizer=(ADAM[0], model["learning_rate"]),
    )
    facts = {"weights": _weights(made), "sequences": len(training), "epochs": model["epochs"]}
    return predict(made, Steps(x[wanted], last[wanted])), facts


def _weights(model: torch.nn.Module) -> int:
    return sum(values.numel() for values in model.parameters())


if __name__ == "__main__":
    run(main, snakemake)
