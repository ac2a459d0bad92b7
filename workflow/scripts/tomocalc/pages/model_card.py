"""The model card as a page and as Markdown, from one template."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tomocalc.accounts.doubts import KINDS
from tomocalc.pages import levels, markdown, merits, words
from tomocalc.pages.card import KEY_FIGURES, PROTOCOLS, Run
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.frame import render_page, vocabulary
from tomocalc.pages.templating import environment
from tomocalc.pages.words import RULINGS, badge_of
from tomocalc.version import VERSION

STATES = {
    "run": ("filled from the run", "from the run"),
    "given": ("filled by the authors", "by the authors"),
    "void": ("does not apply", "does not apply"),
    "partly": ("partly filled: the authors must add to it", "authors must add"),
    "open": ("to be written by the authors", "authors must write"),
}
"""How an item is called that is answered so, in full and where there is little room; from done to
not done."""


@dataclass(frozen=True)
class Entry:
    """One item of a guideline, and its answer.

    Attributes
    ----------
    number, section
        As in the guideline, e.g. ``12a``.
    topic
        What is to be reported, in our words.
    answer
        Name of the run's answer, empty where a run cannot know.
    ask
        What the authors must add, empty where the run's answer is all there is.
    state
        One of `STATES`.
    text, origin
        The answer, and the file of the results or what else it is from.
    """

    number: str
    section: str
    topic: str
    answer: str
    ask: str
    state: str = "open"
    text: Markup | str = ""
    origin: str = ""


@dataclass(frozen=True)
class Answer:
    """What a run knows.

    Attributes
    ----------
    whole
        Whether nothing is left for the authors, whatever the item asks of them.
    void
        Whether the item does not apply; *text* says why.
    """

    origin: str
    text: Markup | str
    whole: bool = False
    void: bool = False


@dataclass(frozen=True)
class Checklist:
    """A guideline, answered; *key* stands before an item's number in ``card.answers``."""

    key: str
    name: str
    source: str
    entries: tuple[Entry, ...] = ()

    @property
    def sections(self) -> list[tuple[str, list[Entry]]]:
        """The entries under the headings of the guideline."""
        groups = groupby(self.entries, key=lambda entry: entry.section)
        return [(name, list(entries)) for name, entries in groups]

    @property
    def counted(self) -> str:
        """How many entries are in which state."""
        counts = Counter(entry.state for entry in self.entries)
        said = (f"{counts[state]} {long}" for state, (long, _) in STATES.items() if counts[state])
        return "; ".join(said)


GUIDELINES = (
    Checklist(
        "tripod",
        "TRIPOD+AI",
        "Collins et al., BMJ 385 (2024) e078378, doi 10.1136/bmj-2023-078378: 27 items",
    ),
    Checklist(
        "claim",
        "CLAIM 2024",
        "Tejani et al., Radiol. Artif. Intell. 6 (2024) e240300, doi 10.1148/ryai.240300: 44 items",
    ),
)
"""Their items are in ``<key>.tsv``."""


def model_card(run: Run) -> tuple[str, str]:
    """Return ``model_card.md`` and ``model_card.html`` of a run."""
    values = _values(run) | {"checklists": checklists(run), "states": STATES}
    source = run.quality.source
    page = render_page(
        "model_card",
        links=navigation("model_card.html", run_pages(source, run.protocol)),
        badge=badge_of(source),
        packages=("numpy", "polars"),
        **values,
    )
    template = environment().get_template("model_card.html.j2")
    return markdown.from_page(template.make_module(values)), page


def checklists(run: Run) -> list[Checklist]:
    """Return the guidelines with every item answered or asked for."""
    known, given = answers(run), run.authors.get("answers") or {}
    return [
        replace(
            guideline,
            entries=tuple(
                _answered(item, known.get(item.answer), given.get(f"{guideline.key}_{item.number}"))
                for item in items(guideline.key)
            ),
        )
        for guideline in GUIDELINES
    ]


def items(guideline: str) -> Iterator[Entry]:
    """Yield the items of a guideline, unanswered."""
    text = Path(__file__).with_name(f"{guideline}.tsv").read_text(encoding="utf-8")
    yield from (Entry(**row) for row in csv.DictReader(text.splitlines(), dialect="excel-tab"))


def answers(run: Run) -> dict[str, Answer]:
    """Return what the run can answer, by name; ``card_answers.html.j2`` says it."""
    known: dict[str, Answer] = {}

    def answer(
        name: str,
        origin: str,
        text: str = "",
        whole: bool = False,
        void: bool = False,
        caller: Any = None,
    ) -> str:
        known[name] = Answer(origin, _one_line(caller() if caller else text), whole, void)
        return ""

    environment().get_template("card_answers.html.j2").render(_values(run) | {"answer": answer})
    return known


def _answered(item: Entry, answer: Answer | None, own: str | None) -> Entry:
    text, origin = (answer.text, answer.origin) if answer else ("", "")
    if own:
        both = Markup("{} {}").format(own, text) if text else own
        return replace(item, state="given", text=both, origin=origin)
    if answer is None:
        return item
    if answer.void:
        return replace(item, state="void", text=text, origin=origin)
    state = "partly" if item.ask and not answer.whole else "run"
    return replace(item, state=state, text=text, origin=origin)


def _values(run: Run) -> dict[str, Any]:
    how = run.quality.extraction
    accounts = ("quality", "split", "metrics", "model", "best", "labels", "test")
    return (
        vocabulary()
        | {name: getattr(run, name) for name in accounts}
        | {
            "run": run,
            "spacings": (how.pixel_spacing_mm, how.slice_spacing_mm) if how else (None, None),
            "ruling": RULINGS[run.verdict],
            "KINDS": KINDS,
            "KEY_FIGURES": KEY_FIGURES,
            "PROTOCOLS": PROTOCOLS,
            "levels": levels,
            "words": words,
            "merits": merits,
            "figure_of": merits.figure_of,
            "units": run.units,
            "version": VERSION,
        }
    )


def _one_line(text: str) -> Markup:
    """Return the text of a template without its line breaks."""
    return Markup(re.sub(r"[ \n]+", " ", Markup.escape(text)).strip())  # noqa: S704 - was escaped
