"""Parts of pages: tables, verdicts, cards of key numbers, remarks, small pictures.

A table has a header row, is sorted by its headers, and can be read by a screen reader. Templates
call the macros of ``templates/parts.html.j2`` for what needs no work in Python.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tomocalc.accounts.doubts import KINDS, Doubt, DoubtCount, doubt_sentence
from tomocalc.pages.templating import fill
from tomocalc.pages.words import MISSING, written

LONGER_SIDE = 440
"""Of a small picture, in pixels."""


@dataclass(frozen=True)
class Card:
    """One key number: what it is, the number as written, and a line that qualifies it."""

    label: str
    value: str
    detail: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing to know: its tone (``good|info|warn|bad``), a text, and the section it leads to."""

    tone: str
    text: str
    anchor: str


def findings(items: Sequence[Finding]) -> Markup:
    """Return what to know first, each a link to its grounds."""
    return fill("findings", findings=items)


def cards(items: Sequence[Card]) -> Markup:
    """Return key numbers side by side."""
    return fill("cards", cards=items)


def verdict(*, good: bool | None, title: str, reasons: Sequence[str], key: str = "") -> Markup:
    """Return a judgement in plain words; colour, sign and text all say the same.

    *good* is None where the facts do not allow one.
    """
    tone = "unknown" if good is None else "good" if good else "bad"
    return fill("verdict", tone=tone, title=title, reasons=reasons, key=key)


def note(text: str, *, tone: str = "info") -> Markup:
    """Return a remark set apart from the text; *tone* is ``info``, ``warn`` or ``bad``."""
    return fill("note", text=text, tone=tone)


def doubt_note(doubt: Doubt) -> Markup:
    """Return a doubt about one volume, and what to do about it."""
    text = f"Doubtful: {doubt_sentence(doubt)}. What to do: {KINDS[doubt.code].advice}."
    return note(text, tone="warn")


def paragraph(text: str) -> Markup:
    """Return a paragraph of plain text."""
    return Markup("<p>{}</p>").format(text)


def heading(text: str, *, level: int = 3) -> Markup:
    """Return a heading of plain text."""
    return Markup("<h{0}>{1}</h{0}>").format(level, text)


def block(parts: Sequence[Markup], *, kind: str) -> Markup:
    """Return *parts* inside one element of class *kind*, e.g. ``grid``."""
    return Markup('<div class="{}">{}</div>').format(kind, Markup("\n").join(parts))


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
    cells = [
        [_cell(value, column) for value, column in zip(row, columns, strict=True)] for row in rows
    ]
    return fill(
        "written_table",
        columns=columns,
        rows=cells,
        caption=caption,
        key=key,
        sortable=sortable and len(rows) > 1,
        note=note,
    )


def doubt_table(counts: Sequence[DoubtCount], addresses: Mapping[str, str]) -> Markup:
    """Return every doubt with its volumes and what to do about it.

    Parameters
    ----------
    addresses
        Where a volume is looked at, by its id; volumes without one are not linked.
    """
    rows = [
        [
            KINDS[count.code].title,
            count.volumes,
            count.slices or None,
            _named(count, addresses),
            KINDS[count.code].advice,
        ]
        for count in counts
    ]
    columns = [
        Column("Doubt", "text"),
        Column("Volumes", "count"),
        Column("Slices", "count", "where the doubt is about single slices"),
        Column("Which", "text"),
        Column("What to do", "text"),
    ]
    return table(columns=columns, rows=rows, caption="Doubts about volumes")


def _named(count: DoubtCount, addresses: Mapping[str, str]) -> Markup:
    link = Markup('<a href="{}">{}</a>')
    names = [
        link.format(addresses[name], name) if name in addresses else Markup.escape(name)
        for name in count.first
    ]
    more = count.volumes - len(count.first)
    return Markup(", ").join(names) + (f" and {more:,} more" if more else "")


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


def thumbnail(path: str | Path) -> str:
    """Return a small copy of a picture as a ``data:`` address."""
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGB")
        small.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=82, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
