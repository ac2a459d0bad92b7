"""What it takes to use the package: installing it, an audit, a prediction, each from nothing.

    python benchmarks/installing.py

The environments are made with venv and hold nothing else; pip fetches what its cache lacks. The
table that is audited has 6 features, 4 rows a patient and a split by patient; all questions are
asked, with the default number of permutations. The volume is that of ``tomocalc demo``. A row whose
first cell names an environment is a process of its own, started from the command line; *again* is
the second call, when files and compiled modules are in the system's memory.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from measuring import ROOT, Spent, head, row, spend

from support.predictions import released

FEATURES = 6
SIZES = (8_000, 1_000_000)
COLUMNS = ("--label", "label", "--patient", "patient")


def write_table(path: Path, rows: int) -> None:
    """Write a table whose patients are dealt to the parts as a whole."""
    generator = np.random.default_rng(rows)
    patient = np.arange(rows) // 4
    label = generator.random(rows) < 0.1
    parts = generator.permutation(patient[-1] + 1) % 4 == 0
    values = {f"f{number}": generator.normal(label * 0.5) for number in range(FEATURES)}
    part = np.where(parts[patient], "test", "train")
    pl.DataFrame(
        {"patient": [f"P{one}" for one in patient], **values, "label": label.astype(int)}
    ).with_columns(part=pl.Series(part.tolist())).write_csv(path)


def source(folder: Path) -> Path:
    """Copy what pip builds the package from: building leaves files beside it."""
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    package = "workflow/scripts/tomocalc"
    shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def environment(folder: Path, package: Path, extra: str) -> tuple[Path, Spent]:
    """Make an environment and install the package; return its programs, and what pip took."""
    spend([sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet"]
    took = spend([*pip, "--disable-pip-version-check", f"{package}[{extra}]"])
    return folder / "bin/tomocalc", took


def packages(folder: Path) -> None:
    """Print what every package of the audit costs alone: its files, then compiling its modules."""
    for name in ("numpy", "polars", "pykdtree", "msgspec"):
        python = str(folder / name / "bin/python")
        spend([sys.executable, "-m", "venv", str(folder / name)])
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        alone = [] if name == "polars" else ["--no-deps"]  # the other half of polars is one
        told(f"{name} alone, not compiled", spend([*pip, *alone, "--no-compile", name]))
        held = next((folder / name / "lib").glob("*/site-packages"))
        modules = [str(path) for path in held.iterdir() if path.name.startswith(name)]
        told(f"{name}, compiling it", spend([python, "-m", "compileall", "-q", *modules]))


def told(what: str, took: Spent) -> None:
    """Print one row."""
    print(row(what, f"{took.wall:.1f}", f"{took.cpu:.1f}"), flush=True)


def main() -> None:
    print(head("what", "wall s", "CPU s"))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        package = source(folder / "source")
        tool, took = environment(folder / "audit", package, "audit")
        told("`pip install '.[audit]'`", took)
        for rows in SIZES:
            table = folder / f"{rows}.csv"
            write_table(table, rows)
            call = [str(tool), "audit", str(table), *COLUMNS, "--out", str(folder / f"{rows}")]
            told(f"audit of {rows:,} × {FEATURES}", spend(call, cwd=folder))
            told(f"audit of {rows:,} × {FEATURES}, again", spend(call, cwd=folder))
        packages(folder)
        released(folder)
        tool, took = environment(folder / "predict", package, "predict")
        told("`pip install '.[predict]'`", took)
        spend([str(tool), "demo", "--out", "demo"], cwd=folder)
        call = [str(tool), "predict", "demo/P001-LCC.dcm", "--model", "model", "--simulated"]
        told("predict, marks alone", spend(call, cwd=folder))
        told("predict, with page and DICOM objects", spend([*call, "--out", "out"], cwd=folder))


if __name__ == "__main__":
    main()
