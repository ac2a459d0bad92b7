"""The model card of a run: which sections, in which order."""

from __future__ import annotations

from collections import Counter

from tomocalc.pages.card import figures, sections
from tomocalc.pages.card.answers_data import data_answers
from tomocalc.pages.card.answers_model import model_answers
from tomocalc.pages.card.checklist import STATES, Guideline, answered
from tomocalc.pages.card.claim import CLAIM
from tomocalc.pages.card.document import Card, Checks, Part, Text
from tomocalc.pages.card.facts import Facts
from tomocalc.pages.card.tripod import TRIPOD

GUIDELINES = (TRIPOD, CLAIM)


def build_card(facts: Facts) -> Card:
    """Return the card of the run that *facts* tell of."""
    return Card(
        title="Model card",
        subtitle="What the model is for and what it is not for, how well it does, and on what "
        "grounds that is said.",
        parts=(
            sections.summary(facts),
            sections.use(facts),
            sections.limitations(facts),
            figures.performance(facts),
            figures.threshold(facts),
            sections.protocol(facts),
            figures.comparison(facts),
            sections.data(facts),
            sections.training(facts),
            *(_checks(guideline, facts) for guideline in GUIDELINES),
            sections.about(facts),
        ),
    )


def _checks(guideline: Guideline, facts: Facts) -> Part:
    known = dict(data_answers(facts)) | dict(model_answers(facts))
    items = tuple(answered(guideline, known, facts.authors.get("answers") or {}))
    counts = Counter(one.state for one in items)
    said = "; ".join(f"{counts[state]} {words}" for state, words in STATES.items() if counts[state])
    how = (
        "An item is completed in the configuration, and this card is written anew: "
        f"card: {{answers: {{{guideline.key}_{guideline.items[0].number}: your text}}}}."
    )
    return Part(
        guideline.key,
        f"Checklist {guideline.name}",
        (Text(f"{len(items)} entries: {said}. {how}"), Checks(guideline.name, items)),
        intro=f"{guideline.source}. Items in our words.",
    )
