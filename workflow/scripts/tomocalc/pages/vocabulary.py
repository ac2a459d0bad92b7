"""What the template of a page may call beside the macros of ``templates/parts.html.j2``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup

from tomocalc.pages import merits, words
from tomocalc.pages.charts import figure_section
from tomocalc.pages.parts import Card, Cell, Column, table
from tomocalc.pages.traces import Chart


@functools.cache
def vocabulary() -> dict[str, Any]:
    """Return the functions and tables of words by their name in a template."""
    named = (
        *(words.counted, words.explained, words.unit_of, words.under, words.counted_clusters),
        *(merits.figure_card, merits.in_a_sentence, merits.merit_name),
        *(merits.with_interval, merits.with_reach),
    )
    constants = {
        name: getattr(words, name)
        for name in ("PARTS", "PROTOCOLS", "PROTOCOL_NAMES", "RULINGS", "SOURCES")
    }
    parts = {"card": Card, "cell": Cell, "chart": chart, "table": plain_table}
    return {function.__name__: function for function in named} | constants | parts


def plain_table(
    caption: str,
    columns: Sequence[Sequence[str]],
    rows: Sequence[Sequence[Any]],
    *,
    key: str = "",
    sortable: bool = True,
    note: str = "",
) -> Markup:
    """Return a table; a column is its label and, if need be, its form and its help."""
    heads = [Column(*column) for column in columns]
    return table(columns=heads, rows=rows, caption=caption, key=key, sortable=sortable, note=note)


def chart(
    key: str,
    drawn: Chart,
    title: str,
    table: Markup,
    *,
    open: bool = False,  # noqa: A002 - as the attribute of HTML
    level: int = 3,
    caller: Callable[[], Markup] | None = None,
) -> Markup:
    """Return a chart with its heading, its table, and what the caller says of it."""
    return figure_section(
        key=key,
        title=title,
        figure={"data": drawn.data, "layout": drawn.layout},
        table=table,
        caption=caller().strip() if caller else "",
        height=drawn.height,
        switches=drawn.switches,
        group=drawn.group,
        patches=drawn.patches,
        narrow=drawn.narrow,
        table_open=open,
        level=level,
    )
