"""Snakemake's command line without the second that its imports take, for the many runs of a suite.

A process that has imported Snakemake and done nothing else is forked for every run. Tests that
kill Snakemake, and those of environments, start it as a user does.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

PATIENCE = 900.0
"""Seconds that a run may take."""


@cache
def server() -> ForkServerContext:
    """Return the context whose processes begin with Snakemake imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["snakemake.cli"])
    return context


def snakemake_at_once(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``snakemake`` with *arguments* in *folder*, and return what it prints."""
    with tempfile.TemporaryDirectory() as place:
        outputs = [Path(place) / name for name in ("stdout", "stderr")]
        process = server().Process(
            target=_run, args=(list(arguments), folder, dict(environment), *outputs)
        )
        process.start()
        process.join(PATIENCE)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(["snakemake", *arguments], PATIENCE)
        said = [path.read_text() if path.exists() else "" for path in outputs]
    return subprocess.CompletedProcess(["snakemake", *arguments], process.exitcode, *said)


def _run(
    arguments: list[str], folder: Path, environment: dict[str, str], stdout: Path, stderr: Path
) -> None:
    """Be Snakemake: its folder, environment and outputs, then its command line."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, stdout), (2, stderr)):
        target = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(target, number)
        os.close(target)
    sys.argv = ["snakemake", *arguments]
    sys.path.insert(0, str(folder))  # as for `python -m snakemake`
    from snakemake.cli import main

    main()
