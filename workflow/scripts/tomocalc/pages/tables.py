"""Real tables: a header row, sortable by buttons, readable by a screen reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tomocalc.pages.templating import fill
from tomocalc.wording.numbers import MISSING, written


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    label
        Header, plain text.
    form
        How values are written: ``text``, ``number`` (four significant digits), ``count``,
        ``share`` (0..1 as percent) or ``score`` (three decimals).
    help
        One sentence shown when the pointer rests on the header.
    """

    label: str
    form: str = "number"
    help: str = ""


@dataclass(frozen=True)
class Cell:
    """One written cell: its text, the number to sort by, and a tone (``good|warn|bad``)."""

    text: Markup | str
    sort: float | str | None = None
    tone: str = ""


def table(
    *,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    caption: str,
    key: str = "",
    sortable: bool = True,
    note: str = "",
) -> Markup:
    """Return a table.

    Parameters
    ----------
    columns
        From left to right; the first one names the row.
    rows
        One value per column: number, text, None (missing), safe markup, or a `Cell`.
    caption
        Plain text, read out before the table.
    key
        Anchor, optional.
    sortable
        Whether the headers are buttons that sort.
    note
        Plain text below the table.
    """
    written = [
        [_cell(value, column) for value, column in zip(row, columns, strict=True)] for row in rows
    ]
    return fill(
        "table",
        columns=columns,
        rows=written,
        caption=caption,
        key=key,
        sortable=sortable and len(rows) > 1,
        note=note,
    )


def _cell(value: Any, column: Column) -> Cell:
    if isinstance(value, Cell):
        return value
    if isinstance(value, bool):
        return Cell("yes" if value else "no", int(value))
    if isinstance(value, str):
        return Cell(value)
    if value is None or not math.isfinite(value):
        return Cell(MISSING)
    return Cell(written(value, column.form), float(value))
