"""Jinja templates with autoescape: every text that reaches a page passes through here.

A template may call the macros of ``templates/parts.html.j2`` and what `frame.vocabulary` lists,
and writes numbers and words with the functions of `tomocalc.pages.words` as filters.
"""

import functools
import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tomocalc.pages import words

FOLDER = Path(__file__).parent

FILTERS = (
    "count",
    "number",
    "p_value",
    "parameters",
    "plural",
    "pretty",
    "published",
    "score",
    "share",
    "signed",
    "first_up",
)
"""Functions of `tomocalc.pages.words` that templates use as filters: ``{{ part|share }}``."""


@functools.cache
def environment() -> Environment:
    """Return the one environment: everything is escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        extensions=["jinja2.ext.do"],
    )
    made.filters |= {name: getattr(words, name) for name in FILTERS}
    parts: Any = made.get_template("parts.html.j2").module
    macros = [name for name in vars(parts) if not name.startswith("_")]
    made.globals |= {name: getattr(parts, name) for name in macros}
    return made


def fill(macro: str, *arguments: Any, **values: Any) -> Markup:
    """Return what a macro of ``parts.html.j2`` writes for *values*, all of them escaped."""
    return environment().globals[macro](*arguments, **values)  # type: ignore[operator]


def asset(name: str) -> str:
    """Return the text of a file beside this module (``style.css``, ``page.js``)."""
    return (FOLDER / name).read_text(encoding="utf-8")


def json_block(value: Any) -> Markup:
    """Render *value* as JSON that is safe inside a ``<script type="application/json">``.

    ``<``, ``>`` and ``&`` are written as escapes, so that no text can end the element.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704 - no mark-up character is left
