"""The model card as Markdown: any text stays text, whatever it contains."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import singledispatch

from tomocalc.pages.card.checklist import SHORT
from tomocalc.pages.card.document import (
    Block,
    Bullets,
    Card,
    Checks,
    Grid,
    Numbers,
    Part,
    Remark,
    Ruling,
    Text,
)

MARKS = re.compile(r"([\\`*_{}\[\]|~$])")
"""Characters that mean something inside a line, to Markdown or to what often reads it."""

LEADING = re.compile(r"^(?=[#+\-=:])|^(\d+)(?=[.)](?:\s|$))")
"""What means something at the start of a line."""

ADDRESS = re.compile(r"(://|\bwww\.)", re.IGNORECASE)
"""What some readers turn into a link by itself."""

TONES = {"info": "Note", "warn": "Take care", "bad": "Warning"}
MISSING = "–"


def escape(text: str) -> str:
    """Return *text* on one line, as Markdown that shows exactly its words.

    Control characters and line breaks of every kind become spaces, so that no text can begin a
    block; mark-up, of HTML too, is shown as it was written.
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = MARKS.sub(r"\\\1", text)
    text = ADDRESS.sub(lambda found: found[0].replace(":", r"\:").replace(".", r"\."), text)
    return LEADING.sub(lambda found: f"{found[1]}\\" if found[1] else "\\", text)


def markdown(card: Card) -> str:
    """Return the whole card."""
    lines = [f"# {escape(card.title)}", "", escape(card.subtitle), ""]
    for part in card.parts:
        lines += _part(part)
    return "\n".join(lines).rstrip() + "\n"


def _part(part: Part) -> Iterator[str]:
    yield from (f"## {escape(part.title)}", "")
    if part.intro:
        yield from (escape(part.intro), "")
    for block in part.blocks:
        yield from _lines(block)
        yield ""


@singledispatch
def _lines(block: Block) -> Iterator[str]:
    raise TypeError(type(block))


@_lines.register
def _(block: Text) -> Iterator[str]:
    yield escape(block.text)


@_lines.register
def _(block: Remark) -> Iterator[str]:
    yield f"> **{TONES[block.tone]}.** {escape(block.text)}"


@_lines.register
def _(block: Ruling) -> Iterator[str]:
    mark = {True: "✓", False: "✗", None: "?"}[block.good]
    yield f"> **{mark} {escape(block.title)}**"
    for reason in block.reasons:
        yield from (">", f"> - {escape(reason)}")


@_lines.register
def _(block: Numbers) -> Iterator[str]:
    for label, value, detail in block.items:
        qualified = f" ({escape(detail)})" if detail else ""
        yield f"- {escape(label)}: **{escape(value)}**{qualified}"


@_lines.register
def _(block: Bullets) -> Iterator[str]:
    yield from (f"- {escape(item)}" for item in block.items)


@_lines.register
def _(block: Grid) -> Iterator[str]:
    yield from (f"**{escape(block.caption)}**", "")
    cells = [[escape(cell) or MISSING for cell in row] for row in block.rows]
    columns = [escape(column) for column in block.columns]
    yield from _table(columns, cells, [name in block.numbers for name in block.columns])


@_lines.register
def _(block: Checks) -> Iterator[str]:
    rows = []
    for one in block.items:
        text = escape(one.text)
        if one.ask:
            text = f"{text} **To be written by the authors:** {escape(one.ask)}".strip()
        origin = f" ({escape(one.origin)})" if one.origin else ""
        item = escape(one.item.number), escape(f"{one.item.section}: {one.item.topic}")
        rows.append((*item, text, f"{SHORT[one.state]}{origin}"))
    yield from _table(("No.", "Item", "Answer", "State"), rows, (False,) * 4)


def _table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]
) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{''.join('---:|' if aside else '---|' for aside in right)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
