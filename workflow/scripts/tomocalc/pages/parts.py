"""Small parts of pages: verdicts, cards of key numbers, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tomocalc.pages.templating import fill


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


def paragraph(text: str) -> Markup:
    """Return a paragraph of plain text."""
    return Markup("<p>{}</p>").format(text)


def heading(text: str, *, level: int = 3) -> Markup:
    """Return a heading of plain text."""
    return Markup("<h{0}>{1}</h{0}>").format(level, text)


def block(parts: Sequence[Markup], *, kind: str) -> Markup:
    """Return *parts* inside one element of class *kind*, e.g. ``grid``."""
    return Markup('<div class="{}">{}</div>').format(kind, Markup("\n").join(parts))
