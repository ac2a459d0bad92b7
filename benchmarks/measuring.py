"""What the benchmarks share: the way to the project's code, processes that are timed, tables.

Import it before `support` and `tomocalc`: it puts both on the path.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "workflow" / "scripts"
sys.path[:0] = [str(SCRIPTS), str(ROOT / "tests")]


@dataclass(frozen=True)
class Spent:
    """What a command has cost: seconds of the clock and of processors, and what it printed."""

    wall: float
    cpu: float
    text: str


def spend(
    command: Sequence[str], *, cwd: Path | None = None, variables: Mapping[str, str] | None = None
) -> Spent:
    """Run a command, with all processes that it starts, and return what it has cost."""
    before, started = _children(), time.perf_counter()
    run = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | dict(variables or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    wall = time.perf_counter() - started
    if run.returncode:
        raise SystemExit(run.stdout[-3000:] + run.stderr[-3000:])
    return Spent(wall, _children() - before, run.stdout + run.stderr)


def head(*columns: str) -> str:
    """Return the head of a Markdown table; a text may name several columns: ``a | b``."""
    names = row(*columns)
    return f"{names}\n{'|---' * (names.count(' | ') + 1)}|"


def row(*cells: object) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
