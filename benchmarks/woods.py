"""The stacked LSTM on the reference paper's table, under both protocols, beside its peers.

    export TOMOCALC_TEST_DATA=<folder that holds woods/mammography.csv>
    python benchmarks/woods.py paper
    python benchmarks/woods.py honest

``paper`` drops duplicates, repeats calcifications until both classes are equal and splits 80:20,
so that every positive test row has a copy in training: the figures of that protocol reproduce
the paper and tell nothing about new patients. ``honest`` compares models on the same folds of a
repeated stratified cross-validation of the distinct rows. Everything that is fitted or tuned
there sees the training folds only: the LSTM's hyper-parameters are searched anew in each of
them, by cross-validation inside.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import numpy as np
import polars as pl
import torch
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from xgboost import XGBClassifier

from tomocalc.dataset.feature_table import read_feature_table
from tomocalc.dataset.splits import split_paper, usable_candidates
from tomocalc.files import read_json, write_json
from tomocalc.model.fitting import Fit, Recipe, fit
from tomocalc.model.objective import score_trial
from tomocalc.model.paper import CONFUSION
from tomocalc.model.selection import best_trial, trials_table
from tomocalc.model.sequences import Samples, build_samples
from tomocalc.model.settings import model_shape, training_settings
from tomocalc.model.study import describe_study, prepare_journal
from tomocalc.model.trial_queue import Queue
from tomocalc.tables import PAPER_FEATURES

CPU = torch.device("cpu")
PAPER_CONFUSION = np.array([[CONFUSION["tn"], CONFUSION["fp"]], [CONFUSION["fn"], CONFUSION["tp"]]])
FEATURES: list[str] = list(PAPER_FEATURES)
FOLDS = 5
OURS = "LSTM, tuned"
Scores = dict[str, list[float]]
PAPER_MODEL: dict[str, Any] = {
    "units": [128, 64, 32],
    "dropout": 0.1,
    "members": 1,
    "learning_rate": 1.0e-3,
    "schedule": "constant",
    "weight_decay": 0.0,
    "batch_size": 500,
    "epochs": 500,
    "patience": 0,
    "monitor": "loss",
    "imbalance": "none",
    "scaler": "standard",
    "precision": "float32",
    "device": "cpu",
    "checkpoint_every": 1000,
}

HONEST_MODEL: dict[str, Any] = {
    "units": [64, 32],
    "dropout": 0.2,
    "members": 8,
    "learning_rate": 2.0e-2,
    "schedule": "one_cycle",
    "weight_decay": 0.0,
    "batch_size": 500,
    "epochs": 60,
    "patience": 0,
    "monitor": "loss",
    "imbalance": "none",
    "scaler": "quantile",
    "precision": "float32",
    "device": "cpu",
    "checkpoint_every": 1000,
}
HONEST_TUNING: dict[str, Any] = {
    "workers": 2,
    "batch": 4,
    "objective": "average_precision",
    "validation": "kfold",
    "learning_rate": [2.0e-3, 5.0e-2],
    "dropout": [0.05, 0.5],
    "layers": [1, 4],
    "units": [16, 128],
    "epochs": 60,
    "members": 1,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("protocol", choices=["paper", "honest"])
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5, help="seeds, or repetitions of 5 folds")
    parser.add_argument("--epochs", type=int, default=500, help="of the paper's protocol")
    parser.add_argument("--trials", type=int, default=12, help="of each search, honest")
    parser.add_argument("--keep", help="file of finished honest folds, to go on from")
    options = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(options.first_seed, options.first_seed + options.repeats)
    if options.protocol == "paper":
        paper(seeds, epochs=options.epochs)
    else:
        honest(seeds, trials=options.trials, keep=options.keep)


def distinct_rows() -> pl.DataFrame:
    """Read the table as the workflow does, without duplicates: 7,595 and 254 rows."""
    columns = {name: f"column_{number}" for number, name in enumerate(FEATURES, 1)}
    rows, _ = read_feature_table(
        str(Path(os.environ["TOMOCALC_TEST_DATA"]) / "woods" / "mammography.csv"),
        header=False,
        features=columns,
        label="column_7",
        positive="'1'",
        patient_id=None,
        site=None,
        unlabelled="fail",
    )
    return usable_candidates(rows, used=FEATURES, duplicates="drop")


# The paper's protocol


def paper(seeds: range, *, epochs: int) -> None:
    """Train the paper's network for every seed and print its figures beside the paper's."""
    rows = distinct_rows()
    print("| seed | accuracy | true − | false + | false − | true + |\n|---|---|---|---|---|---|")
    print(_confusion_row("paper", PAPER_CONFUSION))
    matrices = []
    for seed in seeds:
        splits = split_paper(rows, seed=seed, test_fraction=0.2, folds=5)
        samples = _samples(rows, splits)
        train, test = (np.flatnonzero(samples.part == part) for part in ("train", "test"))
        found = fit(
            samples,
            training=train,
            validation=train[:0],
            recipe=_recipe(PAPER_MODEL | {"epochs": epochs}, seed),
            device=CPU,
        )
        flagged = _probability(found, samples, test) >= 0.5
        pairs = np.stack([samples.y[test].astype(int), flagged.astype(int)])
        matrices.append(np.bincount(pairs[0] * 2 + pairs[1], minlength=4).reshape(2, 2))
        print(_confusion_row(str(seed), matrices[-1]), flush=True)
    print("\n| class | precision | recall | F1 | paper: precision | recall | F1 |")
    print("|---|---|---|---|---|---|---|")
    for name, ours, theirs in zip(
        ("none", "calcification"), _report(matrices[0]), _report(PAPER_CONFUSION), strict=True
    ):
        print(f"| {name} | " + " | ".join(f"{v:.4f}" for v in (*ours, *theirs)) + " |")


def _confusion_row(name: str, matrix: np.ndarray) -> str:
    accuracy = matrix.trace() / matrix.sum()
    return f"| {name} | {accuracy:.4f} | " + " | ".join(str(n) for n in matrix.ravel()) + " |"


def _report(matrix: np.ndarray) -> Iterator[tuple[float, float, float]]:
    for kind in (0, 1):
        precision = matrix[kind, kind] / matrix[:, kind].sum()
        recall = matrix[kind, kind] / matrix[kind].sum()
        yield precision, recall, 2 * precision * recall / (precision + recall)


# The honest protocol


def honest(seeds: range, *, trials: int, keep: str | None) -> None:
    """Compare models on the folds of one stratified 5-fold split per seed."""
    rows = distinct_rows()
    x, y = rows.select(FEATURES).to_numpy(), rows["label"].to_numpy()
    folds: dict[str, Scores] = read_json(keep) if keep and Path(keep).exists() else {}
    for seed in seeds:
        cutter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        for number, (train, test) in enumerate(cutter.split(x, y)):
            name = f"{seed}.{number}"
            if name not in folds:
                folds[name] = one_fold(rows, train, test, seed=seed, trials=trials)
                if keep:
                    write_json(keep, folds)
            print(f"fold {name}: {folds[name]}", file=sys.stderr, flush=True)
    _print_scores([folds[f"{seed}.{number}"] for seed in seeds for number in range(FOLDS)])


def one_fold(
    rows: pl.DataFrame, train: np.ndarray, test: np.ndarray, *, seed: int, trials: int
) -> Scores:
    """Return AUROC, average precision and F1 at 0.5 of every model on the rows *test*."""
    x, y = rows.select(FEATURES).to_numpy(), rows["label"].to_numpy()
    scores: Scores = {}
    for name, model in peers(seed).items():
        probability = model.fit(x[train], y[train]).predict_proba(x[test])[:, 1]
        scores[name] = _scores(y[test], probability)
    probability, chosen = tuned_lstm(rows, train, test, seed=seed, trials=trials)
    scores[OURS] = _scores(y[test], probability)
    print(f"chosen: {chosen}", file=sys.stderr, flush=True)
    return scores


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
    samples = _samples(rows, _honest_splits(rows, train, test, seed))
    plan = describe_study(
        tuning=HONEST_TUNING | {"trials": trials},
        model=HONEST_MODEL,
        features=FEATURES,
        sequence={"kind": "single_step", "slices": 1},
        impute="none",
        seed=seed,
        protocol="honest",
        data={},
        code="",
    )
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "study.journal"
        prepare_journal(journal, plan)
        queue = Queue(journal, plan)
        while claim := queue.claim():
            score = score_trial(samples, study=plan, parameters=claim.parameters, device=CPU)
            queue.tell(claim, score.value, epochs=score.epochs)
        queue.leave()
        best = best_trial(trials_table(queue.study, plan), plan)
    found = fit(
        samples,
        training=train,
        validation=train[:0],
        recipe=_recipe(HONEST_MODEL | best["model"], seed),
        device=CPU,
    )
    return _probability(found, samples, test), best["model"] | {"inside": best["value"]}


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


def _print_scores(folds: list[Scores]) -> None:
    """Print mean ± deviation over *folds*, and the LSTM's lead with its standard error."""
    names = ("AUROC", "average precision", "F1 at 0.5")
    head = [*names, *(f"LSTM's lead in {name}" for name in names[:2])]
    print("| model | " + " | ".join(head) + " |\n" + "|---" * (len(head) + 1) + "|")
    for model in folds[0]:
        values, ours = (np.array([fold[name] for fold in folds]) for name in (model, OURS))
        cells = [f"{v.mean():.3f} ± {v.std():.3f}" for v in values.T]
        lead = (ours - values)[:, :2]
        # the folds' training rows overlap: variance corrected after Nadeau and Bengio (2003)
        error = lead.std(axis=0, ddof=1) * np.sqrt(1 / len(folds) + 1 / (FOLDS - 1))
        cells += [
            "" if model == OURS else f"{m:+.3f} ± {e:.3f}"
            for m, e in zip(lead.mean(axis=0), error, strict=True)
        ]
        print(f"| {model} | " + " | ".join(cells) + " |")


def _scores(y: np.ndarray, probability: np.ndarray) -> list[float]:
    return [
        float(roc_auc_score(y, probability)),
        float(average_precision_score(y, probability)),
        float(f1_score(y, probability >= 0.5)),
    ]


# Both


def _samples(rows: pl.DataFrame, splits: pl.DataFrame) -> Samples:
    return build_samples(rows, splits, features=FEATURES, kind="single_step", slices=1)


def _recipe(model: dict[str, Any], seed: int) -> Recipe:
    return Recipe(
        shape=model_shape(model, inputs=len(FEATURES)),
        settings=training_settings(model),
        features=len(FEATURES),
        scaler=model["scaler"],
        impute="none",
        seed=seed,
    )


def _probability(found: Fit, samples: Samples, rows: np.ndarray) -> np.ndarray:
    mask = samples.mask[rows]
    scaled = torch.as_tensor(found.preprocessing(samples.x[rows], mask))
    return found.trained.model.probability(scaled, torch.as_tensor(mask.sum(axis=1) - 1)).numpy()


if __name__ == "__main__":
    main()
