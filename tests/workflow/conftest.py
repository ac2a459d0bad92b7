"""Real Snakemake runs on a copy of the project."""

import shutil
from pathlib import Path

import pytest

from projects import Project, copy_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a fresh copy of the project."""
    return copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a copy of the project with the tiny demo run in it. Do not change it."""
    project = copy_project(tmp_path_factory.mktemp("finished") / "näïve folder's copy")
    project.snakemake("--configfile", "tiny.yaml")
    return project


@pytest.fixture
def rerun(finished: Project, tmp_path: Path) -> Project:
    """Return a copy of the finished project that may be changed."""
    target = tmp_path / finished.folder.name
    shutil.copytree(finished.folder, target, symlinks=True)
    return Project(target)
