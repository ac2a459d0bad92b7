"""What Snakemake costs beside the work: `python benchmarks/scale.py [VOLUMES ...]`.

For each number of volumes: seconds of processor time and megabytes of a dry run of everything,
seconds of a run with nothing to do (median of three), and seconds per job of a run whose jobs do
nothing. Volumes are one file each, or with `--slices 60` folders of that many; other batches than
the usual by `--per-job 1`; only the dry run by `--dry`. Snakemake runs as with `requirements.lock`:
without the plugin for Slurm, which the tests need and a user at home has not, and without the
pandas that comes with it (`--slurm` keeps both). `--touch` without its tenth of a second of sleep
per job.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from measuring import head

from support.projects import copy_project

HEADER = "volume_id\tpatient_id\tlaterality\tview\tpath\tpixel_spacing_mm\tslice_spacing_mm\n"
AT_HOME = """
import importlib.util, pkgutil
modules, spec = pkgutil.iter_modules, importlib.util.find_spec
pkgutil.iter_modules = lambda *given: (m for m in modules(*given) if "plugin_slurm" not in m.name)
importlib.util.find_spec = lambda name, *given: None if name == "pandas" else spec(name, *given)
"""
START = """
import sys, time
if "--touch" in sys.argv:
    time.sleep = lambda seconds: None
from snakemake.cli import main
main()
"""
IDLE = """\
from pathlib import Path

if __name__ == "__main__":
    for path in [*snakemake.output, *snakemake.log]:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("nothing")
"""


def project(folder: Path, volumes: int, slices: int) -> Path:
    """Write a project of volumes that are hardly more than a name."""
    copy_project(folder)
    raw = folder / "raw"
    raw.mkdir()
    shared = folder / "shared"
    shared.mkdir()
    for number in range(slices):
        (shared / f"{number:04d}.png").write_text("slice")
    lines = [HEADER]
    for number in range(volumes):
        path = raw / f"v{number:05d}"
        if slices:
            path.symlink_to(shared)
        else:
            path.write_text("volume")
        lines.append(f"v{number:05d}\tp{number // 2:05d}\tL\tCC\traw/v{number:05d}\t0.1\t1\n")
    (folder / "volumes.tsv").write_text("".join(lines))
    findings = [f"v{4 * number:05d}\t0\t9\t9\t3\tcalcification\n" for number in range(volumes // 4)]
    (folder / "annotations.tsv").write_text(
        "".join(["volume_id\tslice\tx\ty\tradius\tkind\n", *findings])
    )
    (folder / "own.yaml").write_text(
        "source: volumes\nvolumes: {sheet: volumes.tsv, annotations: annotations.tsv}\n"
    )
    for script in (folder / "workflow/scripts").glob("*.py"):
        script.write_text(IDLE)
    return folder


def snakemake(folder: Path, *arguments: str, slurm: bool = False) -> tuple[float, float, str]:
    """Run Snakemake; return processor seconds, megabytes at the peak, and what it printed."""
    start = START if slurm else AT_HOME + START
    command = [sys.executable, "-c", start, *arguments, "--configfile", "own.yaml"]
    output = folder / "output.txt"
    with output.open("w") as stream:
        child = subprocess.Popen(command, cwd=folder, stdout=stream, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
    text = output.read_text()
    if status:
        raise SystemExit(text[-3000:])
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text


def finish(folder: Path, *arguments: str) -> None:
    """Make every output as if the whole graph had run."""
    text = snakemake(folder, "--dry-run", *arguments)[2]
    for line in re.findall(r"^    output: (.*)$", text, re.MULTILINE):
        for path in line.split(", "):
            file = folder / path.split(" (")[0]
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.suffix:
                file.write_text("nothing")
            else:
                file.mkdir()
    snakemake(folder, "--touch", "--forceall", "--cores", "1", *arguments)


def measure(
    volumes: int,
    slices: int,
    batch: tuple[str, ...],
    *,
    jobs: bool,
    dry_only: bool,
    slurm: bool,
) -> str:
    """Return one row of the table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = project(Path(temporary) / "project", volumes, slices)
        dry, peak, text = snakemake(folder, "--dry-run", "--quiet", "all", *batch, slurm=slurm)
        count = re.findall(r"^total +(\d+)", text, re.MULTILINE)[0]
        each = "–"
        if dry_only:
            return f"| {volumes:,} | {count} | {dry:.1f} | {peak:.0f} | – | – | – |"
        if jobs:
            alone = [f"results/batches/v{number:05d}.json" for number in range(100)]
            begun = time.monotonic()
            used = snakemake(folder, *alone, "--cores", "1", "--quiet", "all", *batch)[0]
            wall = time.monotonic() - begun
            each = f"{1000 * used / 100:.0f} ({1000 * wall / 100:.0f} ms of the clock)"
            shutil.rmtree(folder / "results")
        begun = time.monotonic()
        finish(folder, *batch)
        touched = time.monotonic() - begun
        idle = []
        for _ in range(3):
            used, _, text = snakemake(folder, "--cores", "1", *batch, slurm=slurm)
            if "Nothing to be done" not in text:
                raise SystemExit(text[-3000:])
            idle.append(used)
        return (
            f"| {volumes:,} | {count} | {dry:.1f} | {peak:.0f} | {median(idle):.1f} | {each} "
            f"| {touched:.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("volumes", nargs="*", type=int, default=[100, 1000, 10_000, 20_000])
    parser.add_argument("--slices", type=int, default=0, help="slices of a folder; 0: one file")
    parser.add_argument("--per-job", type=int, default=4, help="volumes per job, on average")
    parser.add_argument(
        "--dry", action="store_true", help="only plan, do not finish and plan again"
    )
    parser.add_argument("--slurm", action="store_true", help="with the plugin for Slurm and pandas")
    parser.add_argument("--jobs", action="store_true", help="also run 100 volumes that do nothing")
    chosen = parser.parse_args()
    batch = ("--config", f"volumes_per_job={chosen.per_job}")
    print(head("volumes", "jobs", "dry run s", "MB", "no-op s", "per volume ms", "--touch s"))
    for volumes in chosen.volumes:
        row = measure(
            volumes,
            chosen.slices,
            batch,
            jobs=chosen.jobs,
            dry_only=chosen.dry,
            slurm=chosen.slurm,
        )
        print(row, flush=True)


if __name__ == "__main__":
    main()
