"""The log of a job: what it took, and how a fault ends it."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.iocontainers import InputFiles, OutputFiles, Params, Wildcards

from support.projects import ROOT
from tomocalc.log import values_for

JOB = """
import sys
sys.path.insert(0, "workflow/scripts")
from tomocalc.errors import TomocalcError
from tomocalc.log import log_to

log_to(sys.argv[1])
held = bytearray(b"x") * (300 << 20)
{then}
"""
FAULT = 'raise TomocalcError("E402", what="one", where="two", why="three", fix="four")'


def job(log: Path, then: str = "") -> str:
    """Run a job that holds 300 MB and ends as *then* says; return what the terminal shows."""
    command = [sys.executable, "-c", JOB.format(then=then), str(log)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stderr


def test_the_last_line_says_what_the_job_took(tmp_path: Path) -> None:
    log = tmp_path / "rule/volume.log"
    assert job(log) == ""
    line = log.read_text().splitlines()[-1]
    took = re.search(r"took (\S+) s, (\S+) s of processor time, at most (\d+) MB", line)
    assert took
    clock, processor, megabytes = map(float, took.groups())
    assert 300 <= megabytes <= 400
    assert 0 < processor < 60
    assert 0 < clock < 60


def test_a_fault_shows_its_lines_and_the_file_has_the_traceback(tmp_path: Path) -> None:
    log = tmp_path / "rule.log"
    shown = job(log, FAULT)
    assert "Traceback" not in shown
    assert [word for word in ("E402", "one", "two", "three", "four") if word not in shown] == []
    text = log.read_text()
    assert "Traceback" in text
    assert "took" in text.splitlines()[-1]


def test_any_other_exception_shows_one_line_and_where_the_rest_is(tmp_path: Path) -> None:
    log = tmp_path / "rule.log"
    assert job(log, "1 / 0") == f"ZeroDivisionError: division by zero (traceback in {log})\n"
    assert "Traceback" in log.read_text()


def test_a_script_is_called_with_what_its_rule_calls_alike() -> None:
    def main(
        *, table: str, sheets: list[str], seed: int, trial: str, page: str, words: str
    ) -> None:
        pass

    rule = SimpleNamespace(
        input=InputFiles(fromdict={"table": "t.parquet", "sheets": InputFiles(["a", "b"])}),
        output=OutputFiles(fromdict={"page": "p.html", "trial": "3.json"}),
        params=Params(fromdict={"seed": 1, "code": "x"}),
        wildcards=Wildcards(fromdict={"trial": "3"}),
        threads=1,
    )
    values = values_for(main, rule, besides={"page"})
    expected = {"table": "t.parquet", "sheets": ["a", "b"], "seed": 1, "trial": "3.json"}
    assert values == expected
    assert type(values["sheets"]) is list
    rule.params = Params(fromdict={"seed": 1, "table": "twice"})
    with pytest.raises(TypeError, match="table is more than one"):
        values_for(main, rule)
