"""One version: the code's, the package's and the citation's."""

import re
import subprocess
import tomllib
from pathlib import Path

import yaml

from support.release_check import obstacles
from tomocalc.version import VERSION

ROOT = Path(__file__).parents[2]


def test_every_file_says_the_same_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["version"] == citation["version"] == VERSION
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {re.escape(VERSION)}\b", changes, re.MULTILINE)


def test_a_release_is_told_what_it_lacks(tmp_path):
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )

    changes = tmp_path / "CHANGELOG.md"
    git("init")
    changes.write_text("## 1.2.0 (unreleased)\n")
    unfinished = obstacles(tmp_path, "1.2.0")
    assert len(unfinished) == 2
    assert "write the date" in unfinished[0]
    assert "working tree" in unfinished[1]
    changes.write_text("## 1.2.0 (2026-12-01)\n")
    git("add", ".")
    git("commit", "-m", "m")
    assert obstacles(tmp_path, "1.2.0") == []
    assert "no heading for 1.3.0" in obstacles(tmp_path, "1.3.0")[0]
    git("tag", "v1.2.0")
    assert "tagged already" in obstacles(tmp_path, "1.2.0")[0]
