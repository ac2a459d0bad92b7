"""The shell that every page shares: one file, offline, under a strict content security policy.

A page is a header with facts, a list of `Section` and a footer. Its script and style are inline
and named by hash in the policy; nothing is fetched. plotly.js is embedded once, gzipped (2.0 MB
instead of 4.8 MB), and unpacked by the page's own script, whose policy knows the hash of the
unpacked text too. Equal arguments give equal bytes.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tomocalc.files import write_text
from tomocalc.pages.palette import DARK_OF
from tomocalc.pages.templating import asset, fill, slug
from tomocalc.version import VERSION

EMPTY = ""
"""plotly.js and its map library add empty style elements; their hash is allowed, theirs only."""

MAP_STYLE = re.compile(r'getElementById\("([0-9a-f]{64})"\)\)\{var \w+=document\.createElement')
"""A style that plotly.js adds at start unless an element of this id exists: maps, unused here."""


@dataclass(frozen=True)
class Section:
    """One section of a page.

    Parameters
    ----------
    title
        Heading, plain text.
    body
        Content, made by `tomocalc.pages.charts`, `tables` and `parts` (a plain string is escaped).
    intro
        One or two sentences under the heading, plain text.
    key
        Anchor; made from the title when empty.
    """

    title: str
    body: Markup | str | Sequence[Markup | str]
    intro: str = ""
    key: str = ""

    @property
    def anchor(self) -> str:
        """The section's ``id``."""
        return self.key or slug(self.title)

    @property
    def html(self) -> Markup:
        """The body as one piece."""
        if isinstance(self.body, str):
            return Markup.escape(self.body)
        return Markup("\n").join(self.body)


@dataclass(frozen=True)
class Plotly:
    """The embedded chart library."""

    packed: str
    hash: str
    version: str
    styles: tuple[str, ...] = field(default=())


def render_page(
    *,
    title: str,
    subtitle: str,
    sections: Sequence[Section],
    plotly: bool,
    badge: str | None = None,
    facts: Mapping[str, Any] | Sequence[tuple[str, Any]] = (),
    links: Sequence[tuple[str, str]] = (),
    versions: Mapping[str, str] | None = None,
    extra: str = "",
) -> str:
    """Return one self-contained HTML page.

    Parameters
    ----------
    title, subtitle
        Plain text; the subtitle is one sentence that says what the page answers.
    sections
        In order; their anchors must differ.
    plotly
        Whether the page has charts.
    badge
        Says of what kind the data are, e.g. ``in-silico phantom``.
    facts
        Label and value of the header's short table; values are text or safe markup.
    links
        Relative address and label of pages to go to from here.
    versions
        Software and its version, shown in the footer.
    extra
        Name of a script and a style of this package that the page needs beside the common ones:
        ``<extra>.js`` and ``<extra>.css``.

    Raises
    ------
    ValueError
        When an ``id`` occurs twice, because links and charts would then go astray.
    """
    content = fill("sections", sections=sections)
    _refuse_twins(content)
    script, style = asset("page.js"), asset("style.css")
    if extra:
        script, style = script + asset(f"{extra}.js"), style + asset(f"{extra}.css")
    library = embedded_plotly() if plotly else None
    hashes = [_source(script)] + ([library.hash] if library else [])
    policy = {
        "default-src": ["'none'"],
        "script-src": hashes,
        "style-src": [_source(style), *([_source(EMPTY)] if library else [])],
        "img-src": ["data:", "blob:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return fill(
        "page",
        version=VERSION,
        title=title,
        subtitle=subtitle,
        badge=badge,
        facts=list(facts.items()) if isinstance(facts, Mapping) else list(facts),
        links=links,
        versions=sorted((versions or {}).items()),
        sections=sections,
        content=content,
        policy="; ".join(f"{name} {' '.join(values)}" for name, values in policy.items()),
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        library=library,
        colours=json_block(DARK_OF),
    )


def write_page(path: str | Path, html: str) -> None:
    """Write a page to *path*, atomically."""
    write_text(path, html)


def json_block(value: Any) -> Markup:
    """Render *value* as JSON that is safe inside a ``<script type="application/json">``.

    ``<``, ``>`` and ``&`` are written as escapes, so that no text can end the element.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704 - no mark-up character is left


@functools.cache
def embedded_plotly() -> Plotly:
    """Return plotly.js as the installed plotly package ships it, ready to embed."""
    source = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    packed = gzip.compress(source.encode(), compresslevel=9, mtime=0)
    version = re.search(r"plotly\.js v(\S+)", source[:400])
    return Plotly(
        packed=base64.b64encode(packed).decode(),
        hash=_source(source),
        version=version.group(1) if version else "unknown",
        styles=tuple(sorted(set(MAP_STYLE.findall(source)))),
    )


def _source(text: str) -> str:
    """Return the policy's source expression for an inline script or style of this *text*."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _refuse_twins(content: str) -> None:
    twins = [key for key, n in Counter(re.findall(r'\sid="([^"]*)"', content)).items() if n > 1]
    if twins:
        raise ValueError(f"an id occurs twice on the page: {', '.join(sorted(twins))}")
