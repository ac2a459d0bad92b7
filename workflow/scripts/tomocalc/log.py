"""Logs: details in the rule's log file, one plain line on the terminal when a rule fails."""

from __future__ import annotations

import atexit
import logging
import sys
import time
from pathlib import Path
from types import TracebackType

from tomocalc.errors import TomocalcError
from tomocalc.memory import peak_megabytes

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def log_to(path: str) -> None:
    """Send log records to *path*, and show faults in the user's data without a traceback.

    The traceback of every fault is in the file; the terminal gets the lines of a
    `TomocalcError`, or for any other exception its last line and the name of the log. The last
    line of the file says what the job took.
    """
    begun = time.monotonic()
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=path, filemode="w", level=logging.INFO, format=FORMAT, force=True)
    logging.captureWarnings(True)

    def report(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        logging.getLogger("tomocalc").critical("failed", exc_info=(kind, error, trace))
        if isinstance(error, TomocalcError):
            sys.stderr.write(f"{error}\n")
        else:
            sys.stderr.write(f"{kind.__name__}: {error} (traceback in {path})\n")

    def account() -> None:
        logging.getLogger("tomocalc").info(
            "took %.1f s, %.1f s of processor time, at most %.0f MB of memory",
            time.monotonic() - begun,
            time.process_time(),
            peak_megabytes(),
        )

    sys.excepthook = report
    atexit.register(account)
