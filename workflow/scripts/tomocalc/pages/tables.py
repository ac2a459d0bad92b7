"""Real tables: a header row, sortable by buttons, readable by a screen reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tomocalc.pages.templating import fill

MISSING = "–"


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


def written(value: float | None, form: str = "number") -> str:
    """Return *value* in one of the forms of `Column`."""
    if value is None or not math.isfinite(value):
        return MISSING
    if form == "count":
        return count(value)
    if form == "share":
        return share(value)
    if form == "score":
        return f"{value:.3f}"
    return number(value)


def number(value: float, digits: int = 4) -> str:
    """Return *value* with *digits* significant digits; a true minus, thousands apart."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e7 or size < 1e-4:
        mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
    else:
        decimals = max(0, digits - 1 - math.floor(math.log10(size)))
        text = f"{size:,.{decimals}f}"
        if float(size).is_integer():
            text = f"{size:,.0f}"
    return f"−{text}" if value < 0 else text


def count(value: float) -> str:
    """Return a whole number with thousands apart."""
    return f"{round(value):,}".replace("-", "−")


def share(value: float) -> str:
    """Return a share of 0..1 as percent; nothing is rounded to 0 % or 100 % that is not."""
    percent = 100 * value
    if percent in (0.0, 100.0):
        return f"{percent:.0f} %"
    if percent < 0.01:
        return "< 0.01 %"
    if percent > 99.99:
        return "> 99.99 %"
    return f"{percent:.2f} %" if percent < 10 or percent > 99 else f"{percent:.1f} %"
