"""Progress of a long loop: a line per step in the log, one rewritten line in a terminal."""

from __future__ import annotations

import logging
import sys
import time

log = logging.getLogger(__name__)


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
        left = _clock(seconds * (self.total - number))
        line = f"{self.name} {number}/{self.total}  {'  '.join(shown)}  at most {left} left"
        log.info("%s", line)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[2K{line}" + ("\n" if number == self.total else ""))
            sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
