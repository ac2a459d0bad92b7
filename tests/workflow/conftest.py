"""Real Snakemake runs on a copy of the project."""

from pathlib import Path

import pytest

from projects import Project, copied, copy_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a fresh copy of the project."""
    return copy_project(tmp_path / "project")


@pytest.fixture
def rerun(finished: Project, tmp_path: Path) -> Project:
    """Return a copy of the finished project that may be changed."""
    return copied(finished, tmp_path)
