"""What a run says on the terminal: a line or two a job, and at the end what to do."""

import io
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tomocalc.plan.terminal import WIDTH, Terminal, reasons_in

LONG = "results/" + "x" * 300


def records(log: str) -> list[Mapping[str, Any]]:
    """Return what Snakemake logs of a job that ends, one that fails, and one it tries again."""
    job = {"event": "job_info", "wildcards": {"volume": "v1"}, "output": [LONG], "log": [log]}
    other = job | {"wildcards": {}}
    return [
        {"event": "run_info", "stats": {"measure": 2, "merge": 1, "all": 1, "total": 4}},
        {"msg": "Select jobs to execute..."},
        job | {"jobid": 3, "rule_name": "measure"},
        {"event": "shellcmd", "msg": "Shell command: None"},
        {"event": "job_finished", "job_id": 3, "msg": "Finished jobid: 3"},
        {"event": "progress", "done": 1, "total": 4},
        other | {"jobid": 2, "rule_name": "merge"},
        {"msg": "RuleException:\nCalledProcessError in file features.smk", "event": "error"},
        {"event": "job_error", "jobid": 2, "rule_name": "merge", "log": [log]},
        {"msg": LONG},
    ]


def told(log: Path, *, colour: bool = False, closing: bool = True) -> str:
    stream = io.StringIO()
    terminal = Terminal(stream, colour=colour, arguments=["--config", "a={b: 1}"])
    for fields in records(str(log)):
        bad = fields.get("event") in ("error", "job_error")
        record = logging.makeLogRecord(
            {"msg": "", "levelno": logging.ERROR if bad else logging.INFO, **fields}
        )
        terminal.emit(record)
    if closing:
        terminal.fail()
    terminal.close()
    terminal.close()
    return stream.getvalue()


def test_a_job_is_two_lines_and_the_end_repeats_the_command(tmp_path: Path) -> None:
    log = tmp_path / "merge.log"
    log.write_text("CRITICAL failed\nTomocalcError: ERROR [E303] a (b): c. Fix: d.\nINFO took\n")
    lines = told(log).splitlines()
    assert lines[:5] == [
        "3 jobs: 2 measure, 1 merge",
        "start  measure v1",
        "done   measure v1 in 0:00  [1 of 3, 33%, about 0:00 left]",
        "start  merge",
        f"FAILED merge: {log}",
    ]
    assert lines[5] == "ERROR [E303] a (b): c. Fix: d."
    assert len(lines[6]) == WIDTH
    assert lines[7].endswith(": snakemake --config 'a={b: 1}'")
    assert len(lines) == 9


def test_a_reason_that_other_lines_follow_is_repeated_at_the_end(tmp_path: Path) -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, colour=False, arguments=[])
    given = records(str(tmp_path / "none.log"))
    for fields in (*given, given[2]):
        terminal.emit(logging.makeLogRecord({"msg": "", "levelno": logging.INFO, **fields}))
    terminal.fail()
    terminal.close()
    assert stream.getvalue().count("it left no reason") == 2


def test_errors_are_red_on_a_terminal_only(tmp_path: Path) -> None:
    assert "\x1b" not in told(tmp_path / "none.log")
    red = told(tmp_path / "none.log", colour=True)
    assert "\x1b[1;31mERROR in merge" in red
    assert "it left no reason" in red


@pytest.mark.parametrize(
    ("log", "says"),
    [
        ("2026-01-02 03:04:05,678 WARNING tomocalc: a doubt\n", "was ended from outside"),
        (
            "2026-01-02 03:04:05,678 CRITICAL tomocalc: failed\nValueError: no\n2026-01-02 "
            "03:04:06,000 INFO tomocalc: took 1 s, 1 s of processor time, at most 9 MB of memory\n",
            "ValueError: no",
        ),
        ("cp: no space left on device\n", "cp: no space left on device"),
    ],
)
def test_why_a_job_failed_is_not_its_last_warning(tmp_path: Path, log: str, says: str) -> None:
    (tmp_path / "a.log").write_text(log)
    (line,) = reasons_in("merge", [str(tmp_path / "a.log")])
    assert says in line


def test_a_run_with_nothing_to_do_says_what_to_open() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, colour=False, arguments=[])
    terminal.to_open = lambda: ["Open results/index.html"]
    terminal.emit(
        logging.makeLogRecord({"msg": "Nothing to be done (all is there)", "levelno": 20})
    )
    terminal.close()
    assert stream.getvalue().splitlines()[-1] == "Open results/index.html"
