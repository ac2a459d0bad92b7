"""The guide's commands in a shell, and the guide as a site."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support.projects import ROOT


def shell(
    folder: Path, command: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in the environment of the test suite, or with another `PATH`."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", **(variables or {})},
    )


def render_site(folder: Path) -> Path:
    """Render the site in *folder* as `make site` does, and return where its pages are."""
    project = folder / "project"
    shutil.copytree(
        ROOT,
        project,
        ignore=shutil.ignore_patterns(".*", "tests", "workflow", "results", "resources", "logs"),
    )
    run = shell(project, "docs/site.sh $(command -v mkdocs)")
    assert run.returncode == 0, run.stdout + run.stderr
    return project / ".site/html"
