"""What the models of clusters reach, beside the best single feature and permuted outcomes.

    snakemake --cores all results/malignancy/dataset/candidates.parquet --configfile config/malignancy.yaml
    python benchmarks/malignancy.py results/malignancy/dataset/candidates.parquet

Every cluster is scored by models that have not seen its patient (five folds). The best feature is
chosen with all outcomes at hand, so the lead over it is, if anything, too small.
"""  # noqa: E501

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from measuring import ROOT, head
from numpy.typing import NDArray

from fit_feature_models import samples_of as single_rows
from tomocalc.comparison.catalogue import NAMES as MODELS
from tomocalc.comparison.cross_validated import scored
from tomocalc.comparison.feature_models import FEATURE_MODELS
from tomocalc.comparison.fitting import fit_scores, grouped_folds
from tomocalc.dataset.splits import usable_candidates
from tomocalc.evaluation.jackknife import LeftOut
from tomocalc.evaluation.weighted import figures_left_out
from tomocalc.metrics import auroc
from tomocalc.model.device import choose_device
from tomocalc.model.recipe import Recipe
from tomocalc.model.sequences import Samples, build_samples

KEYS = ["volume_id", "candidate_id"]
NAMES = {
    "lstm": "stacked LSTM",
    "trees": "trees",
    "average": "LSTM and trees averaged, released",
    **{key: f"features: {MODELS[key]}" for key in FEATURE_MODELS},
}
CONFIDENCE = 0.95
FOLDS = 5
Scores = dict[str, NDArray[np.float64]]


def main() -> None:
    """Print the AUROC of every model, its lead over the best feature, and what chance gives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("candidates", type=Path)
    parser.add_argument("--draws", type=int, default=20, help="permutations of the outcomes")
    given = parser.parse_args()
    rows = pl.read_parquet(given.candidates)
    own = yaml.safe_load((ROOT / "config/malignancy.yaml").read_text(encoding="utf-8"))
    model: Any = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))["model"]
    settings: Any = {**model, **own["model"]}
    features: list[str] = own["features"]
    recipe = Recipe.of(
        settings,
        features=features,
        sequence=own["sequence"],
        impute="none",
        seed=1,
    )
    focus = usable_candidates(rows, used=features, duplicates="keep")
    label, group = focus["label"].to_numpy().astype(np.int8), focus["group"].to_numpy()
    alone = {name: focus[name].to_numpy().astype(np.float64) for name in features}
    alone = {name: one if auroc(label, one) > 0.5 else -one for name, one in alone.items()}
    best = max(alone, key=lambda name: auroc(label, alone[name]))
    reference = left_out(label, alone[best], group)
    print(
        f"{focus.height} clusters of {len(np.unique(group))} patients, {label.sum()} malignant.\n"
    )
    print(head("model", "AUROC", "95 % interval", "lead over the feature", "its interval"))
    print(line(f"best single feature: {best}", reference, None))
    for name, found in every_model(rows, focus, group, recipe).items():
        print(line(NAMES[name], left_out(label, found, group), reference), flush=True)
    shuffled = out_of_fold(samples_of(in_random_order(rows), focus, recipe), group, recipe)
    print(
        line("LSTM, members in random order", left_out(label, shuffled["lstm"], group), reference)
    )
    print("\n" + head("outcomes permuted", "draws", "mean AUROC", "standard error"))
    draw = np.random.default_rng(1)
    chance: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(given.draws):
        permuted = focus.with_columns(label=pl.Series(draw.permutation(label)))
        for name, found in every_model(rows, permuted, group, recipe).items():
            chance[name].append(auroc(permuted["label"].to_numpy(), found))
    for name, values in chance.items():
        error = np.std(values, ddof=1) / len(values) ** 0.5
        print(f"| {NAMES[name]} | {len(values)} | {np.mean(values):.3f} | {error:.3f} |")


def samples_of(rows: pl.DataFrame, focus: pl.DataFrame, recipe: Recipe) -> Samples:
    """Return the sequences of all clusters, with the outcomes that *focus* gives them."""
    return build_samples(
        rows.drop("label").join(focus.select(*KEYS, "label"), on=KEYS, maintain_order="left"),
        focus.with_columns(part=pl.lit("train"), fold=pl.lit(0)),
        features=list(recipe.features),
        sequence=recipe.sequence,
    )


def every_model(
    rows: pl.DataFrame, focus: pl.DataFrame, group: NDArray[np.int32], recipe: Recipe
) -> Scores:
    """Return what `out_of_fold` does, and the scores of the models that read single rows."""
    found = out_of_fold(samples_of(rows, focus, recipe), group, recipe)
    uses = focus.with_columns(part=pl.lit("train"), fold=pl.lit(0))
    data = single_rows(rows, uses, features=list(recipe.features), impute="none")
    label = focus["label"].to_numpy().astype(np.float32)
    for key, model in FEATURE_MODELS.items():
        found[key] = np.zeros(len(group))
        for training, test in grouped_folds(label, group, folds=FOLDS, repeats=1, seed=1):
            found[key][test] = fit_scores(
                model, model.default, data, training=training, wanted=test, seed=1
            )
    return found


def out_of_fold(samples: Samples, group: NDArray[np.int32], recipe: Recipe) -> Scores:
    """Return every model's probability of each cluster by the fold that leaves its patient out."""
    device = choose_device("cpu", precision="float32", threads=1)
    found = {name: np.zeros(len(group)) for name in ("lstm", "trees", "average")}
    for training, test in grouped_folds(samples.y, group, folds=FOLDS, repeats=1, seed=1):
        for name, values in scored(samples, training, test, recipe=recipe, device=device).items():
            found[name][test] = values
    return found


def in_random_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the members of every cluster in an order that says nothing."""
    chance = np.random.default_rng(1).random(rows.height)
    mixed = rows.with_columns(chance=pl.Series(chance))
    mixed = mixed.with_columns(slice=pl.col("chance").rank("ordinal").over(KEYS).cast(pl.Int32) - 1)
    return mixed.with_columns(focus=pl.col("slice") == 0).drop("chance")


def left_out(
    label: NDArray[np.int8], score: NDArray[np.float64], group: NDArray[np.int32]
) -> LeftOut:
    """Return the figures of a score, and what they are without each patient."""
    return figures_left_out(label, score, group, threshold=0.5)


def line(name: str, found: LeftOut, reference: LeftOut | None) -> str:
    """Return the line of one score."""
    around = found.figure("auroc", CONFIDENCE)
    cells = [name, f"{found.values['auroc']:.3f}", f"{around.low:.3f} to {around.high:.3f}"]
    if reference is None:
        return "| " + " | ".join([*cells, "", ""]) + " |"
    lead = found.lead_over(reference, "auroc", CONFIDENCE)
    cells += [f"{lead.value:+.3f}", f"{lead.low:+.3f} to {lead.high:+.3f}"]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
