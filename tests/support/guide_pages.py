"""README and guide as they are written: blocks, commands and what runs each, and the site."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from support.projects import ROOT, TINY, Project
from support.snakemake_server import snakemake_at_once

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^for .*?^done$|^[^\n]+$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:[A-Z_]+=\S+ )?[a-z][a-z0-9_-]* .+|--[a-z-]+ .+", re.DOTALL)
"""A program with its arguments, or options that go behind another command."""
SNAKEMAKE_ALONE = re.compile(r"snakemake [^;|&]+")
NO_COMMANDS = {"in silico", "cp -p", "rsync -t", "ls -l"}

Walk = Mapping[str, str]
"""Commands as the pages have them, in order, and how each is run: {} stands for the command."""


def blocks(text: str, kind: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return [body for language, body in FENCE.findall(text) if language == kind]


def commands_of(text: str) -> list[str]:
    """Return every command of a page, fenced ones first, on one line each."""
    fenced = [
        re.sub(r"\s#\s.*", "", line)
        for kind in ("", "bash")
        for body in blocks(text, kind)
        for line in LINE.findall(body.replace("\\\n", " "))
    ]
    spans = re.findall(r"`([^`]+)`", FENCE.sub("", text))
    inline = [span for span in spans if COMMAND.fullmatch(span) and span not in NO_COMMANDS]
    one_line = (
        re.sub(r"\s*\n\s*(?=done)|(?<!do)\n\s*", "; ", line).split() for line in (*fenced, *inline)
    )
    return [" ".join(words) for words in one_line]


def commands() -> dict[str, str]:
    """Return every command of README and guide, each once, and the first page that has it."""
    found: dict[str, str] = {}
    for page in PAGES:
        for command in commands_of(page.read_text()):
            found.setdefault(command, page.name)
    return found


def follow(folder: Path, walk: Walk, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Run the commands of a walk one after the other; return what each printed."""
    said = {}
    for command, way in walk.items():
        line = (way or "{}").replace("{}", command, 1)
        if SNAKEMAKE_ALONE.fullmatch(line) and not variables:
            run = snakemake_at_once(shlex.split(line)[1:], folder, environment())
        else:
            run = shell(folder, line, variables)
        assert run.returncode == 0, f"{command}\n{run.stdout[-3000:]}{run.stderr[-5000:]}"
        said[command] = run.stdout + run.stderr
    return said


def make_defaults_tiny(project: Project) -> Project:
    """Put the tiny settings in place of the project's own, in the order of `--configfile`."""
    settings = project.folder / "config/config.yaml"
    whole = yaml.safe_load(settings.read_text())
    for section, values in yaml.safe_load(TINY).items():
        whole[section] = values | whole[section] | values
    settings.write_text(yaml.safe_dump(whole, sort_keys=False))
    return project


def shell(
    folder: Path, command: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in the environment of the test suite, or with another `PATH`."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment() | (variables or {}),
    )


def environment() -> dict[str, str]:
    """Return the variables of the test suite, its own programs first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}


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
