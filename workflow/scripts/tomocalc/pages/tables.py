"""Real tables: a header row, sortable by buttons, readable by a screen reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tomocalc.pages.templating import fill

MISSING = "–"
PERCENT = "\N{NO-BREAK SPACE}%"


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
    size = abs(value)
    if float(size).is_integer() and size < 1e7:
        text = f"{size:,.0f}"
    else:
        mantissa, power = f"{size:.{digits - 1}e}".split("e")
        exponent = int(power)  # of the rounded number, which may have one digit more
        if -4 <= exponent < 7:
            text = f"{size:,.{max(0, digits - 1 - exponent)}f}"
        else:
            text = f"{mantissa}e{str(exponent).replace('-', '−')}"
    return f"−{text}" if value < 0 else text


def count(value: float) -> str:
    """Return a whole number with thousands apart."""
    return f"{round(value):,}".replace("-", "−")


def share(value: float) -> str:
    """Return a share of 0..1 as percent; nothing is rounded to 0 % or 100 % that is not."""
    percent = 100 * value
    if percent in (0.0, 100.0):
        return f"{percent:.0f}{PERCENT}"
    if percent < 0.01:
        return f"< 0.01{PERCENT}"
    if percent > 99.99:
        return f"> 99.99{PERCENT}"
    return f"{percent:.{2 if percent < 10 or percent > 99 else 1}f}{PERCENT}"


def signed(value: float) -> str:
    """Return a difference of scores with its sign, a true minus."""
    return f"{value:+.3f}".replace("-", "−")
