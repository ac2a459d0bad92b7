"""The exploration page: seconds, memory and size, on the paper's table and on a million rows.

    TOMOCALC_TEST_DATA=<folder with woods/mammography.csv> python benchmarks/eda.py [PEER]

PEER is a Python interpreter with ydata-profiling, whose full report of the paper's table is the
peer. Without the folder only the million rows are measured. Every figure is of a fresh process
that reads the data set, computes and writes page and data; imports are included.
"""

import json
import os
import re
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import SCRIPTS, head, spend

from support.defaults import CONFIG, PAPER  # pyright: ignore[reportMissingImports]
from support.table_data import merge_and_split  # pyright: ignore[reportMissingImports]
from tomocalc.tables import PAPER_FEATURES

ROWS = 1_000_000
RUNS = 3
OURS = """
import json, sys
sys.path.insert(0, {scripts!r})
import explore_dataset
explore_dataset.main(**json.loads({arguments!r}))
"""
PEAK = """
print("peak", next(x for x in open("/proc/self/status") if x.startswith("VmHWM")).split()[1])
"""
PEER = """
import warnings
warnings.simplefilter("ignore")
import pandas as pd
from ydata_profiling import ProfileReport
ProfileReport(pd.read_csv({table!r}), progress_bar=False).to_file({page!r})
"""


def million(path: Path) -> None:
    """Write a feature table of skewed, correlated features, 5,000 patients, three sites."""
    draw = np.random.default_rng(0)
    label = (draw.random(ROWS) < 0.03).astype(np.int8)
    shared = draw.normal(size=ROWS)
    features = {
        name: np.exp(0.5 * draw.normal(size=ROWS) + 0.3 * shared + 0.4 * label)
        for name in PAPER_FEATURES
    }
    patient = np.arange(ROWS) // 200
    names = {"patient": patient.astype(str), "site": (patient % 3).astype(str)}
    pl.DataFrame({**features, "label": label, **names}).write_parquet(path)


def prepare(folder: Path, table: dict[str, Any], protocol: str) -> dict[str, Any]:
    """Merge and split a table, and return the arguments of ``explore_dataset``."""
    features: list[str] = list(PAPER_FEATURES)
    paths = merge_and_split(
        folder,
        table["path"],
        columns=table,
        features=features,
        protocol=protocol,
        config=CONFIG,
    )
    written = {"page": str(folder / "eda.html"), "data": str(folder / "eda.json")}
    return {**paths, **written, "features": features, "settings": CONFIG["eda"]}


def measured(python: str, code: str) -> tuple[float, float, float]:
    """Run *code* and return wall seconds, processor seconds and peak memory in MB."""
    # the peak is asked of the process itself: that of a child would include its parent's
    spent = spend([python, "-c", f"{code}\n{PEAK}"], variables={"PYTHONWARNINGS": "ignore"})
    (peak,) = re.findall(r"^peak (\d+)$", spent.text, re.MULTILINE)
    return spent.wall, spent.cpu, int(peak) / 1024


def report(what: str, python: str, code: str, page: Path) -> None:
    """Print one line of the table: medians of all runs, the largest peak."""
    wall, cpu, memory = zip(*(measured(python, code) for _ in range(RUNS)), strict=True)
    print(
        f"| {what} | {statistics.median(wall):.2f} | {statistics.median(cpu):.2f} "
        f"| {max(memory):.0f} | {page.stat().st_size / 1e6:.2f} |",
        flush=True,
    )


def ours(arguments: dict[str, Any]) -> str:
    """Return the code that explores a prepared data set."""
    return OURS.format(scripts=str(SCRIPTS), arguments=json.dumps(arguments))


def main(peer: str | None) -> None:
    """Print the table."""
    print(head("what", "wall s", "CPU s", "peak MB", "page MB"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if data := os.environ.get("TOMOCALC_TEST_DATA"):
            woods = PAPER["table"] | {"path": f"{data}/woods/mammography.csv"}
            arguments = prepare(folder, woods, "paper")
            page = Path(arguments["page"])
            report("tomocalc, 11,183 rows × 6", sys.executable, ours(arguments), page)
            if peer:
                table, other = folder / "plain.csv", folder / "peer.html"
                columns: list[str] = [*PAPER_FEATURES, "label"]
                pl.read_parquet(arguments["candidates"], columns=columns).write_csv(table)
                code = PEER.format(table=str(table), page=str(other))
                report("ydata-profiling, 11,183 rows × 6", peer, code, other)
        million(folder / "million.parquet")
        table = {
            "path": str(folder / "million.parquet"),
            "features": {feature: feature for feature in PAPER_FEATURES},
            "label": "label",
            "positive": "1",
            "negative": None,
            "patient_id": "patient",
            "site": "site",
        }
        arguments = prepare(folder, table, "honest")
        page = Path(arguments["page"])
        report("tomocalc, 1,000,000 rows × 6", sys.executable, ours(arguments), page)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
