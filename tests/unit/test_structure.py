"""The shape of the house: small files, imports in one direction."""

import ast
import os
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from support.house import counts

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
LONGEST = 300


def sources() -> list[Path]:
    places = ("workflow/**/*.py", "workflow/**/*.smk", "tests/**/*.py", "benchmarks/*.py")
    return [path for place in places for path in ROOT.glob(place)]


def imported(path: Path, modules: set[str]) -> set[str]:
    """Return the library's modules that a file names in its imports, wherever they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names | {node.module}) & modules
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & modules
    return found


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    """Return what each module of the library imports of it."""
    files = {
        ".".join(path.relative_to(SCRIPTS).with_suffix("").parts): path
        for path in (SCRIPTS / "tomocalc").rglob("*.py")
        if path.name != "__init__.py"
    }
    return {name: imported(path, set(files)) for name, path in files.items()}


def test_files_are_short() -> None:
    found = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert len(found) > 300
    assert {str(p.relative_to(ROOT)): n for p, n in found.items() if n > LONGEST} == {}
    assert len((ROOT / "Snakefile").read_text().splitlines()) < 50


def test_packages_import_in_one_direction(graph: dict[str, set[str]]) -> None:
    def package(name: str) -> str:
        return name.split(".")[1]

    between: dict[str, set[str]] = defaultdict(set)
    for name, others in graph.items():
        between[package(name)] |= {package(other) for other in others} - {package(name)}
    order = list(TopologicalSorter(between).static_order())  # raises CycleError
    assert order.index("errors") < order.index("readers") < order.index("pages")


def test_modules_import_in_one_direction(graph: dict[str, set[str]]) -> None:
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


def test_what_computes_draws_nothing(graph: dict[str, set[str]]) -> None:
    draws = {"command", "pages", "plan", "predict"}
    others = {name: found for name, found in graph.items() if name.split(".")[1] not in draws}
    wrong = {
        name: sorted(page for page in found if page.startswith("tomocalc.pages."))
        for name, found in others.items()
    }
    assert {name: pages for name, pages in wrong.items() if pages} == {}


def test_the_house_keeps_its_limits() -> None:
    assert [one for one in counts() if one.found > one.limit] == []


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="this is the only process")
def test_the_tests_of_a_file_share_a_process(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@unit/test_structure.py"), "pytest-xdist groups no tests"
