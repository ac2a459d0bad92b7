"""Small candidates and splits tables for the tests of the model."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from support.defaults import CONFIG
from support.processes import SCRIPTS
from tomocalc.accounts.study import Best, Chosen, Search
from tomocalc.parquet import write_parquet
from tomocalc.tables import FEATURES, KEYS, LABELS, PLACE, schema

NAMES = ["area", "gray_level", "contrast"]

MODEL: dict[str, Any] = CONFIG["model"] | {
    "units": [8, 4],
    "members": 1,
    "schedule": "constant",
    "batch_size": 32,
    "epochs": 6,
    "patience": 3,
    "imbalance": "class_weights",
    "scaler": "standard",
    "device": "cpu",
    "checkpoint_every": 2,
}
TUNING: dict[str, Any] = CONFIG["tuning"] | {
    "trials": 9,
    "learning_rate": [1.0e-3, 1.0e-1],
    "layers": [1, 2],
    "units": [4, 8],
    "epochs": 2,
}
SEQUENCE: dict[str, Any] = {"kind": "slices", "slices": 3}


def make_candidates(*, volumes: int = 6, per_volume: int = 20, slices: int = 5) -> pl.DataFrame:
    """One row per candidate and slice; calcifications differ in contrast at their focus."""
    rng = np.random.default_rng(7)
    rows: list[dict[str, Any]] = []
    for volume in range(volumes):
        for candidate in range(per_volume):
            label = int(candidate % 4 == 0)
            focus = int(rng.integers(slices))
            for z in range(slices):
                signal = 2.0 * label / (1 + abs(z - focus))
                rows.append(
                    {
                        "volume_id": f"v{volume}",
                        "candidate_id": candidate,
                        "slice": z,
                        "patient_id": f"p{volume}",
                        "detected": True,
                        "focus": z == focus,
                        "qc_flag": "ok",
                        "site": "",
                        "label": label,
                        "area": rng.normal(10, 2),
                        "gray_level": rng.normal(100, 20),
                        "contrast": rng.normal(5, 1) + signal,
                    }
                )
    return pl.DataFrame(rows, schema=schema(KEYS + PLACE + FEATURES + LABELS))


def make_splits(candidates: pl.DataFrame, *, folds: int = 3) -> pl.DataFrame:
    """One row per candidate: the last volume is the test, the one before the validation."""
    table = candidates.unique(["volume_id", "candidate_id"], maintain_order=True)
    number = pl.col("volume_id").str.slice(1).cast(pl.Int32)
    last = number.max()
    part = (
        pl.when(number == last)
        .then(pl.lit("test"))
        .when(number == last - 1)
        .then(pl.lit("validation"))
        .otherwise(pl.lit("train"))
    )
    return table.select(
        "volume_id",
        "candidate_id",
        "patient_id",
        group=number,
        label="label",
        part=part,
        fold=pl.when(number == last).then(-1).otherwise(number % folds).cast(pl.Int8),
        copy=pl.lit(0, pl.Int32),
    )


def write_tables(folder: Path) -> dict[str, Any]:
    """Write both tables and return their paths as script arguments."""
    candidates = make_candidates()
    paths = {name: str(folder / f"{name}.parquet") for name in ("candidates", "splits")}
    write_parquet(paths["candidates"], candidates)
    write_parquet(paths["splits"], make_splits(candidates))
    return paths


def chosen(*, trials: int = 1, failed: int = 0, **model: Any) -> Best:
    """A finished study that has chosen these values of the model, else those of `MODEL`."""
    values = MODEL | model
    return Best(
        trial=0,
        value=0.75,
        parameters={},
        model=Chosen(
            learning_rate=values["learning_rate"],
            dropout=values["dropout"],
            units=tuple(values["units"]),
        ),
        trials=trials,
        failed=failed,
        search=Search.of(TUNING, protocol="honest"),
    )


def training(folder: Path, **changes: Any) -> dict[str, Any]:
    """Return the arguments of a training on the tables in *folder*, which writes into it too."""
    best = folder / "best.json"
    if not best.exists():
        chosen(**changes.get("model", MODEL)).write(best)
    splits = changes.get("splits", str(folder / "splits.parquet"))
    given: dict[str, Any] = {
        "candidates": str(folder / "candidates.parquet"),
        "splits": splits,
        "tuned_on": splits,
        "best": str(best),
        "protocol": "honest",
        "run_protocol": "honest",
        "features": NAMES,
        "sequence": SEQUENCE,
        "model": MODEL,
        "impute": "none",
        "threshold": "max_f1",
        "seed": 1,
        "code": "c",
        "checkpoint": str(folder / "logs/checkpoint.pt"),
    }
    out = Path(changes.pop("out", folder / "model"))
    files = {"weights": "model.safetensors", "card": "model.json"}
    files |= {name: f"{name}.parquet" for name in ("history", "scores")}
    return given | {key: str(out / file) for key, file in files.items()} | changes


def start(script: str, arguments: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Run a script's `main` in a process of its own, which a test may kill."""
    code = f"import json, sys, {script} as s; s.main(**json.loads(sys.argv[1]))"
    return subprocess.Popen(
        [sys.executable, "-c", code, json.dumps(arguments)],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS), "OMP_NUM_THREADS": "1"},
    )
