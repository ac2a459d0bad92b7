"""Feature models on the reference table under both protocols: figures, and what they cost.

    python benchmarks/comparison.py mammography.csv [trials]

The table is the one of config/paper.yaml. CPU seconds of one thread: a machine's other work does
not count.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from measuring import head

from fit_feature_models import samples_of
from tomocalc.comparison.catalogue import NAMES
from tomocalc.comparison.feature_models import FEATURE_MODELS
from tomocalc.comparison.fitting import fold_figures, tune_and_fit
from tomocalc.dataset.feature_table import read_feature_table
from tomocalc.dataset.splits import split_honest, split_paper, usable_candidates
from tomocalc.tables import PAPER_FEATURES

FEATURES: list[str] = list(PAPER_FEATURES)


def main(path: str, trials: int = 12) -> None:
    table, _ = read_feature_table(
        path,
        header=False,
        features={name: f"column_{place + 1}" for place, name in enumerate(FEATURES)},
        label="column_7",
        positive="'1'",
        negative=None,
        patient_id=None,
        site=None,
        unlabelled="fail",
    )
    focus = usable_candidates(table, used=FEATURES, duplicates="drop")
    shared = {"seed": 1, "test_fraction": 0.2, "folds": 5}
    splits = {
        "paper": split_paper(focus, **shared),
        "honest": split_honest(focus, **shared, validation_fraction=0.2),
    }
    print(head("model", "protocol", "accuracy", "AUROC", "AP", "F1", "trials", "CPU s"))
    total = 0.0
    for protocol, rows in splits.items():
        data = samples_of(table, rows, features=FEATURES, impute="none")
        test = np.flatnonzero(data.samples.part == "test")
        for key, model in FEATURE_MODELS.items():
            started = time.process_time()
            fitted = tune_and_fit(
                key,
                model,
                data,
                trials=trials,
                objective="average_precision",
                threshold="half",
                seed=1,
            )
            spent = time.process_time() - started
            total += spent
            found = fold_figures(data.label(test), fitted.scores[test])
            print(
                f"| {NAMES[key]} | {protocol} | {found['accuracy']:.3f} | {found['auroc']:.3f} | "
                f"{found['average_precision']:.3f} | {found['f1']:.3f} | {fitted.trials} | "
                f"{spent:.1f} |",
                flush=True,
            )
    print(f"\nIn all {total:.0f} CPU seconds, searches and final fits of both protocols.")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
