"""An environment with the wheel of tomocalc and what an extra brings, and nothing else.

Packages are linked from where the tests run, so that nothing is fetched; the project's folder is
on no path.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this project from a copy in *folder*."""
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, source / name)
    shutil.copytree(
        ROOT / "workflow/scripts/tomocalc",
        source / "workflow/scripts/tomocalc",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    call = f"from pdm import backend; backend.build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", call], cwd=source, check=True, capture_output=True)
    shutil.rmtree(source)
    (wheel,) = folder.glob("*.whl")
    return wheel


def bare_environment(folder: Path, wheel: Path, *, extra: str, also: str = "") -> Path:
    """Make an environment with *wheel* and the packages of *extra*; return its ``bin``.

    *also* names one more package that is put in, with all that it needs.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (facts,) = packages.glob("tomocalc-*.dist-info")
    for name in needed(facts, extra, also=also):
        _link(name, packages)
    tool = folder / "bin/tomocalc"
    tool.write_text(
        f"#!{folder / 'bin/python'}\nimport sys\nfrom tomocalc.command.main import main\n"
        "sys.exit(main())\n"
    )
    tool.chmod(0o755)
    return folder / "bin"


def run(tool: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of such an environment, without the paths of this one."""
    kept = ("HOME", "LANG", "TMPDIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return subprocess.run(
        [tool, *map(str, arguments)],
        cwd=cwd,
        env=environment | {"PATH": f"{tool.parent}:/usr/bin:/bin", "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        check=False,
    )


def needed(facts: Path, extra: str, *, also: str = "") -> set[str]:
    """Return the packages that a distribution's metadata asks for, directly or not."""
    found: set[str] = set()
    waiting = _asked(importlib.metadata.PathDistribution(facts), {extra})
    waiting += [Requirement(also)] if also else []
    while waiting:
        requirement = waiting.pop()
        name = _plain(requirement.name)
        if name == "tomocalc":
            own = importlib.metadata.PathDistribution(facts)
            waiting += _asked(own, requirement.extras, only=True)
        elif name not in found:
            found.add(name)
            waiting += _asked(importlib.metadata.distribution(name), requirement.extras or {""})
    return found


def _asked(
    package: importlib.metadata.Distribution, extras: set[str], *, only: bool = False
) -> list[Requirement]:
    """Return what *package* needs with *extras*; *only* what these add."""
    requirements = [Requirement(line) for line in package.requires or []]
    return [
        one
        for one in requirements
        if (one.marker is None and not only)
        or (one.marker and any(one.marker.evaluate({"extra": extra}) for extra in extras))
    ]


def _link(name: str, packages: Path) -> None:
    package = importlib.metadata.distribution(name)
    for top in {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}:
        target = packages / top
        if not target.exists():
            target.symlink_to(Path(str(package.locate_file(top))))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
