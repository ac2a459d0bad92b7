"""A copy of the project in which Snakemake really runs."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from support.snakemake_server import PATIENCE, snakemake_at_once

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "config", "envs", "profiles", "workflow")

TINY = """\
phantom: {patients: 6, rows: 160, columns: 128, slices: 8, calcified_fraction: 0.5}
split: {folds: 2, test_fraction: 0.34, validation_fraction: 0.25}
model: {units: [8, 4], epochs: 2}
tuning: {trials: 2, epochs: 1, layers: [1, 2], units: [4, 8]}
comparison: {trials: 1}
audit: {permutations: 100}
"""
"""The whole graph on volumes of a thumbnail's size, and models of a few cells."""

TINY_VOLUMES = 12
"""How many volumes that are."""


@dataclass(frozen=True)
class Project:
    """A copy of the project in which anything may be changed."""

    folder: Path
    python: str = sys.executable
    """Interpreter of the environment that Snakemake runs in."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables beside those of the test suite."""

    def snakemake(self, *arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Snakemake as a user would; fail the test unless it ends as expected."""
        command = ["--cores", "2", *arguments]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **self.variables}
        if self.python == sys.executable:
            run = snakemake_at_once(command, self.folder, environment)
        else:
            run = subprocess.run(
                [self.python, "-m", "snakemake", *command],
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
                env=environment,
            )
        output = run.stdout + run.stderr
        assert (run.returncode == 0) == ok, output[-8000:]
        return run

    def planned(self, *arguments: str) -> dict[str, int]:
        """Number of jobs of each rule that a dry run announces."""
        run = self.snakemake(*arguments, "--dry-run", "--quiet", "reason")
        table = run.stdout.partition("Job stats:")[2].partition("total")[0]
        return {
            name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)
        }

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text in a file of the project."""
        file = self.folder / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    def outputs(self) -> dict[str, bytes]:
        """Every result file and its content."""
        results = self.folder / "results"
        return {
            str(path.relative_to(results)): path.read_bytes()
            for path in sorted(results.rglob("*"))
            if path.is_file()
        }


def start(project: Project, *arguments: str) -> subprocess.Popen[bytes]:
    """Start Snakemake in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
        cwd=project.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def copy_project(folder: Path) -> Project:
    """Copy what a clone has, without results, but with its modules compiled."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("*.pyc.*")  # being written
            shutil.copytree(source, folder / part, ignore=ignored)
        else:
            shutil.copy(source, folder / part)
    (folder / "tiny.yaml").write_text(TINY)
    return Project(folder)


def made_once(folder: Path, make: Callable[[Path], object]) -> Project:
    """Return the project at *folder*; the first process that asks makes it, others wait."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder.parent / "made"
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            made.touch()
    return Project(folder)


def copied(project: Project, folder: Path) -> Project:
    """Copy a project with its results, dates and the records of its runs."""
    shutil.copytree(project.folder, folder / project.folder.name, symlinks=True)
    return Project(folder / project.folder.name)


def links_work(folder: Path) -> int:
    """Check that all links of the pages below *folder* lead somewhere; return how many pages."""
    pages = list(folder.rglob("*.html"))
    for page in pages:
        for link in re.findall(r'(?:href|src)="([^"#][^"]*)"', page.read_text()):
            if not link.startswith(("data:", "http://www.w3.org")):
                assert (page.parent / unquote(link)).exists(), f"{page.name}: {link}"
    return len(pages)
