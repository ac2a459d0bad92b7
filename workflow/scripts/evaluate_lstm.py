"""Score every candidate with the trained model, and report what the scores are worth."""

import logging
from typing import Any

import numpy as np
import polars as pl

from tomocalc.evaluation.account import account
from tomocalc.files import write_json
from tomocalc.log import log_to
from tomocalc.model.release import ReleasedModel, load_model
from tomocalc.pages.evaluation import evaluation_page
from tomocalc.pages.shell import write_page
from tomocalc.parquet import read_parquet, write_parquet

log = logging.getLogger("tomocalc.evaluate_lstm")

KEY = ["volume_id", "candidate_id"]
PARTS = ("train", "validation", "test")
PAPER = {"accuracy": 0.9727, "confusion": {"tn": 1454, "fp": 65, "fn": 18, "tp": 1501}}
"""The reference paper's own test figures on its table."""


def main(
    *,
    candidates: str,
    splits: str,
    weights: str,
    source: str,
    protocol: str,
    settings: dict[str, Any],
    seed: int,
    predictions: str,
    metrics: str,
    page: str,
) -> None:
    """Write predictions, figures of merit and their page.

    Parameters
    ----------
    source, protocol
        Of the data, for the page.
    settings
        The ``evaluation`` section of the configuration.
    """
    model = load_model(weights)
    scored = _score(model, read_parquet(candidates), read_parquet(splits))
    write_parquet(predictions, scored.drop("group"))
    figures: dict[str, Any] = {
        "protocol": protocol,
        "source": source,
        "threshold": model.threshold,
        "confidence": settings["confidence"],
        "parts": {
            part: _part(scored.filter(pl.col("part") == part), model.threshold, settings, seed)
            for part in PARTS
        },
    }
    if protocol == "paper":
        figures["paper"] = PAPER
    write_json(metrics, figures)
    write_page(page, evaluation_page(figures, source=source))
    for name, figure in figures["parts"]["test"].get("metrics", {}).items():
        log.info("test %s %.4f", name, figure["value"])


def _score(model: ReleasedModel, candidates: pl.DataFrame, splits: pl.DataFrame) -> pl.DataFrame:
    used = candidates.join(splits.select(KEY).unique(), on=KEY, how="semi")
    probability = model.predict(used).select(*KEY, "probability")
    return (
        splits.join(probability, on=KEY, how="left")
        .select(*KEY, "patient_id", "group", "label", "part", "copy", "probability")
        .sort(*KEY, "copy")
    )


def _part(
    rows: pl.DataFrame, threshold: float, settings: dict[str, Any], seed: int
) -> dict[str, Any]:
    return account(
        rows["label"].to_numpy(),
        rows["probability"].to_numpy(),
        rows["group"].to_numpy().astype(np.int32),
        threshold=threshold,
        resamples=settings["bootstrap"],
        confidence=settings["confidence"],
        seed=seed,
    )


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        candidates=snakemake.input.candidates,
        splits=snakemake.input.splits,
        weights=snakemake.input.weights,
        source=snakemake.params.source,
        protocol=snakemake.params.protocol,
        settings=snakemake.params.settings,
        seed=snakemake.params.seed,
        predictions=snakemake.output.predictions,
        metrics=snakemake.output.metrics,
        page=snakemake.output.page,
    )
