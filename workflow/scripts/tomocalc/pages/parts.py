"""Parts of pages that need work in Python: tables, cards of key numbers, doubts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tomocalc.accounts.doubts import KINDS, SHOWN, Doubt, DoubtCount, doubt_sentence
from tomocalc.accounts.seal import Opened
from tomocalc.pages.templating import fill
from tomocalc.pages.words import MISSING, explained, pretty, unit_of, written


@dataclass(frozen=True)
class Card:
    """One key number: what it is, the number as written, and a line that qualifies it."""

    label: str
    value: str
    detail: str = ""
    tone: str = ""


def doubt_note(doubt: Doubt) -> Markup:
    """Return a doubt about one volume, and what to do about it."""
    advice = KINDS[doubt.code].advice
    stop = "" if advice.endswith("?") else "."
    text = f"Doubtful: {doubt_sentence(doubt)}. What to do: {advice}{stop}"
    return fill("note", text, tone="warn")


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
    """One written cell: its text, the number to sort by, a tone (``good|warn|bad``), a hover."""

    text: Markup | str
    sort: float | str | None = None
    tone: str = ""
    help: str = ""


def feature(name: str, mark: str = "") -> Cell:
    """Return a feature's name in words, then *mark*; its definition shows on hover."""
    unit = unit_of(name)
    return Cell(pretty(name) + mark, name, help=explained(name) + (f" ({unit})" if unit else ""))


def table(
    caption: str,
    columns: Sequence[Sequence[str]],
    rows: Sequence[Sequence[Any]],
    *,
    key: str = "",
    sortable: bool = True,
    note: str = "",
) -> Markup:
    """Return a table: a header row, sorted by its headers, readable by a screen reader.

    Parameters
    ----------
    caption
        Plain text, read out before the table.
    columns
        From left to right, the fields of a `Column` each; the first one names the row.
    rows
        One value per column: number, text, None (missing), safe markup, or a `Cell`.
    key
        Anchor, optional.
    sortable
        Whether the headers are buttons that sort.
    note
        Plain text below the table.
    """
    heads = [Column(*column) for column in columns]
    cells = [[_cell(value, head) for value, head in zip(row, heads, strict=True)] for row in rows]
    return fill(
        "written_table",
        columns=heads,
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
            volume_links(count.first, addresses, total=count.volumes),
            KINDS[count.code].advice,
            count.volumes,
            count.slices or None,
        ]
        for count in counts
    ]
    columns = [
        ("Doubt", "text"),
        ("Which", "text"),
        ("What to do", "text"),
        ("Volumes", "count"),
        ("Slices", "count", "where the doubt is about single slices"),
    ]
    return table("Doubts about volumes", columns, rows, key="doubts")


def volume_links(names: Sequence[str], addresses: Mapping[str, str], *, total: int = 0) -> Markup:
    """Return the first of *names* with their links, and how many of *total* there are beside."""
    link, first = Markup('<a href="{}">{}</a>'), names[:SHOWN]
    linked = [
        link.format(addresses[name], name) if name in addresses else Markup.escape(name)
        for name in first
    ]
    more = max(total, len(names)) - len(first)
    return Markup(", ").join(linked) + (f" and {more:,} more" if more else "")


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


def openings(opened: Opened | None) -> list[tuple[str, str]]:
    """Return what a page's header says of a sealed test part; nothing where it is not sealed."""
    if opened is None:
        return []
    return [("Sealed test part", f"opening {opened.number} of {opened.total}")]


def read_how_often(opened: Opened | None) -> str:
    """Return the end of the sentence that begins with the test part."""
    if opened is None:
        return "read once by this run"
    times = "once" if opened.total == 1 else f"{opened.total} times"
    return (
        f"sealed as {opened.seal} and was looked at {times} by this {opened.by}, with other "
        f"scores or another threshold every time; these figures are of look {opened.number}"
    )
