"""What the benchmarks on the reference paper's table share: its rows, and the models compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import torch
from msgspec.structs import asdict
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedKFold
from xgboost import XGBClassifier

from support.defaults import CONFIG  # pyright: ignore[reportMissingImports]
from support.table_data import read_woods  # pyright: ignore[reportMissingImports]
from tomocalc.accounts.study import Search
from tomocalc.dataset.splits import usable_candidates
from tomocalc.model.fitting import Fit, fit
from tomocalc.model.objective import compute_trial
from tomocalc.model.recipe import Recipe
from tomocalc.model.search import best_trial
from tomocalc.model.sequences import Samples, build_samples
from tomocalc.sections import NetworkSection, SearchSection, SequenceSection
from tomocalc.tables import PAPER_FEATURES

CPU = torch.device("cpu")
FEATURES: list[str] = list(PAPER_FEATURES)
SINGLE_STEP: SequenceSection = {"kind": "single_step", "slices": 1}
HONEST_MODEL: NetworkSection = CONFIG["model"] | {
    "units": [64, 32],
    "dropout": 0.2,
    "members": 8,
    "learning_rate": 2.0e-2,
    "batch_size": 500,
    "epochs": 60,
    "device": "cpu",
    "checkpoint_every": 1000,
}
HONEST_TUNING: SearchSection = CONFIG["tuning"] | {
    "validation": "kfold",
    "learning_rate": [2.0e-3, 5.0e-2],
    "epochs": 60,
}


def distinct_rows() -> pl.DataFrame:
    """Read the table as the workflow does, without duplicates: 7,595 and 254 rows."""
    return usable_candidates(read_woods(), used=FEATURES, duplicates="drop")


def peers(seed: int) -> dict[str, Any]:
    """Return the models to stand beside."""
    return {
        "random forest, 500": RandomForestClassifier(500, random_state=seed),
        "XGBoost": XGBClassifier(random_state=seed, nthread=1),
        "extra trees, 500": ExtraTreesClassifier(500, random_state=seed),
    }


def tuned_lstm(
    rows: pl.DataFrame, train: np.ndarray, test: np.ndarray, *, seed: int, trials: int
) -> tuple[np.ndarray, dict[str, Any]]:
    """Search hyper-parameters inside *train*, train on it, and predict *test*."""
    samples = as_samples(rows, _honest_splits(rows, train, test, seed))
    search, computed = Search.of(HONEST_TUNING, protocol="honest"), []
    for number in range(trials):
        trial = compute_trial(
            number,
            computed[: max(0, number - search.batch + 1)],
            samples,
            search=search,
            model=HONEST_MODEL,
            features=FEATURES,
            sequence=SINGLE_STEP,
            impute="none",
            seed=seed,
            device=CPU,
        )
        computed.append(trial)
    best = best_trial(computed, search)
    found = fit(
        samples,
        training=train,
        validation=train[:0],
        recipe=recipe_of(best.model.over(HONEST_MODEL), seed),
        device=CPU,
    )
    return probability_of(found, samples, test), asdict(best.model) | {"inside": best.value}


def _honest_splits(
    rows: pl.DataFrame, train: np.ndarray, test: np.ndarray, seed: int
) -> pl.DataFrame:
    """Return the splits table of one outer fold; folds inside the training rows."""
    part, fold = np.full(len(rows), "train"), np.full(len(rows), -1)
    part[test] = "test"
    inside = StratifiedKFold(3, shuffle=True, random_state=seed)
    for number, (_, held) in enumerate(inside.split(train, rows["label"].to_numpy()[train])):
        fold[train[held]] = number
    return rows.select("volume_id", "candidate_id", "label").with_columns(
        part=pl.Series(part), fold=pl.Series(fold), copy=pl.lit(0)
    )


def as_samples(rows: pl.DataFrame, splits: pl.DataFrame) -> Samples:
    """Return the rows of a split as the network reads them, one step each."""
    return build_samples(
        rows, splits, features=FEATURES, sequence={"kind": "single_step", "slices": 1}
    )


def recipe_of(model: NetworkSection, seed: int) -> Recipe:
    """Return what a fit needs beside its samples."""
    return Recipe.of(model, features=FEATURES, sequence=SINGLE_STEP, impute="none", seed=seed)


def probability_of(found: Fit, samples: Samples, rows: np.ndarray) -> np.ndarray:
    """Return the probability of a calcification of *rows*."""
    mask = samples.mask[rows]
    scaled = torch.as_tensor(found.preprocessing(samples.x[rows], mask))
    return found.trained.model.probability(scaled, torch.as_tensor(mask.sum(axis=1) - 1)).numpy()
