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
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import torch
from measuring import head
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from woods_models import (
    CPU,
    FEATURES,
    as_samples,
    distinct_rows,
    peers,
    probability_of,
    recipe_of,
    tuned_lstm,
)

from tomocalc.dataset.splits import split_paper
from tomocalc.experiments.paper import PAPER
from tomocalc.files import read_json, write_json
from tomocalc.model.fitting import fit
from tomocalc.model.forest import probability as to_probability
from tomocalc.model.growing import grow
from tomocalc.model.release import average
from tomocalc.sections import NetworkSection

COUNTS = PAPER.confusion
PAPER_CONFUSION = np.array([[COUNTS.tn, COUNTS.fp], [COUNTS.fn, COUNTS.tp]])
FOLDS = 5
OURS = "LSTM, tuned"
RELEASED = "average of LSTM and trees"
Scores = dict[str, list[float]]
PAPER_MODEL: NetworkSection = {
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


# The paper's protocol


def paper(seeds: range, *, epochs: int) -> None:
    """Train the paper's network for every seed and print its figures beside the paper's."""
    rows = distinct_rows()
    print(head("seed", "accuracy", "true −", "false +", "false −", "true +"))
    print(_confusion_row("paper", PAPER_CONFUSION))
    matrices = []
    for seed in seeds:
        splits = split_paper(rows, seed=seed, test_fraction=0.2, folds=5)
        samples = as_samples(rows, splits)
        train, test = (np.flatnonzero(samples.part == part) for part in ("train", "test"))
        found = fit(
            samples,
            training=train,
            validation=train[:0],
            recipe=recipe_of({**PAPER_MODEL, "epochs": epochs}, seed),
            device=CPU,
        )
        flagged = probability_of(found, samples, test) >= 0.5
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
    x = x.astype(np.float32)
    odds = grow(x[train], y[train].astype(np.float32), seed=seed).log_odds(x[test])
    scores["trees of the release"] = _scores(y[test], to_probability(odds))
    both = to_probability(average(probability, odds, shift=0.0))
    scores[RELEASED] = _scores(y[test], both)
    print(f"chosen: {chosen}", file=sys.stderr, flush=True)
    return scores


def _print_scores(folds: list[Scores]) -> None:
    """Print mean ± deviation over *folds*, and the release's lead with its standard error."""
    names = ("AUROC", "average precision", "F1 at 0.5")
    columns = [*names, *(f"the average's lead in {name}" for name in names[:2]), "folds ahead"]
    print(head("model", *columns))
    for model in folds[0]:
        values, ours = (np.array([fold[name] for fold in folds]) for name in (model, RELEASED))
        cells = [f"{v.mean():.3f} ± {v.std():.3f}" for v in values.T]
        lead = (ours - values)[:, :2]
        # the folds' training rows overlap: variance corrected after Nadeau and Bengio (2003)
        error = lead.std(axis=0, ddof=1) * np.sqrt(1 / len(folds) + 1 / (FOLDS - 1))
        cells += [
            "" if model == RELEASED else f"{m:+.3f} ± {e:.3f}"
            for m, e in zip(lead.mean(axis=0), error, strict=True)
        ]
        cells.append("" if model == RELEASED else str(int((lead[:, 1] > 0).sum())))
        print(f"| {model} | " + " | ".join(cells) + " |")


def _scores(y: np.ndarray, probability: np.ndarray) -> list[float]:
    return [
        float(roc_auc_score(y, probability)),
        float(average_precision_score(y, probability)),
        float(f1_score(y, probability >= 0.5)),
    ]


if __name__ == "__main__":
    main()
