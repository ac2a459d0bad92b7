"""The model card as plain data, from which Markdown and HTML are written alike.

Every text is plain; the writers escape it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tomocalc.pages.card.checklist import Answered


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Remark:
    """A paragraph set apart; *tone* is ``info``, ``warn`` or ``bad``."""

    text: str
    tone: str = "info"


@dataclass(frozen=True)
class Ruling:
    """A judgement with its reasons; *good* is None where it is neither good nor bad."""

    good: bool | None
    title: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Numbers:
    """Key numbers: what each is, the number as written, and what qualifies it."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table of texts; the first column names the row, those in *numbers* hold numbers."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checks:
    """A checklist, answered item by item."""

    name: str
    items: tuple[Answered, ...]


Block = Text | Remark | Ruling | Numbers | Bullets | Grid | Checks


@dataclass(frozen=True)
class Part:
    """One section: anchor, heading, one or two sentences below it, and its content."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    intro: str = ""


@dataclass(frozen=True)
class Card:
    """The whole card."""

    title: str
    subtitle: str
    parts: tuple[Part, ...]
