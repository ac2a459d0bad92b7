"""The model card as a page, from the same structure as its Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from itertools import groupby

from markupsafe import Markup

from tomocalc.pages import parts
from tomocalc.pages.card.checklist import SHORT, STATES, Answered
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
from tomocalc.pages.catalogue import Link
from tomocalc.pages.parts import Column, table
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.templating import render
from tomocalc.pages.words import badge_of, versions_of


def model_card_page(
    card: Card, *, source: str, facts: Sequence[tuple[str, str]], links: Sequence[Link]
) -> str:
    """Return ``model_card.html``.

    Parameters
    ----------
    source
        ``phantom``, ``volumes`` or ``table``.
    facts
        Label and value of the header.
    links
        The navigation.
    """
    return render_page(
        title=card.title,
        subtitle=card.subtitle,
        sections=[_section(part) for part in card.parts],
        badge=badge_of(source),
        facts=facts,
        links=links,
        versions=versions_of(("numpy", "polars")),
    )


def _section(part: Part) -> Section:
    return Section(
        part.title, [_html(block) for block in part.blocks], intro=part.intro, key=part.key
    )


@singledispatch
def _html(block: Block) -> Markup:
    raise TypeError(type(block))


@_html.register
def _(block: Text) -> Markup:
    return parts.paragraph(block.text)


@_html.register
def _(block: Remark) -> Markup:
    return parts.note(block.text, tone=block.tone)


@_html.register
def _(block: Ruling) -> Markup:
    return parts.verdict(good=block.good, title=block.title, reasons=block.reasons)


@_html.register
def _(block: Numbers) -> Markup:
    return parts.cards([parts.Card(*item) for item in block.items])


@_html.register
def _(block: Bullets) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(item) for item in block.items)
    return Markup('<ul class="prose">{}</ul>').format(items)


@_html.register
def _(block: Grid) -> Markup:
    written = table(
        columns=[
            Column(name, "number" if name in block.numbers else "text") for name in block.columns
        ],
        rows=block.rows,
        caption=block.caption,
        sortable=len(block.columns) > 2,
    )
    return parts.block([written], kind="panel")


@_html.register
def _(block: Checks) -> Markup:
    groups = [
        (name, [_entry(one) for one in items])
        for name, items in groupby(block.items, key=lambda one: one.item.section)
    ]
    return render("checklist", groups=groups, name=block.name, words=SHORT, states=STATES)


def _entry(one: Answered) -> dict[str, str]:
    return {
        "number": one.item.number,
        "topic": one.item.topic,
        "state": one.state,
        "text": one.text,
        "origin": one.origin,
        "ask": one.ask,
    }
