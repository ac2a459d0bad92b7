"""Trials per minute of a study on one core and on two, and what a job for each trial costs.

    python benchmarks/tuning.py --trials 24

Snakemake runs the study as users run it, on one and on two cores in turn; wall time counts from its
start to its end. Beside them stands the same study in one process, without files and without jobs.
On cores that others use the wall time says more of the others; the processor time of a trial then
tells whether two trials get in each other's way.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
import torch
import yaml
from measuring import ROOT, head, spend

from support.defaults import CONFIG  # pyright: ignore[reportMissingImports]
from tomocalc.accounts.study import Search, Trial
from tomocalc.model.objective import compute_trial
from tomocalc.model.sequences import build_samples
from tomocalc.parquet import read_parquet, write_parquet

Times = tuple[float, float]
SECTIONS: dict[str, Any] = {
    "features": ["area", "gray_level", "contrast", "eccentricity"],
    "sequence": {"kind": "single_step", "slices": 1},
    "model": {"units": [64, 32], "dropout": 0.2, "batch_size": 500, "device": "cpu"},
}
TABLES = ("results/dataset/candidates", "results/protocols/honest/splits")
RULES = ("run_trial", "select_hyperparameters")


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--rows", type=int, default=8000, help="candidates")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    seen: dict[str, list[Times]] = {"1": [], "2": [], "in one process": []}
    studies: list[list[Trial]] = []
    for _ in range(options.rounds):
        for cores, times in seen.items():
            with tempfile.TemporaryDirectory() as folder:
                make_tables(Path(folder), options.rows)
                if cores.isdigit():
                    found, spent = in_jobs(Path(folder), cores, options.trials)
                else:
                    found, spent = in_one_process(Path(folder), options.trials)
                studies.append(found)
                times.append(spent)
    print(head("cores", "trials per minute", "ratio", "CPU s per trial", "ratio"))
    one = [median(values) for values in zip(*seen["1"], strict=True)]
    for cores, times in seen.items():
        wall, cpu = (median(values) for values in zip(*times, strict=True))
        rate, cost = 60 * options.trials / wall, cpu / options.trials
        print(f"| {cores} | {rate:.1f} | {one[0] / wall:.2f} | {cost:.2f} | {cpu / one[1]:.2f} |")
    print("\nequal trials:", "yes" if all(study == studies[0] for study in studies) else "no")


def in_jobs(folder: Path, cores: str, trials: int) -> tuple[list[Trial], Times]:
    """Run a study as the workflow does; return its trials, wall and CPU seconds."""
    settings = SECTIONS | {"tuning": {"trials": trials}}
    (folder / "study.yaml").write_text(yaml.safe_dump(settings))
    command = ["snakemake", "-s", str(ROOT / "Snakefile"), "--configfile", "study.yaml"]
    command += ["--cores", cores, "--allowed-rules", *RULES, "--", "results/tuning/best.json"]
    spent = spend([sys.executable, "-m", *command], cwd=folder)
    paths = [folder / f"results/tuning/trials/{number}.json" for number in range(trials)]
    return [Trial.read(path) for path in paths], (spent.wall, spent.cpu)


def in_one_process(folder: Path, trials: int) -> tuple[list[Trial], Times]:
    """Compute the same trials one after the other; return them, wall and CPU seconds."""
    started = time.perf_counter(), time.process_time()
    torch.set_num_threads(1)
    tables = [str(folder / f"{path}.parquet") for path in TABLES]
    features: list[str] = SECTIONS["features"]
    samples = build_samples(
        *map(read_parquet, tables), features=features, sequence=SECTIONS["sequence"]
    )
    search = Search.of(CONFIG["tuning"], protocol="honest")
    computed: list[Trial] = []
    for number in range(trials):
        trial = compute_trial(
            number,
            computed[: max(0, number - search.batch + 1)],
            samples,
            search=search,
            model=CONFIG["model"] | SECTIONS["model"],
            features=features,
            sequence=SECTIONS["sequence"],
            impute="none",
            seed=CONFIG["seed"],
            device=torch.device("cpu"),
        )
        computed.append(trial)
    return computed, (time.perf_counter() - started[0], time.process_time() - started[1])


def make_tables(folder: Path, rows: int) -> None:
    """Write candidates of noise with a signal, and a split of them."""
    features: list[str] = SECTIONS["features"]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, len(features)))
    label = (x.sum(axis=1) + rng.normal(size=rows) > 3.5).astype(np.int8)
    keys = {"volume_id": ["v"] * rows, "candidate_id": np.arange(rows, dtype=np.int32)}
    place = {"slice": np.zeros(rows, np.int32), "focus": np.ones(rows, bool)}
    candidates = pl.DataFrame(keys | place | dict(zip(features, x.T, strict=True)))
    part = np.where(np.arange(rows) % 4 == 0, "validation", "train")
    fold = (np.arange(rows) % 5).astype(np.int8)
    split = {"label": label, "part": part, "fold": fold, "copy": np.zeros(rows, np.int32)}
    write_parquet(folder / f"{TABLES[0]}.parquet", candidates)
    write_parquet(folder / f"{TABLES[1]}.parquet", pl.DataFrame(keys | split))


if __name__ == "__main__":
    main()
