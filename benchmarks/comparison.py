"""Feature models on a table under both protocols: figures, and what they cost.

    python benchmarks/comparison.py mammography.csv [trials]
    python benchmarks/comparison.py radiomics [trials]

The first table is the one of config/paper.yaml; the other one is simulated, of the shape of a
study of radiomics. CPU seconds of one thread: a machine's other work does not count.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
from measuring import head

from fit_feature_models import samples_of
from tomocalc.comparison.catalogue import NAMES
from tomocalc.comparison.feature_models import FEATURE_MODELS
from tomocalc.comparison.fitting import fold_figures, tune_and_fit
from tomocalc.dataset.feature_table import read_feature_table
from tomocalc.dataset.splits import split_honest, split_paper, usable_candidates
from tomocalc.sections import TableSection
from tomocalc.tables import PAPER_FEATURES

ROWS, COLUMNS, PATIENTS, CAUSES = 3_500, 150, 800, 12
"""Of the simulated table; its columns are noisy mixtures of so many causes."""
NONE: dict[str, Any] = {"negative": None, "cluster": None, "site": None}
REFERENCE: dict[str, Any] = {
    "header": False,
    "features": {name: f"column_{place + 1}" for place, name in enumerate(PAPER_FEATURES)},
    "label": "column_7",
    "positive": "'1'",
    "patient_id": None,
    **NONE,
}


def main(path: str, trials: int = 12) -> None:
    with tempfile.TemporaryDirectory() as folder:
        columns = REFERENCE
        if path == "radiomics":
            path, columns = simulated(Path(folder, "radiomics.csv"))
        table, _ = read_feature_table(path, cast("TableSection", columns), unlabelled="fail")
    features = list(columns["features"])
    focus = usable_candidates(table, used=features, duplicates="drop")
    shared = {"seed": 1, "test_fraction": 0.2, "folds": 5}
    splits = {
        "paper": split_paper(focus, **shared),
        "honest": split_honest(focus, **shared, validation_fraction=0.2),
    }
    print(head("model", "protocol", "accuracy", "AUROC", "AP", "F1", "trials", "CPU s"))
    total = 0.0
    for protocol, rows in splits.items():
        data = samples_of(table, rows, features=features, impute="none")
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
            found = fold_figures(data.samples.y[test], fitted.scores[test])
            print(
                f"| {NAMES[key]} | {protocol} | {found['accuracy']:.3f} | {found['auroc']:.3f} | "
                f"{found['average_precision']:.3f} | {found['f1']:.3f} | {fitted.trials} | "
                f"{spent:.1f} |",
                flush=True,
            )
    print(f"\nIn all {total:.0f} CPU seconds, searches and final fits of both protocols.")


def simulated(path: Path) -> tuple[str, dict[str, Any]]:
    """Write a table of radiomics with a pathology per lesion; return it and its map of columns."""
    draw = np.random.default_rng(1)
    patient = draw.integers(PATIENTS, size=ROWS)
    cause = draw.normal(size=(PATIENTS, CAUSES))[patient] + draw.normal(size=(ROWS, CAUSES))
    malignant = cause[:, :3].sum(axis=1) + 2 * draw.normal(size=ROWS) > 1.5
    x = cause @ draw.normal(size=(CAUSES, COLUMNS)) + 2 * draw.normal(size=(ROWS, COLUMNS))
    names = [f"original_feature_{place}" for place in range(COLUMNS)]
    table = pl.DataFrame(x, schema=names).with_columns(
        patient=pl.Series([f"P{number}" for number in patient]),
        pathology=pl.Series(np.where(malignant, "MALIGNANT", "BENIGN")),
    )
    table.write_csv(path)
    told = {"label": "pathology", "positive": "MALIGNANT", "patient_id": "patient"}
    return str(path), {"header": True, "features": {name: name for name in names}, **NONE, **told}


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
