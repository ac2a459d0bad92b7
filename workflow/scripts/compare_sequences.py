"""Measure what the slices around the best one add to the same model, patient by patient."""

from typing import Any

from tomocalc.evaluation.account import curves
from tomocalc.files import write_json
from tomocalc.log import log_to
from tomocalc.model.experiment import Experiment
from tomocalc.pages.frame import write_page
from tomocalc.pages.sequence_gain import sequence_gain_page

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
    patient (its group, where there are no patients). *model* as in `Experiment`.
    """
    experiment = Experiment.read(
        candidates, splits, model=model, impute=impute, folds=folds, seed=seed, threads=threads
    )
    scores = {
        kind: experiment.scores(kind, features=features, kind=kind, slices=slices) for kind in KINDS
    }
    facts = {
        **experiment.account,
        "slices": slices,
        "confidence": evaluation["confidence"],
        "figures": experiment.figures(scores, evaluation),
        "curves": {kind: curves(experiment.label, score)["pr"] for kind, score in scores.items()},
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
