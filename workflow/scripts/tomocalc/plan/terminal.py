"""What a run says on the terminal: a line or two a job, the time left, and its errors last.

Snakemake's own account of the same run, with every input and reason, is in ``.snakemake/log``.
"""

import logging
import os
import re
import shlex
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from tomocalc.log import TOLD_BY_RUN, alarm, clock
from tomocalc.plan.command_line import Remedies

WIDTH = 200
"""Longest line, in characters; reasons, and a command to repeat, are never cut."""
SILENT = {"shellcmd", "resources_info", "workflow_started", "rulegraph", "job_started"}
"""Events of Snakemake that a user need not see."""
NOISE = (
    "Select jobs to execute",
    "Execute ",
    "Using shell",
    "Conda environments: ignored",
    "Building DAG",
    "Removing output files of failed job",
    "Exiting because a job execution failed",
    "RuleException:\nCalledProcessError",  # the job's own line says more
    "Complete log(s)",
    "Elapsed time",
)
"""Beginnings of messages without an event that he need not see either."""
TOLD = re.compile(r"ERROR \[E\d+\].*")
OURS = re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ [A-Z]+ ")
ENDED = "s of processor time, at most"
"""In the last line of a log of `tomocalc.log`, unless its process was killed."""
DEFAULT_HANDLER = "DefaultStreamHandler"
"""Snakemake's name of what writes to the terminal, where no logger plugin does."""


class Terminal(logging.Handler):
    """Writes the records of Snakemake's logger for a person.

    Parameters
    ----------
    stream
        The terminal, or a file.
    colour
        Whether errors are red.
    arguments
        Of the command that began the run, to be repeated after a failure.

    Attributes
    ----------
    to_open
        Gives the lines that a successful run ends with.
    remedies
        Rewords what Snakemake says, whoever writes it.
    """

    def __init__(self, stream: TextIO, *, colour: bool, arguments: Sequence[str]) -> None:
        super().__init__()
        self.stream, self.colour = stream, colour
        self.command = shlex.join(["snakemake", *arguments])
        self.began: float | None = None
        self.targets = 0  # jobs that do nothing
        self.names: dict[int, str] = {}
        self.since: dict[int, float] = {}
        self.finished: list[int] = []
        self.failed: dict[str, list[str]] = {}
        self.just_told: list[str] = []  # jobs whose reasons stand last on the terminal
        self.last: list[str] = []
        self.to_open: Callable[[], list[str]] = list
        self.remedies = Remedies()

    def emit(self, record: logging.LogRecord) -> None:
        """Write what is worth a line, and remember what the end must say."""
        try:
            self._take(record)
        except Exception:  # as in every handler: a log never stops a run
            self.handleError(record)

    def close(self) -> None:
        """Write the end: why jobs failed and the command to repeat, or what to open."""
        lines, self.last = self.last, []
        for line in lines:
            self._write(line, bad=line.startswith("ERROR"), whole=True)
        super().close()

    def succeed(self) -> None:
        """Let the end say what to open."""
        self.last = self.to_open()

    def fail(self) -> None:
        """Let the end say why jobs failed, and how the run goes on."""
        before = {name: logs for name, logs in self.failed.items() if name not in self.just_told}
        self.last = [
            *dict.fromkeys(line for one in before.items() for line in reasons_in(*one)),
            f"To go on from here, after what the lines above say: {self.command}",
            "After a kill first: snakemake --unlock",
        ]

    def _take(self, record: logging.LogRecord) -> None:
        said: dict[str, Any] = vars(record)
        event = str(said.get("event") or "")
        if event in SILENT or record.levelno < logging.INFO:
            return
        if event == "run_info":
            self._plan(said["stats"])
        elif event == "job_info":
            self._begin(said)
        elif event == "job_finished":
            self.finished.append(said["job_id"])
        elif event == "progress":
            self._progress(said["done"], said["total"])
        elif event == "job_error":
            name = str(self.names.get(said["jobid"], said["rule_name"]))
            self.failed[name] = list(said["log"])
            self._write(f"FAILED {name}: {', '.join(said['log'])}", bad=True)
            for line in dict.fromkeys(reasons_in(name, self.failed[name])):
                self._write(line, bad=True, whole=True)
            self.just_told.append(name)
        elif event == "error" and self.failed:
            return  # that jobs failed, which the end says
        elif not str(record.msg or "").startswith(NOISE):
            self._say(record)

    def _plan(self, stats: dict[str, int]) -> None:
        """Write how many jobs there are, of which rules."""
        self.targets = stats.get("all", 0)
        counts = {name: n for name, n in stats.items() if name not in ("total", "all")}
        listed = ", ".join(f"{number}\N{NO-BREAK SPACE}{name}" for name, number in counts.items())
        total = sum(counts.values())
        text = f"{total} {'job' if total == 1 else 'jobs'}: {listed}"
        for line in textwrap.wrap(text, 100, subsequent_indent="    "):
            self._write(line.replace("\N{NO-BREAK SPACE}", " "))

    def _begin(self, said: dict[str, Any]) -> None:
        now = time.monotonic()
        self.began = self.began or now
        name = " ".join([said["rule_name"], *map(str, said["wildcards"].values())])
        self.names[said["jobid"]], self.since[said["jobid"]] = name, now
        if name != "all":
            self.just_told = []
            self._write(f"start  {name}")

    def _progress(self, done: int, total: int) -> None:
        """Write the jobs that have finished; the time left assumes that the others are alike."""
        now, total = time.monotonic(), total - self.targets
        left = (now - (self.began or now)) / max(done, 1) * (total - done)
        for job in self.finished:
            name = self.names.get(job, f"job {job}")
            self.failed.pop(name, None)  # tried again, with success
            if name == "all":
                continue
            self.just_told = []
            took = clock(now - self.since.get(job, now))
            rest = f", about {clock(left)} left" if done < total else ""
            self._write(f"done   {name} in {took}  [{done} of {total}, {done / total:.0%}{rest}]")
        self.finished = []

    def _say(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text.startswith("Nothing to be done"):
            self.succeed()
        for line in text.splitlines():
            if line.strip() and line != "None":
                self._write(line, bad=record.levelno >= logging.ERROR)

    def _write(self, line: str, *, bad: bool = False, whole: bool = False) -> None:
        if len(line) > WIDTH and not whole:
            line = f"{line[: WIDTH - 1]}…"
        self.stream.write((alarm(line) if bad and self.colour else line) + "\n")
        self.stream.flush()


def hand_down(scripts: Path) -> None:
    """Let jobs read the library that lies in *scripts*, and not one that is installed."""
    paths = [str(scripts), os.environ.get("PYTHONPATH")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))


def take_over(*, main: bool, shortly: bool) -> Terminal:
    """Return the terminal of this run; it replaces Snakemake's own.

    Parameters
    ----------
    main
        Whether this workflow is the one that was started; nothing is taken over otherwise.
    shortly
        Whether its run is to be told shortly. What a logger plugin writes stays as it is.
    """
    logger = logging.getLogger("snakemake.logging")
    shortly &= main
    found = [one for one in logger.handlers if one.name == DEFAULT_HANDLER] if shortly else []
    stream = getattr(found[0], "stream", sys.stderr) if found else sys.stderr
    plain = getattr(found[0], "nocolor", True) if found else True
    terminal = Terminal(stream, colour=not plain, arguments=sys.argv[1:])
    if main:
        logger.addFilter(terminal.remedies)
    for handler in found:
        os.environ[TOLD_BY_RUN] = "1"
        logger.removeHandler(handler)
        logger.addHandler(terminal)
    return terminal


def reasons_in(name: str, logs: Sequence[str]) -> list[str]:
    """Return why the job *name* failed, from its logs: its errors, else its last words."""
    texts = [Path(log).read_text("utf-8", "replace") for log in logs if Path(log).is_file()]
    told = [line for text in texts for line in TOLD.findall(text)]
    if told:
        return told
    words = [line for text in texts for line in text.splitlines() if line.strip()]
    where = f" ({', '.join(logs)})" if logs else ""
    if any(map(OURS.match, words)) and not any(ENDED in line for line in words):
        last = "it was ended from outside before it could say why, perhaps for its memory"
    else:
        words = [line for line in words if " INFO " not in line]
        last = words[-1] if words else "it left no reason; perhaps it was killed, as for its memory"
    return [f"ERROR in {name}{where}: {last}"]
