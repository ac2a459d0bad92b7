"""A stand-in for `conda`: environments that hold what their YAML names, and nothing else.

It answers the calls that Snakemake makes. Packages are not downloaded but linked from the
environment of the test suite, with their requirements, so that a whole run costs seconds; all
environments run on that environment's Python, whichever the YAML asks for. Snakemake puts its own
packages on the path of every script: inside these environments they are not seen.
"""

import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

INTERRUPT = "CONDA_STANDIN_DIES_ONCE"
"""Environment variable: a file; unless it exists, it is written and the creation is killed."""

NAMES = {"pytorch": "torch", "xgboost": "xgboost-cpu" if sys.platform != "darwin" else "xgboost"}
"""Names in the registry of Python packages that differ from conda's."""

ACTIVATE = """\
export CONDA_PREFIX="$1" CONDA_DEFAULT_ENV="$1" CONDA_SHLVL=1
export PATH="$1/bin:$PATH"
"""

OWN_PACKAGES_ONLY = '''\
"""Find packages where this environment has them, not where Snakemake has them."""

import sys
from importlib.machinery import PathFinder


class OwnPackages(PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if path is None and not fullname.startswith("snakemake"):
            path = [
                entry
                for entry in sys.path
                if "site-packages" not in entry or entry.startswith(sys.prefix)
            ]
        return super().find_spec(fullname, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = OwnPackages
'''


def install(folder: Path) -> Path:
    """Write the commands `conda` and `activate`, and return the folder that goes on the path."""
    commands = folder / "bin"
    commands.mkdir(parents=True)
    (commands / "activate").write_text(ACTIVATE)
    conda = commands / "conda"
    conda.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{Path(__file__).resolve()}' \"$@\"\n")
    conda.chmod(0o755)
    return commands


def packages(requirements: Iterable[str]) -> Iterator[importlib.metadata.Distribution]:
    """Yield the installed packages that fulfil *requirements*, and what these require."""
    seen = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(NAMES.get(requirement.name, requirement.name))
        found = importlib.metadata.distribution(name)
        if found.version.partition("+")[0] not in requirement.specifier:
            sys.exit(f"conda stand-in: {requirement} is wanted, {found.version} is installed")
        if name in seen:
            continue
        seen.add(name)
        yield found
        required = [Requirement(text) for text in found.requires or []]
        waiting += [
            each for each in required if not each.marker or each.marker.evaluate({"extra": ""})
        ]


def make_environment(prefix: Path, requirements: Iterable[str]) -> Path:
    """Make an environment with *requirements* alone, and return the folder of its packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    where = {"base": str(prefix), "platbase": str(prefix)}
    target = Path(sysconfig.get_path("purelib", "venv", where))
    for package in packages(requirements):
        entries = {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}
        for entry in entries:
            (target / entry).symlink_to(str(package.locate_file(entry)))
        die_once()
    return target


def die_once() -> None:
    """End as by `kill -9` in the middle of a creation, if a test wants so."""
    marker = os.environ.get(INTERRUPT)
    if marker and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)


def named(entry: str) -> str:
    """Turn a line of an environment file into a requirement of Python packages."""
    return re.sub(r"(?<![=<>!~])=(?=\d)", "==", entry)


def create(file: Path, prefix: Path) -> None:
    """Make the environment that *file* describes."""
    content = yaml.safe_load(file.read_text())
    if content["channels"] != ["conda-forge", "nodefaults"]:
        sys.exit(f"conda stand-in: unexpected channels in {file}")
    python, *others = content["dependencies"]
    if not re.fullmatch(r"python =3\.\d+", python):
        sys.exit(f"conda stand-in: {file} does not begin with Python")
    target = make_environment(prefix, map(named, others))
    (target / "own_packages_only.py").write_text(OWN_PACKAGES_ONLY)
    (target / "own_packages_only.pth").write_text("import own_packages_only\n")


def answer(arguments: list[str]) -> None:
    """Do what Snakemake asks conda for."""
    match arguments:
        case ["--version"]:
            print("conda 24.7.1")
        case ["info", "--json"]:
            root = Path(shutil.which("conda") or "").parents[1]
            print(json.dumps({"conda_prefix": str(root), "platform": "linux-64"}))
        case ["config", "--get", "channel_priority", "--json"]:
            print(json.dumps({"get": {"channel_priority": "strict"}}))
        case ["env", "create", "--quiet", "--no-default-packages", "--file", file, "--prefix", to]:
            create(Path(file), Path(to))
        case ["clean", "-y", "--tarballs"]:
            pass
        case _:
            sys.exit(f"conda stand-in: unknown call {arguments}")


if __name__ == "__main__":
    answer(sys.argv[1:])
