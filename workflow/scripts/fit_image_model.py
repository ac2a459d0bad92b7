"""Train one network on image patches of one split, from random weights."""

import logging
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import torch

from tomocalc.comparison.image_fitting import chosen_rows, predict, train_network
from tomocalc.comparison.networks import build_network, patch_array
from tomocalc.files import write_json
from tomocalc.log import log_to, write_times
from tomocalc.metrics import choose_threshold
from tomocalc.parquet import read_parquet, write_parquet

log = logging.getLogger("tomocalc.fit_image_model")

KEY = ["volume_id", "candidate_id"]


def main(
    *,
    splits: str,
    patches: str,
    network: str,
    protocol: str,
    settings: Mapping[str, Any],
    threshold: str,
    seed: int,
    scores: str,
    account: str,
    times: str,
) -> None:
    """Write the *scores* of the validation and test rows, the *account*, and how long it took.

    Parameters
    ----------
    network
        Its key in the catalogue.
    settings
        ``samples`` and ``epochs`` of the configuration's ``comparison``.
    threshold
        ``max_f1`` (chosen on part validation, if there is one) or ``half``.
    """
    started = time.perf_counter()
    torch.set_num_threads(1)  # so that the weights do not depend on the number of threads
    rows = read_parquet(splits)
    images = read_parquet(patches).with_row_index("place")
    place = rows.join(images.select(*KEY, "place"), on=KEY, how="left", maintain_order="left")
    at = place["place"].to_numpy().astype(np.int64)
    label = rows["label"].to_numpy().astype(np.float32)
    part = rows["part"].to_numpy()
    training = chosen_rows(
        label, np.flatnonzero(part == "train"), samples=settings["samples"], seed=seed
    )
    torch.manual_seed(seed)  # first weights
    model = train_network(
        build_network(network),
        patch_array(images["patch"].gather(at[training])),
        label[training],
        epochs=settings["epochs"],
        seed=seed,
    )
    wanted = np.flatnonzero(part != "train")
    distinct, back = np.unique(at[wanted], return_inverse=True)
    found = predict(model, patch_array(images["patch"].gather(distinct)))[back]
    held = part[wanted] == "validation"
    table = rows[wanted].select(*KEY, "copy")
    write_parquet(scores, table.with_columns(pl.Series(network, found, dtype=pl.Float64)))
    parameters = sum(weights.numel() for weights in model.parameters())
    facts = {"weights": parameters, "patches": len(training), "epochs": settings["epochs"]}
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
    write_times(times, protocol, [(network, 1, seconds)])
    log.info("%s under protocol %s: %.1f s", network, protocol, seconds)


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        splits=snakemake.input.splits,
        patches=snakemake.input.patches,
        network=snakemake.wildcards.network,
        protocol=snakemake.wildcards.protocol,
        settings=snakemake.params.settings,
        threshold=snakemake.params.threshold,
        seed=snakemake.params.seed,
        scores=snakemake.output.scores,
        account=snakemake.output.account,
        times=snakemake.output.times,
    )
