"""A page's content as Markdown: any text stays text, whatever it contains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

MARKS = re.compile(r"([\\`*_{}\[\]|~$])")
"""Characters that mean something inside a line, to Markdown or to what often reads it."""

LEADING = re.compile(r"^(?=[#+\-=:])|^(\d+)(?=[.)](?:\s|$))")
"""What means something at the start of a line."""

ADDRESS = re.compile(r"(://|\bwww\.)", re.IGNORECASE)
"""What some readers turn into a link by itself."""

TONES = {"info": "Note", "warn": "Take care", "bad": "Warning"}
SIGNS = {"good": "✓", "bad": "✗", "unknown": "?"}
MISSING = "–"
EMPTY = {"br", "img", "input", "wbr", "path", "circle"}
"""Elements that hold nothing."""


@dataclass
class Element:
    """One element of a page: its name, its classes and what it holds."""

    tag: str
    kind: str = ""
    holds: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside."""
        return "".join(one if isinstance(one, str) else one.text for one in self.holds)

    def find(self, tag: str, kind: str = "") -> list[Element]:
        """Return the elements inside of this name and class, in order."""
        found = []
        for one in self.holds:
            if isinstance(one, Element):
                found += [one] if one.tag == tag and kind in ("", *one.kind.split()) else []
                found += one.find(tag, kind)
        return found

    def said(self, tag: str, kind: str = "") -> str:
        """Return the escaped text of the first such element, empty without one."""
        found = self.find(tag, kind)
        return escape(found[0].text) if found else ""


def from_page(page: Any) -> str:
    """Return a page as Markdown; *page* is the module of its template, see `render_page`."""
    reader = _Reader()
    reader.feed(str(page))
    lines = [f"# {escape(page.title)}", "", escape(page.subtitle), "", *_blocks(reader.root)]
    return "\n".join(lines).rstrip() + "\n"


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


class _Reader(HTMLParser):
    """Builds the tree of elements; the pages are our own, so every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("main")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs).get("class") or "")
        self.open[-1].holds.append(element)
        if tag not in EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].holds.append(data)


def _blocks(parent: Element) -> Iterator[str]:
    """Yield the lines of everything inside *parent*, each block followed by an empty line."""
    checks = []
    for one in parent.holds:
        if isinstance(one, str):
            continue
        kinds = one.kind.split()
        if "checks" in kinds or "checks-title" in kinds:
            checks.append(one)
        elif write := WRITERS.get("verdict" if "verdict" in kinds else one.tag):
            yield from (*write(one), "")
        else:
            yield from _blocks(one)
    if checks:
        yield from (*_checklist(checks), "")


def _heading(one: Element) -> Iterator[str]:
    yield f"{'#' * int(one.tag[1])} {escape(one.text)}"


def _paragraph(one: Element) -> Iterator[str]:
    tone = one.kind.partition("note ")[2]
    text = escape(one.text)
    yield f"> **{TONES[tone]}.** {text}" if tone else text


def _verdict(one: Element) -> Iterator[str]:
    sign = next(SIGNS[kind] for kind in one.kind.split() if kind in SIGNS)
    yield f"> **{sign} {one.said('p', 'ruling')}**"
    for reason in one.find("li"):
        yield from (">", f"> - {escape(reason.text)}")


def _list(one: Element) -> Iterator[str]:
    for item in one.find("li"):
        if value := item.said("span", "value"):
            detail = item.said("span", "detail")
            yield f"- {item.said('span', 'label')}: **{value}**{f' ({detail})' if detail else ''}"
        else:
            yield f"- {escape(item.text)}"


def _table(one: Element) -> Iterator[str]:
    yield from (f"**{one.said('caption')}**", "")
    heads, *rows = (row.find("th") + row.find("td") for row in one.find("tr"))
    yield f"| {' | '.join(escape(head.text) for head in heads)} |"
    yield f"|{''.join('---:|' if 'n' in head.kind.split() else '---|' for head in heads)}"
    for row in rows:
        yield f"| {' | '.join(escape(cell.text) or MISSING for cell in row)} |"


def _verbatim(one: Element) -> Iterator[str]:
    yield from ("```", *one.text.strip().splitlines(), "```")


def _checklist(parts: list[Element]) -> Iterator[str]:
    """Yield the items of a checklist as one table; headings stand before their lists."""
    yield "| No. | Item | Answer | State |"
    yield "|---|---|---|---|"
    heading = ""
    for part in parts:
        if part.tag == "h3":
            heading = escape(part.text)
        for item in part.find("li"):
            number, topic = item.said("span", "number"), item.said("span", "title")
            answer, ask = item.said("span", "answer"), item.said("p", "ask")
            asked, _, what = ask.partition(": ")
            origin = item.said("span", "origin")
            texts = (answer, f"**{asked}:** {what}" if ask else "")
            state = item.said("span", "state") + (f" ({origin})" if origin else "")
            yield f"| {number} | {heading}: {topic} | {' '.join(filter(None, texts))} | {state} |"


WRITERS = {
    "h2": _heading,
    "h3": _heading,
    "p": _paragraph,
    "pre": _verbatim,
    "ul": _list,
    "table": _table,
    "verdict": _verdict,
}
"""How an element is written; all others are what they hold."""
