"""Checklists of reporting guidelines: their items, and how an item is answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One item of a guideline.

    Attributes
    ----------
    number
        As in the guideline, e.g. ``12a``.
    section
        Of the guideline.
    topic
        What is to be reported, in our words.
    answer
        Name of the run's answer, empty where a run cannot know.
    ask
        What the authors must add, empty where the run's answer is all there is.
    """

    number: str
    section: str
    topic: str
    answer: str = ""
    ask: str = ""


@dataclass(frozen=True)
class Guideline:
    """A checklist.

    Attributes
    ----------
    key
        Before the number of an item in the configuration's ``card.answers``: ``claim_34``.
    """

    key: str
    name: str
    source: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Answer:
    """What a run knows.

    Attributes
    ----------
    origin
        File of the results, or what else it is from.
    whole
        Whether nothing is left for the authors, whatever the item asks of them.
    void
        Whether the item does not apply; *text* says why.
    """

    text: str
    origin: str
    whole: bool = False
    void: bool = False


@dataclass(frozen=True)
class Answered:
    """An item with its answer, its origin, what the authors must still write, and its state."""

    item: Item
    state: str
    text: str = ""
    origin: str = ""
    ask: str = ""


STATES = {
    "run": "filled from the run",
    "given": "filled by the authors",
    "void": "does not apply",
    "partly": "partly filled: the authors must add to it",
    "open": "to be written by the authors",
}
"""From done to not done."""

SHORT = {
    "run": "from the run",
    "given": "by the authors",
    "void": "does not apply",
    "partly": "authors must add",
    "open": "authors must write",
}
"""The same where there is little room."""


def answered(
    guideline: Guideline, known: Mapping[str, Answer], given: Mapping[str, str]
) -> Iterator[Answered]:
    """Yield every item of *guideline* with its answer.

    Parameters
    ----------
    known
        The run's answers by name.
    given
        The authors' answers by item, e.g. ``claim_34``; they complete the run's.
    """
    for item in guideline.items:
        answer, own = known.get(item.answer), given.get(f"{guideline.key}_{item.number}")
        text, origin = (answer.text, answer.origin) if answer else ("", "")
        if own:
            yield Answered(item, "given", f"{own} {text}".strip(), origin)
        elif answer is None:
            yield Answered(item, "open", ask=item.ask)
        elif answer.void:
            yield Answered(item, "void", text, origin)
        elif item.ask and not answer.whole:
            yield Answered(item, "partly", text, origin, item.ask)
        else:
            yield Answered(item, "run", text, origin)
