"""Trials per minute of one and of two workers that share a study, and that both find the same.

    python benchmarks/tuning.py --trials 24

The workers are processes of their own, as the workflow starts them; rounds of one and of two
alternate. Wall time counts from the first trial's begin to the last one's end, as the journal has
them: imports cost seconds once, trials go on for hours. On cores that others use it says more of
the others than of the workers. The processor time of a trial (all workers', less that of a worker
that finds nothing to do) then tells whether two workers get in each other's way: with equal times
two idle cores give twice the trials per minute.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from support.defaults import CONFIG  # pyright: ignore[reportMissingImports]

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"


FEATURES = ["area", "gray_level", "contrast", "eccentricity"]
MODEL: dict[str, Any] = CONFIG["model"] | {
    "units": [64, 32],
    "dropout": 0.2,
    "members": 1,
    "batch_size": 500,
    "device": "cpu",
}
FIXED = {"seed": 1, "protocol": "honest", "code": ""}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--rows", type=int, default=8000, help="candidates")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    seconds: dict[int, list[float]] = {1: [], 2: []}
    cpu: dict[int, list[float]] = {1: [], 2: []}
    tables = set()
    for _ in range(options.rounds):
        for workers in seconds:
            with tempfile.TemporaryDirectory() as folder:
                wall, used, table = tune(Path(folder), workers, options.trials, options.rows)
            seconds[workers].append(wall)
            cpu[workers].append(used / options.trials)
            tables.add(table)
    print(
        "| workers | trials per minute | ratio | CPU s per trial | ratio |\n|---|---|---|---|---|"
    )
    for workers in seconds:
        rate, one = (60 * options.trials / median(seconds[w]) for w in (workers, 1))
        cost = median(cpu[workers])
        shares = f"{rate / one:.2f} | {cost:.2f} | {cost / median(cpu[1]):.2f}"
        print(f"| {workers} | {rate:.1f} | {shares} |")
    print("\nequal trials:", "yes" if len(tables) == 1 else "no")


def tune(folder: Path, workers: int, trials: int, rows: int) -> tuple[float, float, bytes]:
    """Return wall and CPU seconds of a study's trials with so many *workers*, and their table."""
    from tomocalc.parquet import write_parquet

    candidates, splits = make_tables(rows)
    tables = {"candidates": f"{folder}/candidates.parquet", "splits": f"{folder}/splits.parquet"}
    write_parquet(tables["candidates"], candidates)
    write_parquet(tables["splits"], splits)
    shared = {"study": f"{folder}/study.json", "journal": f"{folder}/study.journal"}
    settings = {"features": FEATURES, "sequence": {"kind": "single_step", "slices": 1}}
    settings |= {
        "settings": CONFIG["tuning"] | {"trials": trials},
        "model": MODEL,
        "impute": "none",
    }
    _wait([_start("create_study", tables | shared | settings | FIXED)])
    used, idle = (
        _wait(
            [
                _start("tune_lstm", tables | shared | {"done": f"{folder}/{worker}.json"})
                for worker in range(workers)
            ]
        )
        for _ in range(2)  # the second time there is nothing left to do
    )
    out = {"trials": f"{folder}/trials.parquet", "best": f"{folder}/best.json"}
    page = {"page": f"{folder}/tuning.html", "source": "table"}
    _wait([_start("select_hyperparameters", shared | out | page)])
    timeline = pl.read_csv(folder / "timeline.tsv", separator="\t")
    begin, end = (
        datetime.fromisoformat(str(timeline[column].sort()[row]))
        for column, row in (("started", 0), ("ended", -1))
    )
    return (end - begin).total_seconds(), used - idle, Path(out["trials"]).read_bytes()


def make_tables(rows: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return candidates of noise with a signal, and a split of them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, len(FEATURES)))
    label = (x.sum(axis=1) + rng.normal(size=rows) > 3.5).astype(np.int8)
    keys = {"volume_id": ["v"] * rows, "candidate_id": np.arange(rows, dtype=np.int32)}
    candidates = pl.DataFrame(
        keys
        | {"slice": np.zeros(rows, np.int32), "focus": np.ones(rows, bool)}
        | dict(zip(FEATURES, x.T, strict=True))
    )
    part = np.where(np.arange(rows) % 4 == 0, "validation", "train")
    fold = (np.arange(rows) % 5).astype(np.int8)
    copy = np.zeros(rows, np.int32)
    return candidates, pl.DataFrame(
        keys | {"label": label, "part": part, "fold": fold, "copy": copy}
    )


def _start(script: str, arguments: dict[str, Any]) -> subprocess.Popen[bytes]:
    code = f"import json, sys, {script} as s; s.main(**json.loads(sys.argv[1]))"
    return subprocess.Popen(
        [sys.executable, "-c", code, json.dumps(arguments)],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.DEVNULL,
    )


def _wait(processes: list[subprocess.Popen[bytes]]) -> float:
    """Wait for *processes* and return the CPU seconds that they used."""
    used = 0.0
    for process in processes:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit("a process failed")
        used += usage.ru_utime + usage.ru_stime
    return used


if __name__ == "__main__":
    main()
