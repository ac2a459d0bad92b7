"""The model card as a page and as Markdown, from one template, with its two checklists.

The items of the reporting guidelines are rows of ``tripod.tsv`` and ``claim.tsv``; what a run can
answer of them is said in ``card_answers.html.j2``, by name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from tomocalc.accounts.doubts import KINDS
from tomocalc.comparison.catalogue import NAMES
from tomocalc.files import sheet_rows
from tomocalc.pages import levels, markdown, merits, words
from tomocalc.pages.card import KEY_FIGURES, PROTOCOLS, Run
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.frame import render_page, vocabulary
from tomocalc.pages.templating import environment
from tomocalc.version import VERSION

GUIDELINES = ("tripod", "claim")
"""Names of the lists of items; with a number they are keys of the configuration: ``claim_34``."""


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
        ``run`` or ``given`` (by the authors) where it is answered, ``void`` where it does not
        apply, ``partly`` and ``open`` where the authors must write.
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


class Answer(NamedTuple):
    """What a run knows; see ``card_answers.html.j2``."""

    origin: str
    text: Markup
    whole: bool
    void: bool


def model_card(run: Run) -> tuple[str, str]:
    """Return ``model_card.md`` and ``model_card.html`` of a run."""
    values: dict[str, Any] = _values(run) | {"checklists": checklists(run)}
    source = run.quality.source
    page = render_page(
        "model_card",
        links=navigation("model_card.html", run_pages(source, run.protocol)),
        badge=words.BADGES.get(source),
        packages=("numpy", "polars"),
        **values,
    )
    template = environment().get_template("model_card.html.j2")
    return markdown.from_page(template.make_module(values)), page


def checklists(run: Run) -> dict[str, list[Entry]]:
    """Return every item of the guidelines, answered or asked for."""
    known, given = answers(run), run.authors.get("answers") or {}
    return {
        name: [
            _answered(item, known.get(item.answer), given.get(f"{name}_{item.number}"))
            for item in items(name)
        ]
        for name in GUIDELINES
    }


def items(guideline: str) -> Iterator[Entry]:
    """Yield the items of a guideline, unanswered."""
    yield from (Entry(**row) for row in sheet_rows(Path(__file__).with_name(f"{guideline}.tsv")))


def answers(run: Run) -> dict[str, Answer]:
    """Return what the run can answer, by name."""
    known: dict[str, Answer] = {}

    def answer(
        name: str,
        origin: str,
        text: str = "",
        *,
        whole: bool = False,
        void: bool = False,
        caller: Any = None,
    ) -> str:
        said = Markup.escape(caller() if caller else text)
        one_line = Markup(re.sub(r"[ \n]+", " ", said).strip())  # noqa: S704 - was escaped
        known[name] = Answer(origin, one_line, whole, void)
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
    own = {
        "run": run,
        "spacings": (how.pixel_spacing_mm, how.slice_spacing_mm) if how else (None, None),
        "ruling": words.RULINGS[run.verdict],
        "KINDS": KINDS,
        "MODELS": NAMES,
        "KEY_FIGURES": KEY_FIGURES,
        "PROTOCOLS": PROTOCOLS,
        "levels": levels,
        "words": words,
        "merits": merits,
        "version": VERSION,
    }
    return vocabulary() | {name: getattr(run, name) for name in accounts} | own
