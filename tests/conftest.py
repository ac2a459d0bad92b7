"""Options of the whole test suite, its order, and what is made once for all of its processes.

What takes long to import is imported where it is used: every run of one file begins with this one.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from support.fault_table import FaultTable
from support.projects import Project, copied, copy_project, made_once
from support.snakemake_server import ONE_THREAD

LONG = (
    "workflow/test_entries.py",
    "workflow/test_conda.py",
    "workflow/",
    "faults/test_storage.py",
    "faults/",
    "scripts/",
    "browser/",
)
"""What goes first, so that no process ends long after the others."""
ON_ITS_OWN = ("workflow/", "faults/test_storage.py", "faults/test_volumes.py")
"""Files whose tests share nothing costly but what is made once for all processes."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fault-table", help="run the tests of the fault table and write what they saw"
    )


def pytest_configure(config: pytest.Config) -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every job compiles the library anew
    os.environ.update(ONE_THREAD)  # libraries' threads would wait for those of the other process
    if target := config.getoption("--fault-table"):
        config.pluginmanager.register(FaultTable(Path(target)), "fault-table")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by length, and keep the tests of a file in one process for the sake of its fixtures."""

    def file(item: pytest.Item) -> str:
        return item.nodeid.partition("::")[0].removeprefix("tests/")

    def place(item: pytest.Item) -> int:
        return next((i for i, part in enumerate(LONG) if file(item).startswith(part)), len(LONG))

    items.sort(key=place)
    for item in items:
        if not file(item).startswith(ON_ITS_OWN) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(file(item)))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data; what asks for it is skipped where there is none."""
    if "TOMOCALC_TEST_DATA" not in os.environ:
        pytest.skip("TOMOCALC_TEST_DATA is not set")
    return Path(os.environ["TOMOCALC_TEST_DATA"])


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of the slices that volumes decode, in the order in which they do."""
    from tomocalc.readers.volume import Volume

    numbers: list[int] = []
    read = Volume.read

    def noted(volume: Volume, index: int) -> Any:
        numbers.append(index)
        return read(volume, index)

    monkeypatch.setattr(Volume, "read", noted)
    return numbers


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this run of the suite have in common."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"


def run_tiny(folder: Path) -> Project:
    project = copy_project(folder)
    run = project.snakemake("--configfile", "tiny.yaml")
    (folder / "told.txt").write_text(run.stdout + run.stderr)
    return project


def run_measured(folder: Path) -> Project:
    from support.volume_projects import MEASURED, add_volumes

    project = add_volumes(copy_project(folder))
    project.snakemake(*MEASURED)
    return project


@pytest.fixture(scope="session")
def finished(shared: Path) -> Project:
    """Return a copy of the project with the tiny demo run in it. Do not change it."""
    return made_once(shared / "finished/näïve folder's copy", run_tiny)


@pytest.fixture(scope="session")
def compared(shared: Path) -> Path:
    """Return a folder with the small comparison and audit in it. Do not change it."""
    from support.comparison_data import compare

    return made_once(shared / "compared/results", compare).folder


@pytest.fixture
def own(tmp_path: Path) -> Project:
    """Return a fresh project with three small volumes, each a job of its own."""
    from support.volume_projects import add_volumes

    return add_volumes(copy_project(tmp_path / "project"))


@pytest.fixture(scope="session")
def all_measured(shared: Path) -> Project:
    """Return a project whose own volumes are measured and merged. Do not change it."""
    return made_once(shared / "measured/undisturbed", run_measured)


@pytest.fixture
def measured(all_measured: Project, tmp_path: Path) -> Project:
    """Return a copy of it that may be changed."""
    return copied(all_measured, tmp_path)
