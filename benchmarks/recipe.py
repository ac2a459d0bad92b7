"""Which shape and recipe the model has by default: cross-validation inside training rows.

    python benchmarks/recipe.py --dataset results
    TOMOCALC_TEST_DATA=<folder that holds woods/mammography.csv> python benchmarks/recipe.py

The first goes through the patients of the training and validation parts of a finished run (the
demo), the second through the training rows of the first fold of the reference table's benchmark.
Test rows are left out before anything is read. Every row is scored once, by a model that has not
seen its patient.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import head
from sklearn.model_selection import StratifiedKFold
from woods_models import FEATURES, distinct_rows

from support.defaults import CONFIG  # pyright: ignore[reportMissingImports]
from tomocalc.experiments.cross_validation import out_of_fold
from tomocalc.metrics import auroc, average_precision
from tomocalc.model.device import choose_device
from tomocalc.model.recipe import Recipe
from tomocalc.model.sequences import Samples, build_samples
from tomocalc.parquet import read_parquet

PAPER = {"units": [128, 64, 32], "dropout": 0.1}
SMALL = {"units": [64, 32], "dropout": 0.2}
RECIPES: dict[str, dict[str, Any]] = {
    "128-64-32, dropout 0.1 (paper)": PAPER,
    "128-64-32, dropout 0.3": PAPER | {"dropout": 0.3},
    "64-32, dropout 0.2": SMALL,
    "paper, twice the epochs": PAPER | {"epochs": 2 * CONFIG["model"]["epochs"]},
    "paper, batch 500": PAPER | {"batch_size": 500},
    "paper, standard scaling": PAPER | {"scaler": "standard"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--dataset", help="folder of a run's results")
    parser.add_argument("--kind", default="slices", help="sequence of a --dataset")
    parser.add_argument("--members", type=int, default=CONFIG["model"]["members"])
    parser.add_argument("--only", nargs="*", help="beginnings of the recipes wanted")
    options = parser.parse_args()
    device = choose_device("cpu")
    kind = options.kind if options.dataset else "single_step"
    features = CONFIG["features"] if options.dataset else FEATURES
    samples, group = of_a_run(Path(options.dataset), kind) if options.dataset else of_woods()
    print(head("recipe", "AUROC", "average precision", "CPU s"))
    for name, changes in RECIPES.items():
        if options.only and not name.startswith(tuple(options.only)):
            continue
        model = CONFIG["model"] | {"members": options.members} | changes
        recipe = Recipe.of(
            model,
            features=features,
            sequence=CONFIG["sequence"] | {"kind": kind},
            impute="none",
            seed=CONFIG["seed"],
        )
        begun = time.process_time()
        found = out_of_fold(samples, group, folds=5, recipe=recipe, device=device)
        label = samples.y.astype(np.int8)
        shown = f"{auroc(label, found):.3f} | {average_precision(label, found):.3f}"
        print(f"| {name} | {shown} | {time.process_time() - begun:.0f} |", flush=True)


def of_a_run(dataset: Path, kind: str) -> tuple[Samples, np.ndarray]:
    """Return the samples of a run's training and validation parts, and their patients."""
    splits = read_parquet(dataset / "protocols/honest/splits.parquet").filter(
        pl.col("part") != "test"
    )
    samples = build_samples(
        read_parquet(dataset / "dataset/candidates.parquet"),
        splits,
        features=CONFIG["features"],
        sequence=CONFIG["sequence"] | {"kind": kind},
    )
    return samples, splits["group"].to_numpy()


def of_woods() -> tuple[Samples, np.ndarray]:
    """Return the training rows of the first fold of ``woods.py honest``, each its own group."""
    rows = distinct_rows()
    train, _ = next(StratifiedKFold(5, shuffle=True, random_state=1).split(rows, rows["label"]))
    splits = rows[train].select(
        "volume_id", "candidate_id", "label", part=pl.lit("train"), fold=0, copy=0
    )
    samples = build_samples(
        rows, splits, features=FEATURES, sequence={"kind": "single_step", "slices": 1}
    )
    return samples, np.arange(len(train))


if __name__ == "__main__":
    main()
