"""How a rule calls its script, and what is told of it.

Details are in the rule's log file, on the terminal how far a loop is and why a rule fails.
"""

import atexit
import ctypes
import inspect
import logging
import os
import resource
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType
from typing import Any

from tomocalc.errors import TomocalcError

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 1 << 30
"""Parameters of glibc's ``mallopt`` (malloc.h), and the size up to which memory is kept."""


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory for the next step instead of giving it back.

    Otherwise every step takes fresh pages from the system: a quarter of the time of a training
    on six steps, 0.3 s of the first volume that a process measures. Other C libraries have no
    such switch and go without.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD):
            mallopt(option, KEPT_BYTES)


def peak_megabytes() -> float:
    """Return the most memory that this process has held, in MiB.

    On Linux not `ru_maxrss`, which begins with the peak of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) / 1024
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


TOLD_BY_RUN = "TOMOCALC_TOLD_BY_RUN"
"""Variable that is set where the run itself tells from a job's log why it failed."""
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def run(main: Callable[..., None], snakemake: Any, **given: Any) -> None:
    """Log to the rule's file, and call *main* with the rule's values of the same names.

    Parameters
    ----------
    main
        Takes keywords only: inputs, outputs and parameters of the rule, else its wildcards or
        ``threads``; what the rule has not got keeps its default.
    snakemake
        The job, as Snakemake gives it to a script; its lists of files go in as plain lists.
    given
        Values that are not the rule's as they stand, or functions of nothing that read them:
        their faults are in the log too. They win.

    Raises
    ------
    TypeError
        For a name that the rule has twice, or lacks where there is no default.
    """
    log_to(snakemake.log[0])
    read = {name: value() if callable(value) else value for name, value in given.items()}
    main(**values_for(main, snakemake, besides=given), **read)


def values_for(
    main: Callable[..., None], snakemake: Any, *, besides: Collection[str] = ()
) -> dict[str, Any]:
    """Return the values of the rule that *main* takes, by name, without those *besides*."""
    parts = [dict(one.items()) for one in (snakemake.input, snakemake.output, snakemake.params)]
    others = {**dict(snakemake.wildcards.items()), "threads": snakemake.threads}
    found = {}
    for name in inspect.signature(main).parameters.keys() - set(besides):
        values = [part[name] for part in parts if name in part]
        if len(values) > 1:
            raise TypeError(f"{name} is more than one of input, output and params of the rule")
        if values or name in others:
            value = values[0] if values else others[name]
            found[name] = list(value) if isinstance(value, list) else value
    return found


def log_to(path: str) -> None:
    """Send log records to *path*, and show faults in the user's data without a traceback.

    The traceback of every fault is in the file; the terminal gets the lines of a
    `TomocalcError`, or for any other exception its last line and the name of the log, unless the
    run tells it. The last line of the file says what the job took.
    """
    begun = time.monotonic()
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=path, filemode="w", level=logging.INFO, format=FORMAT, force=True)
    logging.captureWarnings(True)

    def report(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        logging.getLogger("tomocalc").critical("failed", exc_info=(kind, error, trace))
        if os.environ.get(TOLD_BY_RUN):
            return
        known = isinstance(error, TomocalcError)
        text = str(error) if known else f"{kind.__name__}: {error} (traceback in {path})"
        sys.stderr.write(f"{alarm(text) if sys.stderr.isatty() else text}\n")

    def account() -> None:
        logging.getLogger("tomocalc").info(
            "took %.1f s, %.1f s of processor time, at most %.0f MB of memory",
            time.monotonic() - begun,
            time.process_time(),
            peak_megabytes(),
        )

    sys.excepthook = report
    atexit.register(account)


class Progress:
    """Tell how far a loop has come and when it will be done.

    Parameters
    ----------
    name
        What is counted, such as ``epoch``.
    total
        Number of steps; fewer may be needed.
    """

    def __init__(self, name: str, total: int) -> None:
        self.name, self.total = name, total
        self.began = time.monotonic()
        self.first: int | None = None

    def __call__(self, number: int, **values: float | int | None) -> None:
        """Report step *number* (from 1) with the *values* worth seeing."""
        self.first = number - 1 if self.first is None else self.first
        seconds = (time.monotonic() - self.began) / (number - self.first)
        shown = [f"{key} {value:.4g}" for key, value in values.items() if value is not None]
        left = clock(seconds * (self.total - number))
        line = f"{self.name} {number}/{self.total}  {'  '.join(shown)}  at most {left} left"
        logging.getLogger(__name__).info("%s", line)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[2K{line}" + ("\n" if number == self.total else ""))
            sys.stderr.flush()


def alarm(text: str) -> str:
    """Return *text* in red, for a terminal."""
    return f"\x1b[1;31m{text}\x1b[0m"


def clock(seconds: float) -> str:
    """Return a time: ``0:07``, ``12:30``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
