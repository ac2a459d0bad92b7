"""The paper's training once more, watched on its test part, and its honest counterpart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from tomocalc.dataset.splits import split_honest, usable_candidates
from tomocalc.evaluation.bootstrap import grouped_bootstrap, percentile_interval
from tomocalc.evaluation.metrics import confusion, ranking_metrics, threshold_metrics
from tomocalc.model.checkpoint import Checkpoint
from tomocalc.model.fitting import Recipe, Rows, fit
from tomocalc.model.sequences import Samples, build_samples
from tomocalc.model.training import Row

CURVES = ("epoch", "loss", "validation_loss", "validation_accuracy", "validation_average_precision")
HALF = 0.5


@dataclass(frozen=True)
class Watched:
    """A training that was watched on its test part, and what it says of that part.

    Attributes
    ----------
    history
        One row per epoch.
    label, probability
        Truth and the mean probability of the last weights, (test row,).
    """

    history: list[Row]
    label: NDArray[np.int8]
    probability: NDArray[np.float64]

    def curves(self) -> list[dict[str, Any]]:
        """Return what the paper's figures show of every epoch."""
        return [{key: row[key] for key in CURVES} for row in self.history]


def watch(
    samples: Samples,
    *,
    training: Rows,
    test: Rows,
    recipe: Recipe,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
    report: Callable[[Row], None] | None = None,
) -> Watched:
    """Train every epoch on *training* and score each on *test*, which decides nothing.

    The weights are those that a training without watching ends with.
    """
    recipe = replace(recipe, settings=replace(recipe.settings, patience=0))
    found = fit(
        samples,
        training=training,
        validation=test,
        recipe=recipe,
        device=device,
        checkpoint=checkpoint,
        report=report,
    )
    return Watched(
        history=found.trained.history,
        label=samples.y[test].astype(np.int8),
        probability=found.probability(samples, test),
    )


def honest_samples(
    candidates: pl.DataFrame,
    *,
    features: list[str],
    sequence: dict[str, Any],
    impute: str,
    split: dict[str, Any],
    seed: int,
) -> tuple[Samples, pl.DataFrame]:
    """Return one sample per distinct candidate, split by group, and the splits.

    *split* is the configuration's section: the same share of the rows is held out as in the
    paper's protocol, but no equal row (or patient) is on both sides.
    """
    focus = usable_candidates(candidates, used=features, duplicates="drop")
    splits = split_honest(focus, seed=seed, **split)
    samples = build_samples(
        candidates,
        splits,
        features=features,
        kind=sequence["kind"],
        slices=sequence["slices"],
        missing=impute != "none",
    )
    return samples, splits


def honest_recipe(recipe: Recipe) -> Recipe:
    """Return the paper's recipe for rows that are not balanced: balanced in training alone."""
    if recipe.settings.imbalance != "none":
        return recipe
    return replace(recipe, settings=replace(recipe.settings, imbalance="oversample"))


def honest_figures(
    found: Watched, group: NDArray[np.int32], *, resamples: int, confidence: float, seed: int
) -> dict[str, Any]:
    """Return the figures of the honest counterpart, with intervals by resampling groups.

    ``accuracy_of_none`` is what calling nothing a calcification reaches.
    """
    label, probability = found.label, found.probability
    counts = confusion(label, probability, HALF)
    drawn = grouped_bootstrap(
        label, probability, group, threshold=HALF, resamples=resamples, seed=seed
    )
    values = ranking_metrics(label, probability) | threshold_metrics(counts)
    values |= {
        "accuracy": (counts["tn"] + counts["tp"]) / len(label),
        "recall": counts["tp"] / (counts["tp"] + counts["fn"]),
    }
    names = ("accuracy", "recall", "f1", "auroc", "average_precision")
    figures = {
        name: dict(
            zip(
                ("value", "low", "high"),
                (values[name], *percentile_interval(drawn[name], confidence)),
                strict=True,
            )
        )
        for name in names
    }
    return {
        "rows": len(label),
        "positives": int(label.sum()),
        "confusion": counts,
        "accuracy_of_none": float(np.mean(label == 0)),
        "figures": figures,
    }
