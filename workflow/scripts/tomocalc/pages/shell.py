"""Pages as a list of sections that Python puts together, until each of them has its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tomocalc.pages.catalogue import Link
from tomocalc.pages.frame import lay_out
from tomocalc.pages.templating import environment, slug


@dataclass(frozen=True)
class Section:
    """One section of a page: heading, content, an introduction, and its anchor."""

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


def render_page(
    *,
    title: str,
    subtitle: str,
    sections: Sequence[Section],
    badge: str | None = None,
    facts: Mapping[str, Any] | Sequence[tuple[str, Any]] = (),
    links: Sequence[Link] = (),
    versions: Mapping[str, str] | None = None,
    extra: str = "",
) -> str:
    """Return one self-contained HTML page; see `tomocalc.pages.frame.render_page`."""
    content = environment().get_template("sections.html.j2").render(sections=sections)
    return lay_out(
        title=title,
        subtitle=subtitle,
        facts=list(facts.items()) if isinstance(facts, Mapping) else list(facts),
        content=Markup(content),  # noqa: S704 - rendered with autoescape
        links=links,
        badge=badge,
        versions=versions or {},
        extra=extra,
    )
