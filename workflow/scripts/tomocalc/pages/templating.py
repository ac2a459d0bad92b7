"""Jinja templates with autoescape: every text that reaches a page passes through here."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).parent


@functools.cache
def environment() -> Environment:
    """Return the one environment: everything is escaped, an unknown name is an error."""
    return Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


def fill(template: str, **values: Any) -> Markup:
    """Render ``templates/<template>.html.j2`` with *values*, all of them escaped."""
    return Markup(environment().get_template(f"{template}.html.j2").render(**values))  # noqa: S704


def asset(name: str) -> str:
    """Return the text of a file beside this module (``style.css``, ``page.js``)."""
    return (FOLDER / name).read_text(encoding="utf-8")


def slug(text: str) -> str:
    """Return *text* as an identifier for an ``id`` attribute: ``a-z``, ``0-9`` and ``-``."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"
