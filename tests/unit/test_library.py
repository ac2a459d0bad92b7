"""The files behind a script: all of them, as Python's own finder has them, and no others."""

import modulefinder
import os
from functools import cache
from pathlib import Path

import pytest

from support.processes import SCRIPTS, python
from tomocalc.plan.wildcards import library_digest, library_files

compiled = cache(compile)
"""The finder compiles the modules of every script anew."""


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_the_modules_are_those_that_python_finds(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modulefinder, "compile", compiled, raising=False)
    finder = modulefinder.ModuleFinder([str(SCRIPTS)])
    finder.run_script(str(script))
    files = [getattr(module, "__file__", None) for module in finder.modules.values()]
    expected = {Path(file) for file in files if file}
    assert {path for path in library_files(script) if path.suffix == ".py"} == expected


def test_pages_are_made_of_their_assets_too() -> None:
    names = {path.name for path in library_files(SCRIPTS / "build_index.py")}
    assert {"style.css", "layout.html.j2"} <= names
    assert "faults.tsv" not in names  # no figure changes with the words of a fault
    assert "style.css" not in {path.name for path in library_files(SCRIPTS / "split_dataset.py")}


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    package = tmp_path / "tomocalc/part"
    package.mkdir(parents=True)
    for file in (tmp_path / "tomocalc/__init__.py", package / "__init__.py"):
        file.touch()
    (package / "used.py").write_text("VALUE = 1\n")
    (package / "unused.py").write_text("VALUE = 1\n")
    (tmp_path / "script.py").write_text(
        "def main():\n    try:\n        import numpy\n    except ImportError:\n"
        "        from tomocalc.part import used\n"
    )
    return tmp_path


def fresh(scripts: Path) -> str:
    """Return the digest as a new process has it."""
    from tomocalc.plan import wildcards

    caches = (
        library_digest,
        wildcards._imported,
        wildcards._files,
        wildcards._assets,
        wildcards._digest,
    )
    for function in caches:
        function.cache_clear()
    return library_digest(scripts / "script.py")


def test_an_edit_counts_where_it_is_imported_and_a_touch_nowhere(scripts: Path) -> None:
    before = fresh(scripts)
    (scripts / "tomocalc/part/unused.py").write_text("VALUE = 2\n")
    os.utime(scripts / "tomocalc/part/used.py", (1, 1))
    assert fresh(scripts) == before
    (scripts / "tomocalc/part/used.py").write_text("VALUE = 2\n")
    edited = fresh(scripts)
    assert edited != before
    (scripts / "tomocalc/part/used.py").write_text("VALUE = 1\n")
    assert fresh(scripts) == before
    (scripts / "tomocalc/part/page.css").write_text("")
    assert fresh(scripts) not in {before, edited}


OF_THE_WORKFLOW = ("sklearn", "yaml", "jsonschema", "torch", "optuna", "snakemake", "xgboost")
OF_PREDICT = ("scipy", "pyarrow", "pydicom", "imagecodecs", "PIL", "skimage", "plotly", "jinja2")
"""Packages that extras of the installed command bring."""
COMMANDS = {
    "audit": ("audit.tables", "audit.joining", "study.seal", "pages.audit_files", "command.audit"),
    "plan": ("study.planning",),
    "predict": (
        *("audit.images", "predict", "model.release"),
        *("command.demo", "command.predict", "command.send"),
    ),
}
BARRED = {
    "audit": OF_THE_WORKFLOW + OF_PREDICT,
    "plan": OF_THE_WORKFLOW + OF_PREDICT[1:],
    "predict": OF_THE_WORKFLOW,
}


@pytest.mark.parametrize("extra", COMMANDS)
def test_an_installed_command_needs_no_package_of_a_larger_extra(extra: str) -> None:
    lines = [f"import sys; sys.modules.update(dict.fromkeys({BARRED[extra]}))"]
    lines += [f"import tomocalc.{name}" for name in COMMANDS[extra]]
    python("\n".join(lines))
