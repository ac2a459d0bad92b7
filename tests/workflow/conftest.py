"""Real Snakemake runs on a copy of the project."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from support.newcomer import run_study
from support.projects import Project, copied, copy_project, made_once
from support.slurm_cluster import running_slurm


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a fresh copy of the project."""
    return copy_project(tmp_path / "project")


@pytest.fixture
def rerun(finished: Project, tmp_path: Path) -> Project:
    """Return a copy of the finished project that may be changed."""
    return copied(finished, tmp_path)


@pytest.fixture(scope="session")
def studied(shared: Path, finished: Project) -> Project:
    """Return the newcomer's study, with the guide's commands run in it. Do not change it."""
    return made_once(shared / "studied/a study", partial(run_study, finished=finished))


@pytest.fixture(scope="module")
def slurm() -> Iterator[dict[str, str]]:
    """Return the variable that names a Slurm of this machine."""
    with running_slurm() as variables:
        yield variables
