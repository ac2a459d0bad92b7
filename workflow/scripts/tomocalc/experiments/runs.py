"""Several finished runs side by side: figures, what was set differently, paired differences."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tomocalc.accounts.experiments import RunComparison, RunData, RunFacts, RunTest
from tomocalc.accounts.figures import Paired
from tomocalc.accounts.metrics import MetricsAccount
from tomocalc.accounts.quality import QualityAccount
from tomocalc.errors import TomocalcError, fault
from tomocalc.evaluation.weighted import paired_figures
from tomocalc.model.card import ModelCard
from tomocalc.parquet import read_parquet

KEY = ["volume_id", "candidate_id", "copy"]


def read_run(folder: Path, name: str) -> RunFacts:
    """Return what a results folder says of its run.

    Raises
    ------
    TomocalcError
        ``E104`` when the folder holds no finished run.
    """
    try:
        metrics = MetricsAccount.read(folder / "evaluation/metrics.json")
        card = ModelCard.read(folder / "model/model.json")
        quality = QualityAccount.read(folder / "dataset/quality.json")
    except (OSError, ValueError, TomocalcError) as error:
        why = f"it is no folder of a finished run ({type(error).__name__})"
        raise fault("run_not_comparable", name, why) from error
    extraction = card.domain and card.domain.extraction
    measured = extraction and extraction.settings
    settings = {
        "source": metrics.source,
        "protocol": metrics.protocol,
        "release": metrics.released,
        "features": card.reads,
        "sequence": card.sequence,
        "model": {**card.training, "scaler": card.preprocessing.scaler},
        "threshold": card.threshold.rule,
        "measured with": measured.as_dict() if measured else {},
    }
    test = metrics.test
    return RunFacts(
        name=name,
        settings=flat(settings),
        data=RunData(
            candidates=quality.candidates, positives=quality.positives, patients=quality.patients
        ),
        test=RunTest(n=test.n, positives=test.positives, metrics=test.metrics),
    )


def flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested settings as one level of ``a.b`` keys with written values."""
    found: dict[str, str] = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, Mapping):
            found |= flat(item, f"{name}.")
        else:
            found[name] = ", ".join(map(str, item)) if isinstance(item, list) else str(item)
    return found


def differing(runs: Sequence[Mapping[str, str]]) -> dict[str, tuple[str | None, ...]]:
    """Return the settings, flat, that are not the same in all runs: key to one value per run."""
    keys = dict.fromkeys(key for run in runs for key in run)
    values = {key: tuple(run.get(key) for run in runs) for key in keys}
    return {key: row for key, row in values.items() if len(set(row)) > 1}


def paired(
    first: pl.DataFrame, other: pl.DataFrame, *, confidence: float
) -> dict[str, Paired] | None:
    """Return figures of two runs on the same test rows, and the other's lead over the first.

    Both are ``predictions.parquet``. None when the test rows or their labels differ, or a class
    is missing: a difference would then be one of the data as well.
    """
    one, two = (table.filter(pl.col("part") == "test").sort(KEY) for table in (first, other))
    if not one.select(*KEY, "label").equals(two.select(*KEY, "label")):
        return None
    label = one["label"].to_numpy()
    if label.min(initial=1) == label.max(initial=0):
        return None
    patient = one["patient_id"]
    named = bool((patient != "").all())
    group = (patient.rank("dense") - 1).to_numpy() if named else np.arange(one.height)
    scores = two["probability"].to_numpy(), one["probability"].to_numpy()
    return paired_figures(label, scores, group.astype(np.int32), confidence=confidence)


def compare(folders: Sequence[Path], names: Sequence[str], *, confidence: float) -> RunComparison:
    """Return the facts of all runs, their differing settings, and each one's lead over the first.

    Raises
    ------
    TomocalcError
        ``E104`` for a folder without a finished run.
    """
    runs = [read_run(folder, name) for folder, name in zip(folders, names, strict=True)]
    tables = [read_parquet(folder / "evaluation/predictions.parquet") for folder in folders]
    leads = [paired(tables[0], table, confidence=confidence) for table in tables[1:]]
    return RunComparison(
        runs=tuple(runs),
        differing=differing([run.settings for run in runs]),
        leads=(None, *leads),
        confidence=confidence,
    )
