"""The installed package: what the wheel holds is enough for what it offers, in any folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.bare import bare_environment, build_wheel, run
from support.leaks import copied, table
from tomocalc.version import VERSION

COLUMNS = ("--label", "label", "--patient", "patient", "--site", "site")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def audit(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bare_environment(tmp_path_factory.mktemp("audit"), wheel, extra="audit")


def test_the_smallest_environment_audits(audit: Path, tmp_path: Path) -> None:
    rows, names = copied(3, count=5)
    rows.frame.write_csv(tmp_path / "cases.csv")
    call = ("audit", "cases.csv", *COLUMNS, "--permutations", "99", "--out", "found")
    done = run(audit / "tomocalc", *call, "--fail-on", "leaks", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads((tmp_path / "found/audit.json").read_text())["verdict"] == "leaks"
    assert all(name in (tmp_path / "found/shared.tsv").read_text() for name in names)
    told = run(audit / "tomocalc", "--version", cwd=tmp_path)
    assert told.stdout == f"tomocalc {VERSION}\n"


def test_what_an_extra_lacks_is_one_line_that_installs_it(audit: Path, tmp_path: Path) -> None:
    call = "import tomocalc; print(tomocalc.__version__); tomocalc.predict_volume"
    done = run(audit / "python", "-c", call, cwd=tmp_path)
    assert done.stdout == f"{VERSION}\n"
    last = done.stderr.splitlines()[-1]
    assert "ERROR [E406]" in last
    assert "the extra predict" in last
    to_install = re.search(r"pip install (.*)\.$", last)
    assert to_install
    assert {"pydicom", "safetensors", "highdicom"} <= set(to_install[1].split())
    assert not {"numpy", "polars"} & set(to_install[1].split())


def test_a_failed_writing_leaves_neither_file(audit: Path, tmp_path: Path) -> None:
    table(1).frame.write_csv(tmp_path / "cases.csv")
    (tmp_path / "found/shared.tsv").mkdir(parents=True)
    call = ("audit", "cases.csv", *COLUMNS, "--permutations", "9", "--out", "found")
    done = run(audit / "tomocalc", *call, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert [path.name for path in (tmp_path / "found").iterdir()] == ["shared.tsv"]
