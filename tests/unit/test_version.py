"""One version: the code's, the package's and the citation's."""

import re
import tomllib
from pathlib import Path

import yaml

from tomocalc.pages.shell import Section, render_page
from tomocalc.version import VERSION

ROOT = Path(__file__).parents[2]


def test_every_file_says_the_same_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["version"] == citation["version"] == VERSION
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {re.escape(VERSION)}\b", changes, re.MULTILINE)


def test_every_page_says_it_in_its_footer():
    html = render_page(title="t", subtitle="s", sections=[Section("a", "b")], plotly=False)
    assert f"Made by tomocalc {VERSION}." in html.partition("<footer")[2]
