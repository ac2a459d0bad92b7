"""The frame of every page: one file, offline, under a strict content security policy.

A page is a template of ``templates/`` and the values that it shows. The frame adds the header,
the navigation, the footer, script and style; these are inline and named by hash in the policy, so
nothing is fetched. plotly.js is embedded once where a page has charts, gzipped (2.0 MB instead of
4.8 MB), and unpacked by the page's own script, whose policy knows the hash of the unpacked text
too. Equal arguments give equal bytes.
"""

import base64
import functools
import gzip
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tomocalc.files import write_text
from tomocalc.pages import merits, words
from tomocalc.pages.catalogue import Link
from tomocalc.pages.charts import chart
from tomocalc.pages.palette import DARK_OF
from tomocalc.pages.parts import Card, Cell, feature, openings, read_how_often, table
from tomocalc.pages.question import reworded
from tomocalc.pages.templating import asset, environment, json_block
from tomocalc.version import VERSION

EMPTY = ""
"""plotly.js and its map library add empty style elements; their hash is allowed, theirs only."""

MAP_STYLE = re.compile(r'getElementById\("([0-9a-f]{64})"\)\)\{var \w+=document\.createElement')
"""A style that plotly.js adds at start unless an element of this id exists: maps, unused here."""

HEADING = re.compile(r'<section id="([^"]+)"[^>]*>\s*<h2[^>]*>(.*?)</h2>', re.DOTALL)
"""A section of a page, as the macro ``section`` writes it."""

CHART = 'class="plot"'
"""What every chart has, and nothing else."""


@dataclass(frozen=True)
class Plotly:
    """The embedded chart library."""

    packed: str
    hash: str
    version: str
    styles: tuple[str, ...] = ()


def render_page(
    template: str,
    *,
    links: Sequence[Link] = (),
    badge: str | None = None,
    packages: Iterable[str] = (),
    extra: str = "",
    **values: Any,
) -> str:
    """Return one self-contained HTML page.

    Parameters
    ----------
    template
        ``templates/<template>.html.j2``. It sets ``title``, ``subtitle`` (one sentence that says
        what the page answers) and, if it likes, ``facts`` (pairs of label and value for the
        header), and calls ``section`` for each of its sections. It may call what `vocabulary` has.
    links
        The navigation, from `tomocalc.pages.catalogue.navigation`.
    badge
        Says of what kind the data are, e.g. ``in-silico phantom``.
    packages
        Software whose versions the footer names.
    extra
        Name of a script of this package that the page needs beside the common ones.
    values
        What the template shows; text is escaped.

    Raises
    ------
    ValueError
        When an ``id`` occurs twice, because links and charts would then go astray.
    """
    page = environment().get_template(f"{template}.html.j2").make_module(vocabulary() | values)
    return lay_out(
        title=page.title,  # type: ignore[attr-defined]
        subtitle=page.subtitle,  # type: ignore[attr-defined]
        facts=getattr(page, "facts", ()),
        content=Markup(str(page)),  # noqa: S704 - rendered with autoescape
        links=links,
        badge=badge,
        versions=words.versions_of(packages) if packages else {},
        extra=extra,
    )


@functools.cache
def vocabulary() -> dict[str, Any]:
    """Return what a template may call beside the macros of ``templates/parts.html.j2``."""
    named = (
        *(words.counted, words.explained, words.unit_of, words.under, words.counted_clusters),
        *(openings, read_how_often),
        *(merits.figure_card, merits.in_a_sentence, merits.merit_name),
        *(merits.with_interval, merits.with_reach),
    )
    constants = {
        name: getattr(words, name)
        for name in ("PARTS", "PROTOCOLS", "PROTOCOL_NAMES", "RULINGS", "SOURCES")
    }
    parts = {"card": Card, "cell": Cell, "chart": chart, "feature": feature, "table": table}
    return {function.__name__: function for function in named} | constants | parts


def lay_out(
    *,
    title: str,
    subtitle: str,
    facts: Sequence[tuple[str, Any]],
    content: Markup,
    links: Sequence[Link],
    badge: str | None,
    versions: Mapping[str, str],
    extra: str,
) -> str:
    """Return the page around *content*; see `render_page`."""
    _refuse_twins(content)
    scripts = ("page", "save", extra) if extra else ("page", "save")
    script, style = "".join(asset(f"{name}.js") for name in scripts), asset("style.css")
    library = embedded_plotly() if CHART in content else None
    hashes = [_source(script)] + ([library.hash] if library else [])
    policy = {
        "default-src": ["'none'"],
        "script-src": hashes,
        "style-src": [_source(style), *([_source(EMPTY)] if library else [])],
        "img-src": ["data:", "blob:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    layout = environment().get_template("layout.html.j2")
    return layout.render(
        version=VERSION,
        title=title,
        subtitle=subtitle,
        badge=badge,
        facts=facts,
        links=links,
        versions=sorted(versions.items()),
        contents=[(key, Markup(name)) for key, name in HEADING.findall(content)],  # noqa: S704
        content=content,
        policy="; ".join(f"{name} {' '.join(values)}" for name, values in policy.items()),
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        library=library,
        colours=json_block(DARK_OF),
    )


def write_page(path: str | Path, html: str, words: Mapping[str, str] | None = None) -> None:
    """Write a page to *path*, atomically, in the *words* of its question; see `reworded`."""
    write_text(path, reworded(html, words))


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
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _refuse_twins(content: str) -> None:
    twins = [key for key, n in Counter(re.findall(r'\sid="([^"]*)"', content)).items() if n > 1]
    if twins:
        raise ValueError(f"an id occurs twice on the page: {', '.join(sorted(twins))}")
