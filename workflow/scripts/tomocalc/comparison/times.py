"""How long models took: a sheet that belongs to the logs, for it differs from run to run."""

from __future__ import annotations

from collections.abc import Sequence

from tomocalc.files import sheet_text, write_text

COLUMNS = ["protocol", "model", "trials", "seconds"]


def write_times(path: str, protocol: str, spent: Sequence[tuple[str, int, float]]) -> None:
    """Write the sheet of (model, trials, seconds) under one *protocol*."""
    rows = [
        {"protocol": protocol, "model": model, "trials": trials, "seconds": f"{seconds:.2f}"}
        for model, trials, seconds in spent
    ]
    write_text(path, sheet_text(COLUMNS, rows))
