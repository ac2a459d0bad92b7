"""Measure what the slices around the best one add to the same model, patient by patient."""

from typing import Any

import numpy as np
import polars as pl

from tomocalc.evaluation.account import curves
from tomocalc.files import write_json
from tomocalc.log import log_to
from tomocalc.model.device import choose_device
from tomocalc.model.fitting import Recipe
from tomocalc.model.progress import Progress
from tomocalc.model.sequence_gain import out_of_fold, paired_figures
from tomocalc.model.sequences import build_samples
from tomocalc.pages.sequence_gain import sequence_gain_page
from tomocalc.pages.shell import write_page
from tomocalc.parquet import read_parquet

KINDS = ("slices", "single_step")


def main(
    *,
    candidates: str,
    splits: str,
    features: list[str],
    slices: int,
    model: dict[str, Any],
    impute: str,
    folds: int,
    evaluation: dict[str, Any],
    source: str,
    seed: int,
    figures: str,
    page: str,
    threads: int = 1,
) -> None:
    """Cross-validate the configured model on both inputs; write *figures* (JSON) and *page*.

    Every candidate of the split is scored once, by a model that was trained without its
    patient (its group, where there are no patients). *model* is the configuration's section:
    tuned values are not used, because they were chosen on some of these candidates.
    """
    device = choose_device(model["device"], precision=model["precision"], threads=threads)
    table = read_parquet(candidates)
    rows = read_parquet(splits).filter(pl.col("copy") == 0)
    group = rows["group"].to_numpy().astype(np.int32)
    label = rows["label"].to_numpy()
    scores = {}
    for kind in KINDS:
        samples = build_samples(
            table, rows, features=features, kind=kind, slices=slices, missing=impute != "none"
        )
        recipe = Recipe.of(model, samples, features=len(features), impute=impute, seed=seed)
        scores[kind] = out_of_fold(
            samples,
            group,
            folds=folds,
            recipe=recipe,
            device=device,
            report=Progress(f"{kind} fold", folds),
        )
    facts = {
        "candidates": len(rows),
        "positives": int(label.sum()),
        "patients": len(np.unique(group)),
        "folds": folds,
        "slices": slices,
        "model": model,
        "confidence": evaluation["confidence"],
        "figures": paired_figures(
            label,
            scores,
            group,
            resamples=evaluation["bootstrap"],
            confidence=evaluation["confidence"],
            seed=seed,
        ),
        "curves": {kind: curves(label, score)["pr"] for kind, score in scores.items()},
    }
    write_json(figures, facts)
    write_page(page, sequence_gain_page(facts, source=source))


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        candidates=snakemake.input.candidates,
        splits=snakemake.input.splits,
        features=snakemake.params.features,
        slices=snakemake.params.slices,
        model=snakemake.params.model,
        impute=snakemake.params.impute,
        folds=snakemake.params.folds,
        evaluation=snakemake.params.evaluation,
        source=snakemake.params.source,
        seed=snakemake.params.seed,
        figures=snakemake.output.figures,
        page=snakemake.output.page,
        threads=snakemake.threads,
    )
