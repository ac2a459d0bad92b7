"""Every rule's environment names what its script imports, and nothing else."""

import ast
import functools
import re
import sys
from pathlib import Path

import pytest
import yaml

from tomocalc.plan.wildcards import library_files

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow/scripts"
CONDA_NAME = {
    "PIL": "pillow",
    "SimpleITK": "simpleitk",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "torch": "pytorch",
    "yaml": "pyyaml",
}
UNSEEN = {
    "plotly": "its JavaScript is embedded in the pages",
    "scikit-learn": "optuna's importance of hyper-parameters needs it",
}
"""Used without an import statement."""


def rules() -> dict[str, str]:
    """Environment of every script, read from the rule files."""
    found = {}
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for rule in re.split(r"\n *rule(?=:| \w+:) ?", file.read_text())[1:]:
            script = re.search(r'scripts/(\w+)\.py"', rule)
            environment = re.search(r'envs/(\w+)\.yaml"', rule)
            assert script, f"{file.name}: {rule.splitlines()[0]} has no script"
            assert environment, f"{file.name}: {rule.splitlines()[0]} has no conda environment"
            name = re.search(r'name:\s+f"(\w+)_{', rule) or re.match(r"(\w+):", rule)
            assert name, f"{file.name}: {rule.splitlines()[0]} has no name"
            assert name[1] == script[1], "a rule and its script share their name"
            found[script[1]] = environment[1]
    return found


@functools.cache
def third_party(file: Path) -> set[str]:
    """Top-level packages that a file imports from outside the project."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    own = {"tomocalc", *(path.stem for path in SCRIPTS.glob("*.py"))}
    return names - sys.stdlib_module_names - own


@functools.cache
def imported(script: str) -> set[str]:
    """Packages that a script imports; `test_library` holds its files against Python's finder."""
    files = library_files(SCRIPTS / f"{script}.py")
    names = set().union(*(third_party(file) for file in files if file.suffix == ".py"))
    return {CONDA_NAME.get(name, name) for name in names}


def declared(environment: str) -> set[str]:
    content = yaml.safe_load((ROOT / f"envs/{environment}.yaml").read_text())
    return {entry.split()[0] for entry in content["dependencies"]} - {"python"}


@pytest.mark.parametrize(("script", "environment"), sorted(rules().items()))
def test_every_import_is_declared(script, environment):
    assert imported(script) - declared(environment) == set()


@pytest.mark.parametrize("environment", sorted(set(rules().values())))
def test_nothing_is_declared_in_vain(environment):
    used = [imported(script) for script, name in rules().items() if name == environment]
    assert declared(environment) - set().union(*used) - set(UNSEEN) == set()


def test_every_environment_and_script_is_used():
    assert {path.stem for path in (ROOT / "envs").glob("*.yaml")} == set(rules().values())
    assert {path.stem for path in SCRIPTS.glob("*.py")} == set(rules())


def test_the_locked_versions_are_inside_the_ranges():
    from packaging.requirements import Requirement

    locked = dict(
        re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    )
    for file in (ROOT / "envs").glob("*.yaml"):
        for entry in yaml.safe_load(file.read_text())["dependencies"][1:]:
            requirement = Requirement(entry.replace("pytorch", "torch"))
            assert locked[requirement.name] in requirement.specifier, entry
